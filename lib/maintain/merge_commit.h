#ifndef PROMSHM_MAINTAIN_MERGE_COMMIT_H_
#define PROMSHM_MAINTAIN_MERGE_COMMIT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/file_facts.h"
#include "store/merge_workspace.h"
#include "store/writer_probe.h"

namespace promshm::maintain {

// A file that is to go, opened for reading. Where `writers` is kNone we have a
// lease on it, and who wants to write to it waits.
struct OldFile {
  std::string name;
  store::FileDescriptor fd;
  store::FileFacts facts;
  store::Writers writers = store::Writers::kUnknown;
  bool is_merged = false;         // its values live on in a new file
  bool is_damaged = false;        // and is kept, therefore, by another name
  std::uint64_t fingerprint = 0;  // of what was merged
  std::size_t entries = 0;        // that were merged
};

struct NewFile {
  std::string name;
  std::string bytes;
  store::FileOwner owner;
};

// Purpose: takes files away and puts others in their place, so that every
// reader sees the files before or after, or fails.
//
// A writer that comes back waits for our lease. If that is seen before old
// files are removed, everything is undone, and the writer goes on in a file
// that has its name again. So after the last rename there is a pause: whoever
// found the old name before it has come to the lease when it ends. There are
// pauses, too, between the fence and the renames: a reader without locks, which
// may have listed the directory just before, has its list by then.
//
// Thread safety: needs external locking.
class MergeCommit {
 public:
  // The files of `old` must outlive it.
  MergeCommit(const store::FileDescriptor* directory, std::string path,
              std::vector<OldFile>* old, std::vector<NewFile> made);

  // Carries it out. Fails when nothing has changed, or when the system refuses
  // what follows the last step: then FinishMerge() has something to do.
  //
  // Gives the names of files whose writers are back, or which are others by
  // now; where there is one, nothing has changed.
  Result<std::vector<std::string>> Run(std::chrono::milliseconds patience);

 private:
  using Names = std::vector<std::string>;

  Status Prepare(store::MergeWorkspace* workspace) const;
  Result<Names> Exchange(store::MergeWorkspace* workspace);
  Result<Names> RenameAll(store::MergeWorkspace* workspace);
  Result<Names> Lock();
  Status Remove(store::MergeWorkspace* workspace) const;
  Names Lost(bool thoroughly) const;
  void Pause() const;

  const store::FileDescriptor& directory_;
  const std::string path_;
  std::vector<OldFile>& old_;
  const std::vector<NewFile> made_;
  std::chrono::microseconds pause_{0};
};

// Undoes everything from the commit on, and before it. The directory is locked.
Status Undo(store::MergeWorkspace* workspace,
            const std::vector<std::string>& made);

// Finishes or undoes what a cleaner had begun that was killed. True when there
// was something. Fails as busy where a cleaner is at work.
Result<bool> FinishMergeIn(const store::FileDescriptor& directory,
                           const std::string& path,
                           std::chrono::milliseconds patience);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_MERGE_COMMIT_H_
