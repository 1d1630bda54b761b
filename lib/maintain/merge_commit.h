#ifndef PROMSHM_MAINTAIN_MERGE_COMMIT_H_
#define PROMSHM_MAINTAIN_MERGE_COMMIT_H_

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "maintain/old_files.h"
#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/listing_watch.h"
#include "store/merge_workspace.h"

namespace promshm::maintain {

struct NewFile {
  std::string name;
  std::string bytes;
  store::FileOwner owner;
};

// Purpose: puts merged files in the place of those that were merged, so that
// every reader sees the files before or after, or fails.
//
// A writer that comes back waits for our lease. If that is seen before old
// files are removed, everything is undone, and the writer goes on in a file
// that has its name again. So after the last rename there is a pause: whoever
// found the old name before it has come to the lease when it ends. There is
// one, too, between the fence and the renames; and both last until nobody is
// listing the directory who began before: a reader without locks that knows
// some names from before and some from after would not fail.
//
// Lifetime: what is given to it must outlive it. Thread safety: needs external
// locking.
class MergeCommit {
 public:
  // `listings` was started before the files were read; `listing_time` is how
  // long a listing took us.
  MergeCommit(const store::FileDescriptor* directory, std::string path,
              store::ListingWatch* listings,
              std::chrono::microseconds listing_time, std::vector<OldFile>* old,
              std::vector<NewFile> made);

  // Carries it out. Fails when nothing has changed, or when the system refuses
  // what follows the last step: then FinishMerge() has something to do.
  //
  // Gives the names of files whose writers are back, or which are others by
  // now; where there is one, nothing has changed.
  Result<std::vector<std::string>> Run(std::chrono::milliseconds patience);

 private:
  using Names = std::vector<std::string>;

  Status Prepare() const;
  Result<Names> Exchange();
  Result<Names> RenameAll();
  Status UndoAll();
  Status Remove();
  void WaitForListings();

  const store::FileDescriptor& directory_;
  const std::string path_;
  store::ListingWatch& listings_;
  const std::chrono::microseconds pause_;
  std::vector<OldFile>& old_;
  const std::vector<NewFile> made_;
  Names names_made_;
  store::MergeWorkspace* workspace_ = nullptr;
};

// Undoes a commit, if there was one, and what came before it. The directory is
// locked.
Status UndoExchange(store::MergeWorkspace* workspace,
                    const std::vector<std::string>& made);

// Finishes or undoes what a cleaner had begun that was killed. True when there
// was something. Fails as busy where a cleaner is at work.
Result<bool> FinishMergeIn(const store::FileDescriptor& directory,
                           const std::string& path,
                           std::chrono::milliseconds patience);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_MERGE_COMMIT_H_
