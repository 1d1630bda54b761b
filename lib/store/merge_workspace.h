#ifndef PROMSHM_STORE_MERGE_WORKSPACE_H_
#define PROMSHM_STORE_MERGE_WORKSPACE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/merge_directory.h"
#include "store/merge_journal.h"
#include "store/merge_place.h"

namespace promshm::store {

// Whose a new file is, and who may do what with it.
struct FileOwner {
  uid_t user = 0;
  gid_t group = 0;
  mode_t permissions = 0;
};

// Purpose: the directory of a merge (store/merge_directory.h), and the steps by
// which files are taken away and others put in their place. It is there once in
// a metric directory, and locked as long as the object lives: so it also keeps
// cleaners from each other.
//
// The steps, in order; each is done or not, whatever kills us:
//
//   WriteNew, WriteJournal   nothing has changed yet
//   Raise                    the fence is up
//   SetAside                 for every old file; the directory being locked
//   Commit                   from here on new files count, and old ones do not
//   Place                    for every new file
//   Drop                     the fence is gone
//   Seal                     from here on nothing is undone
//   RemoveOld                for every old file
//   Discard                  the workspace is gone
//
// Undone by TakeOut for every new file, Withdraw, and PutBack for every old
// one. What has to be on the disk before the next step is made so where that
// step begins.
//
// Lifetime: `directory` must outlive it. Thread safety: needs external locking.
class MergeWorkspace {
 public:
  // As OpenMergePlace(): a new one, or what somebody left who died.
  static Result<MergeWorkspace> Open(const FileDescriptor* directory,
                                     const std::string& path,
                                     std::chrono::milliseconds patience);

  // As FindMergePlace(): not valid where it is not there.
  static Result<MergeWorkspace> Find(const FileDescriptor* directory,
                                     const std::string& path,
                                     std::chrono::milliseconds patience);

  bool valid() const { return place_.fd.valid(); }
  bool is_raised() const { return place_.is_raised; }
  bool is_committed() const;
  int fd() const { return place_.fd.get(); }

  // The names of files in a part of it.
  Result<std::vector<std::string>> List(const char* part) const;

  Status WriteNew(const std::string& name, std::string_view bytes,
                  const FileOwner& owner) const;
  Status WriteJournal(const MergeJournal& journal) const;

  Status Raise();
  // Not found where the name has become another file's.
  Status SetAside(const std::string& name, std::uint64_t inode) const;
  Status Commit() const;
  Status Place(const std::string& name) const;
  Status Drop();
  Status Seal() const;

  // A damaged file is kept, as NAME.damaged.
  Status RemoveOld(const std::string& name, bool is_damaged) const;

  // Removes what is left of the workspace; old files must be gone. To be called
  // once.
  Status Discard();

  // To another name where its own is taken by now.
  Status PutBack(const std::string& name) const;
  Status Withdraw() const;
  Status TakeOut(const std::string& name) const;

 private:
  MergeWorkspace(const FileDescriptor* directory, std::string path,
                 MergePlace place)
      : directory_(directory),
        path_(std::move(path)),
        place_(std::move(place)) {}

  Status SyncParts() const;
  Status Sync(int fd) const;
  Status Rename(int fd, const char* from, const char* to) const;
  Status Move(const char* from_part, const char* to_part,
              const std::string& name) const;
  std::string Inside(const std::string& name) const;
  Status Done(int error, const std::string& name, const char* what) const;
  Status Failed(const std::string& name, const char* what) const;

  const FileDescriptor* directory_;
  std::string path_;
  MergePlace place_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_MERGE_WORKSPACE_H_
