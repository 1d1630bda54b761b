#include "store/open_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace promshm::store {

std::size_t OpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<std::size_t>(limit.rlim_cur);
}

void ExpectDescriptors(const FileDescriptor& any, std::size_t number) {
  const std::size_t highest = static_cast<std::size_t>(any.get()) + number;
  if (highest >= OpenFileLimit()) return;
  const FileDescriptor last(
      fcntl(any.get(), F_DUPFD_CLOEXEC, static_cast<int>(highest)));
}

bool HasOneName(const FileDescriptor& fd) {
  struct stat info;
  return fstat(fd.get(), &info) == 0 && info.st_nlink == 1;
}

bool IsOnOverlay(const FileDescriptor& fd) {
  struct statfs info;
  return fstatfs(fd.get(), &info) == 0 && info.f_type == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace promshm::store
