#ifndef PROMSHM_STORE_MERGE_DIRECTORY_H_
#define PROMSHM_STORE_MERGE_DIRECTORY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/merge_journal.h"

// What a merge of files keeps in the directory while it is under way:
//
//   .promshm-merge/    until the files are changed, and after that; flocked
//     journal          by whoever is at work
//     final            what journal is called once nothing is undone any more
//     new/             the merged files, complete
//     old/             files that were set aside
//   done/              what new/ is called from the commit on, until its files
//                      are in the directory
//
// While files are changed it is called counter_promshm-merge.db: something that
// prometheus_client's collector takes for a counter's file, and cannot open, so
// that a scrape fails which could come to a wrong sum. man/promshm.5 says how a
// directory is read that was left like that.

namespace promshm::store {

inline constexpr char kMergeName[] = ".promshm-merge";
inline constexpr char kFenceName[] = "counter_promshm-merge.db";
inline constexpr char kMergeJournal[] = "journal";
inline constexpr char kMergeFinal[] = "final";
inline constexpr char kMergeNew[] = "new";
inline constexpr char kMergeOld[] = "old";
inline constexpr char kMergeDone[] = "done";

// The names in a part of a merge; none where that is not there.
Result<std::vector<std::string>> ListPart(int merge_fd, const char* part,
                                          const std::string& path);

// kMergeJournal or kMergeFinal. None where there is none, or not a whole one.
std::optional<MergeJournal> ReadJournal(int merge_fd, const char* name);

// Whether a merge directory is not another user's trap: it is ours, root's, or
// of the owner of the metric directory.
bool IsTrusted(int merge_fd, int directory_fd) noexcept;

// Whether a file that was set aside is not any more what was merged.
bool HaveOldFilesChanged(int merge_fd, const MergeJournal& journal);

// What a merge that is under way, or was left in the middle, means to readers.
struct MergeView {
  // By which name it is there; empty: it is not.
  std::string name;

  // Nobody is at work, and what is there has to be put in order.
  bool is_abandoned = false;

  // To be read as if they were in the directory, by their path from there. Of a
  // merge that is not to be trusted, files of its own user only, here and
  // below.
  std::vector<std::string> added;

  // Names of the directory that are not to be read.
  std::vector<std::string> hidden;

  bool changes_files() const { return !added.empty() || !hidden.empty(); }
};

// Looks at the merge in a directory, of which a lock is held. Fails where it
// may not be looked at: without it the numbers would be wrong.
Result<MergeView> LookAtMerge(const FileDescriptor& directory,
                              const std::string& path);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_MERGE_DIRECTORY_H_
