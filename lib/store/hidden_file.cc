#include "store/hidden_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "format/layout.h"

namespace promshm::store {
namespace {

constexpr mode_t kMode = 0666;  // less the umask, as Python's open()

}  // namespace

FileNameText UniqueHiddenName(std::string_view suffix) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  FileNameText name;
  name.Append(".promshm-")
      .Append(static_cast<std::uint64_t>(getpid()))
      .Append("-")
      .Append(static_cast<std::uint64_t>(now.tv_sec))
      .Append("-")
      .Append(static_cast<std::uint64_t>(now.tv_nsec))
      .Append(suffix);
  return name;
}

HiddenFile::~HiddenFile() {
  if (!name_.empty()) unlinkat(directory_fd_, name_.c_str(), 0);
}

WriteFailure HiddenFile::Create(std::uint32_t used,
                                std::string_view entries) noexcept {
  const FileNameText name = UniqueHiddenName(".new");
  fd_ = FileDescriptor(openat(directory_fd_, name.c_str(),
                              O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  if (!fd_.valid()) return {"cannot create", errno};
  name_ = name;
  LockFile(fd_.get());
  WriteFailure failure = ReserveBlocks(fd_.get(), 0, WholePages(used));
  if (failure.failed()) return failure;
  failure = WriteAt(fd_.get(), entries, format::kDiskHeaderSize);
  return failure.failed() ? failure : WriteUsed(fd_.get(), used);
}

WriteFailure HiddenFile::PublishAs(const FileNameText& name) noexcept {
  int status = renameat2(directory_fd_, name_.c_str(), directory_fd_,
                         name.c_str(), RENAME_NOREPLACE);
  if (status != 0 && (errno == EINVAL || errno == ENOSYS)) {
    // A file system that cannot promise as much. The name we came from goes
    // with the object.
    if (linkat(directory_fd_, name_.c_str(), directory_fd_, name.c_str(), 0) ==
        0) {
      return {};
    }
  }
  if (status != 0) return {"cannot create", errno};
  name_.Clear();
  return {};
}

WriteFailure HiddenFile::Replace(const FileNameText& name) noexcept {
  if (renameat(directory_fd_, name_.c_str(), directory_fd_, name.c_str()) !=
      0) {
    return {"cannot replace", errno};
  }
  name_.Clear();
  return {};
}

bool LockFile(int fd) noexcept {
  return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool IsFileLocked(int fd) noexcept {
  if (flock(fd, LOCK_SH | LOCK_NB) != 0) return errno == EWOULDBLOCK;
  flock(fd, LOCK_UN);
  return false;
}

WriteFailure WriteAt(int fd, std::string_view bytes, off_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {"cannot write", count < 0 ? errno : EIO};
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += count;
  }
  return {};
}

WriteFailure WriteUsed(int fd, std::uint32_t used) noexcept {
  return WriteAt(fd, {reinterpret_cast<const char*>(&used), sizeof(used)}, 0);
}

WriteFailure ReserveBlocks(int fd, std::uint64_t from,
                           std::uint64_t to) noexcept {
  // A file that grows beyond the limit makes the kernel not only refuse, but
  // send SIGXFSZ.
  rlimit limit{};
  struct stat info;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < to &&
      fstat(fd, &info) == 0 && static_cast<std::uint64_t>(info.st_size) < to) {
    return {"cannot reserve space", EFBIG};
  }
  const int error = posix_fallocate(fd, static_cast<off_t>(from),
                                    static_cast<off_t>(to - from));
  if (error != 0) return {"cannot reserve space", error};
  return {};
}

std::uint64_t WholePages(std::uint64_t size) noexcept {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace promshm::store
