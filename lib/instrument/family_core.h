#ifndef PROMSHM_INSTRUMENT_FAMILY_CORE_H_
#define PROMSHM_INSTRUMENT_FAMILY_CORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "instrument/entries.h"
#include "instrument/process_files.h"
#include "promshm/builder.h"
#include "promshm/labels.h"
#include "promshm/snapshot.h"

namespace promshm::instrument {

enum class InstrumentKind : std::uint8_t {
  kCounter,
  kGauge,
  kHistogram,
  kSummary,
  kInfo
};

// Purpose: what a family is called, what names that takes, and how its label
// sets become entries.
//
// Lifetime: `files` must outlive the object. Thread safety: all methods are
// const.
class FamilyCore {
 public:
  // Throws std::invalid_argument as Builder::Register does.
  FamilyCore(InstrumentKind kind, FamilyDescription description,
             ProcessFiles* files);

  const FamilyDescription& description() const { return description_; }
  ProcessFiles* files() const { return files_; }

  // Whether the two are one family: same kind, names, mode and labels.
  bool IsSame(const FamilyCore& other) const;

  // A name that both take, or null.
  const std::string* FindClash(const FamilyCore& other) const;

  // The entries of a label set; of a histogram with these bounds. Throws
  // std::invalid_argument as Family::Add does.
  std::unique_ptr<Entries> MakeEntries(const Labels& labels,
                                       const std::vector<double>& bounds) const;

 private:
  void CheckLabelName(const std::string& name) const;
  std::vector<std::string> Keys(const Labels& labels,
                                const std::vector<double>& bounds) const;

  InstrumentKind kind_;
  FamilyDescription description_;
  ProcessFiles* files_;
  std::string family_;              // as keys and an exposition call it
  std::vector<std::string> names_;  // the samples', then the family's
};

// The bounds as a histogram keeps them, without +Inf at the end. Throws
// std::invalid_argument when they are not rising numbers.
std::vector<double> CheckBounds(std::vector<double> bounds);

}  // namespace promshm::instrument

#endif  // PROMSHM_INSTRUMENT_FAMILY_CORE_H_
