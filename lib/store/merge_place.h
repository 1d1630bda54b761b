#ifndef PROMSHM_STORE_MERGE_PLACE_H_
#define PROMSHM_STORE_MERGE_PLACE_H_

#include <sys/types.h>

#include <chrono>
#include <string>

#include "promshm/status.h"
#include "store/file_descriptor.h"

namespace promshm::store {

// Purpose: the directory of a merge (store/merge_directory.h), found or made,
// and locked: it is there once in a metric directory, so it keeps cleaners from
// each other. Not valid: it is not there.
//
// Thread safety: needs external locking.
struct MergePlace {
  MergePlace() = default;
  ~MergePlace() { Unlock(); }
  MergePlace(MergePlace&& other) = default;
  MergePlace& operator=(MergePlace&& other) = delete;

  // For children, too, that were forked meanwhile.
  void Unlock();

  FileDescriptor fd;
  FileDescriptor old;  // the part where old files are
  bool is_raised = false;
};

// Finds it, and waits so long for another cleaner, then fails as busy. Fails
// where another user has left one who is not to be trusted.
Result<MergePlace> FindMergePlace(const FileDescriptor& directory,
                                  const std::string& path,
                                  std::chrono::milliseconds patience);

// As FindMergePlace(), and makes it where it is not there: complete and locked
// when others see it.
Result<MergePlace> OpenMergePlace(const FileDescriptor& directory,
                                  const std::string& path,
                                  std::chrono::milliseconds patience);

// Removes one that its maker was killed over before anybody saw it.
Status RemoveUnseenPlace(const FileDescriptor& directory,
                         const std::string& path, const std::string& name);

// Gives something of a merge to the owner of the metric directory, with these
// of the directory's rights: whoever may read that has to see what the merge
// means, and its owner may have to finish it. Nobody else may put anything
// there.
Status GiveToOwner(const FileDescriptor& directory, const std::string& path,
                   int fd, mode_t permissions);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_MERGE_PLACE_H_
