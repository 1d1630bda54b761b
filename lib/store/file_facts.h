#ifndef PROMSHM_STORE_FILE_FACTS_H_
#define PROMSHM_STORE_FILE_FACTS_H_

#include <sys/types.h>

#include <cstdint>

#include "store/file_descriptor.h"

namespace promshm::store {

// What the system knows of an open file. Times are Unix seconds.
struct FileFacts {
  bool is_directory = false;
  dev_t device = 0;
  std::uint64_t inode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  mode_t permissions = 0;  // the lower twelve bits
  std::uint64_t size = 0;
  std::uint64_t bytes = 0;  // that it takes on the disk
  double born = 0;          // where that is not kept: the last change of facts
};

// False, with errno, where the system does not say.
bool GetFacts(const FileDescriptor& fd, FileFacts* facts) noexcept;

// Whether any user may remove any file of a directory.
bool MayEverybodyRemove(const FileFacts& directory) noexcept;

// Unix seconds.
double Now() noexcept;

// Whether a process of this user may dispose of a file of that owner.
bool MayActFor(uid_t owner) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FILE_FACTS_H_
