#include "store/open_file.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace promshm::store {

bool HasOneName(const FileDescriptor& fd) {
  struct stat info;
  return fstat(fd.get(), &info) == 0 && info.st_nlink == 1;
}

bool IsOnOverlay(const FileDescriptor& fd) {
  struct statfs info;
  return fstatfs(fd.get(), &info) == 0 && info.f_type == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace promshm::store
