#include "store/locked_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "store/directory_listing.h"
#include "store/system_error.h"

namespace promshm::store {

Result<LockedDirectory> LockedDirectory::Open(const std::string& path) {
  Result<FileDescriptor> fd = OpenAndLock(path, LockMode::kExclusive);
  if (!fd.ok()) return fd.status();
  return LockedDirectory(path, *std::move(fd));
}

Result<std::vector<std::string>> LockedDirectory::List() const {
  return ListMetricFiles(fd_, path_);
}

Writers LockedDirectory::WritersOf(const std::string& name) const {
  const FileDescriptor file(
      openat(fd_.get(), name.c_str(),
             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  return file.valid() ? ProbeWriters(file.get()) : Writers::kUnknown;
}

Status LockedDirectory::Remove(const std::string& name) const {
  if (unlinkat(fd_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return SystemStatus(path_ + '/' + name, "cannot remove", errno);
}

}  // namespace promshm::store
