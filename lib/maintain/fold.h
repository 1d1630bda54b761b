#ifndef PROMSHM_MAINTAIN_FOLD_H_
#define PROMSHM_MAINTAIN_FOLD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collect/cell_sums.h"
#include "collect/entry_finder.h"
#include "collect/series_index.h"
#include "format/dialect.h"
#include "format/metric_file_name.h"
#include "format/metric_key.h"
#include "promshm/status.h"
#include "store/metric_file_reader.h"

namespace promshm::maintain {

// The clients that write a file and can read it, from the oldest. Files of the
// first two are read by no Python client of today.
enum class Generation {
  kArrays,            // prometheus_client 0.0.16 to 0.3
  kRuby,              // prometheus-client-mmap
  kWithoutHelp,       // 0.4 to 0.14
  kWithoutTimestamp,  // 0.15 to 0.17
  kCurrent,           // from 0.18 on
};

// Of what begins a file; none where there is no entry.
std::optional<Generation> GenerationOf(const store::FileContents& contents,
                                       bool needs_timestamps);

// Purpose: merges the files of one type, one mode and, where the mode keeps
// processes apart, one identifier, into one file from which every reader gets
// the same as from all of them.
//
// Thread safety: needs external locking.
class Fold {
 public:
  // `target` is the merged file's name. Whether AddLiving() will be called has
  // to be known before.
  Fold(format::MetricFileName target, bool with_living);

  Fold(const Fold&) = delete;
  Fold& operator=(const Fold&) = delete;

  struct Added {
    std::size_t entries = 0;
    bool is_whole = true;  // false: what follows damage, or a bucket without
                           // a bound, means nothing
  };

  // Adds a file's entries, in the order of the files' names.
  Added Add(const store::FileContents& contents,
            const format::Dialect& dialect);

  // A file that readers add up with the merged one; in that order, too. Only of
  // what is never to fall: a sum of fractions depends on the order in the last
  // digits, and a counter that falls by one is taken for one that began anew.
  // So the merged values are made such that readers of promshm, who add up in
  // the order of names, come to no less than before.
  void AddLiving(const store::FileContents& contents,
                 const format::Dialect& dialect, bool comes_before_merged);

  const format::MetricFileName& target() const { return target_; }

  // Of what was added.
  std::optional<Generation> newest() const { return newest_; }

  // Label sets.
  std::size_t series() const;

  // The file's bytes, and how many entries they are. Not of the first two
  // generations. Fails when they are too many for a file.
  struct File {
    std::string bytes;
    std::size_t entries = 0;
  };
  Result<File> Finish(Generation generation);

 private:
  using Values = std::vector<double>;

  struct Living {
    collect::EntryList entries;
    collect::KeptValues values;
    bool comes_before_merged;
  };

  collect::FoundEntries Find(const store::FileContents& contents,
                             const format::Dialect& dialect);
  std::vector<bool> CellsAdded() const;
  void LetNothingFall(Values* merged) const;
  Values ReadersSums(const Values& merged) const;

  std::string KeyText(std::uint32_t key, bool with_help) const;
  std::string Respell(std::uint32_t key, Result<format::MetricKey> parsed,
                      bool with_help) const;
  void LearnHelps();
  std::string LastBucket(std::uint32_t cell, bool with_help) const;

  const format::MetricFileName target_;
  collect::SeriesIndex index_;
  collect::EntryFinder finder_;
  collect::CellSums sums_;
  std::set<collect::SharedNumbers> keys_;  // of what was added
  const bool with_living_;
  collect::CellSums all_;  // with the living
  std::vector<Living> living_;
  std::vector<std::uint32_t> helps_;  // of groups; kNoHelp: none has one
  std::optional<Generation> newest_;
};

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_FOLD_H_
