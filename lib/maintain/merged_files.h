#ifndef PROMSHM_MAINTAIN_MERGED_FILES_H_
#define PROMSHM_MAINTAIN_MERGED_FILES_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "format/metric_file_name.h"
#include "maintain/fold.h"
#include "promshm/maintain.h"
#include "promshm/status.h"
#include "store/metric_file_reader.h"

namespace promshm::maintain {

// Purpose: a fold for each merged file that files come to: one a type and mode,
// and where that keeps processes apart, a process.
//
// Thread safety: needs external locking.
class MergedFiles {
 public:
  struct File {
    format::MetricFileName name;  // whose identifier need not be the last
    std::string bytes;
    std::size_t entries = 0;
    std::size_t series = 0;
  };

  // Whether AddLiving() will be called has to be known before.
  explicit MergedFiles(bool with_living) : with_living_(with_living) {}

  // Whether a file of this name is of a type that never falls.
  static bool IsCounted(const format::MetricFileName& name) {
    return name.type != FamilyType::kGauge;
  }

  // As Fold::AddLiving().
  void AddLiving(const format::MetricFileName& name,
                 const store::FileContents& contents);

  // As Fold::Add().
  Fold::Added Add(const format::MetricFileName& name,
                  const store::FileContents& contents);

  // Of what was added.
  std::optional<Generation> newest() const;

  // In the order of types and modes; none for what had no entry. Fails as
  // Fold::Finish().
  Result<std::vector<File>> Finish(Generation generation);

 private:
  using Kind = std::tuple<FamilyType, GaugeMode, std::string>;

  Fold& FoldOf(const format::MetricFileName& name,
               const format::Dialect& dialect);

  const bool with_living_;
  std::map<Kind, Fold> folds_;
};

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_MERGED_FILES_H_
