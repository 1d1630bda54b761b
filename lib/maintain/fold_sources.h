#ifndef PROMSHM_MAINTAIN_FOLD_SOURCES_H_
#define PROMSHM_MAINTAIN_FOLD_SOURCES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/metric_file_name.h"
#include "maintain/fold.h"
#include "maintain/merged_files.h"
#include "maintain/old_files.h"
#include "promshm/issue.h"
#include "promshm/maintain.h"
#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/metric_file_reader.h"

namespace promshm::maintain {

// What there is one merged file of.
using MergedKind = std::pair<FamilyType, GaugeMode>;

inline MergedKind MergedKindOf(const format::MetricFileName& name) {
  return {name.type, name.mode};
}

// Purpose: reads the files of a step of a plan that are to be folded, and what
// has to be known of the others.
//
// Lifetime: what is given to it must outlive it. Thread safety: needs external
// locking.
class FoldSources {
 public:
  // `directory` need not be open yet. A rehearsal has no file open for longer
  // than it takes to read it.
  FoldSources(const CleaningPlan* plan, const store::FileDescriptor* directory,
              bool is_rehearsal, std::vector<Issue>* issues)
      : plan_(*plan),
        directory_(*directory),
        is_rehearsal_(is_rehearsal),
        issues_(*issues) {}

  // Reads the tasks' files, and the merged files that there are of their kinds,
  // in the order of their names; drops tasks whose files are not to be had.
  Status Read(std::vector<Task>* tasks, std::vector<OldFile>* old,
              MergedFiles* merged);

  // Of the merged files that were there of a kind; 0: none.
  std::uint64_t HighestNumber(const MergedKind& kind) const {
    const auto found = highest_.find(kind);
    return found == highest_.end() ? 0 : found->second;
  }

  // How long it took to list the directory.
  std::chrono::microseconds listing_time() const { return listing_time_; }

  // What the clients that write here can read; none where they are too old,
  // which is an issue.
  std::optional<Generation> GenerationFor(const MergedFiles& merged);

 private:
  Status ReadPart(std::vector<OldFile>* files, MergedFiles* merged);
  Status AddMerged(std::vector<Task>* tasks);
  void AddLivingUpTo(const std::string* name, MergedFiles* merged);
  bool Add(const store::FileContents& contents, OldFile* file,
           MergedFiles* merged);
  Generation NewestOfAll();

  std::string PathOf(const std::string& name) const {
    return plan_.directory + '/' + name;
  }

  const CleaningPlan& plan_;
  const store::FileDescriptor& directory_;
  const bool is_rehearsal_;
  std::vector<Issue>& issues_;
  store::MetricFileReader reader_;
  std::map<MergedKind, std::uint64_t> highest_;  // number of a merged file
  std::vector<std::string> living_;  // that readers add up with what is made
  std::size_t next_living_ = 0;
  std::chrono::microseconds listing_time_{0};
  std::optional<Generation> newest_of_all_;
  bool is_refused_ = false;
};

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_FOLD_SOURCES_H_
