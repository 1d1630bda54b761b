#include "store/metric_file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "format/layout.h"
#include "store/system_error.h"

namespace promshm::store {
namespace {

// Above this size it is worth a system call to ask which bytes are really
// there, before memory is reserved for what a broken header claims.
constexpr std::uint64_t kTrustedSize = 1 << 20;

const char* FileTypeName(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISFIFO(mode)) return "a fifo";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Issue NotRegular(const std::string& path, mode_t mode) {
  return {IssueKind::kNotRegularFile, path, std::nullopt,
          std::string("not a regular file: ") + FileTypeName(mode)};
}

Issue Unreadable(const std::string& path, const char* what, int error) {
  return {IssueKind::kUnreadable, path, std::nullopt,
          std::string(what) + ": " + SystemReason(error)};
}

Issue Damaged(const std::string& path, std::string reason) {
  return {IssueKind::kDamaged, path, 0, "damaged: " + std::move(reason)};
}

// Why `name` could not be opened.
Issue OpenIssue(int directory_fd, const std::string& name,
                const std::string& path, int error) {
  struct stat info;
  if (error == ENOENT) {
    return {IssueKind::kVanished, path, std::nullopt,
            "vanished: " + SystemReason(error)};
  }
  if (fstatat(directory_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
      !S_ISREG(info.st_mode)) {
    return NotRegular(path, info.st_mode);
  }
  return Unreadable(path, "cannot open", error);
}

// Reads up to `size` bytes at `offset`; fewer at the end of the file, -1 on
// an error.
ssize_t ReadAt(int fd, char* out, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        pread(fd, out + done, size - done, static_cast<off_t>(offset + done));
    if (count == 0) break;
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return static_cast<ssize_t>(done);
}

// How many of the first `wanted` bytes the file can hold. Entries are never
// all zero, so a hole in front of `wanted` is where they end.
std::uint64_t ReadableSize(int fd, std::uint64_t wanted) {
  if (wanted <= kTrustedSize) return wanted;
  struct stat info;
  if (fstat(fd, &info) != 0) return 0;
  const std::uint64_t size =
      std::min(wanted, static_cast<std::uint64_t>(info.st_size));
  const off_t hole = lseek(fd, 0, SEEK_HOLE);
  return hole < 0 ? size : std::min(size, static_cast<std::uint64_t>(hole));
}

}  // namespace

Result<OpenedFile> OpenMetricFile(int directory_fd, const std::string& name,
                                  const std::string& path) {
  OpenedFile opened;
  do {
    opened.fd = FileDescriptor(
        openat(directory_fd, name.c_str(),
               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  } while (!opened.fd.valid() && errno == EINTR);
  if (!opened.fd.valid()) {
    const int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOMEM) {
      return SystemStatus(path, "cannot open", error);
    }
    opened.issue = OpenIssue(directory_fd, name, path, error);
    return opened;
  }
  struct stat info;
  if (fstat(opened.fd.get(), &info) != 0) {
    opened.issue = Unreadable(path, "cannot stat", errno);
    opened.fd.Close();
  } else if (!S_ISREG(info.st_mode)) {
    opened.issue = NotRegular(path, info.st_mode);
    opened.fd.Close();
  }
  return opened;
}

FileContents MetricFileReader::Read(const FileDescriptor& fd,
                                    const std::string& path) {
  FileContents contents;
  std::array<char, format::kDiskHeaderSize> header{};
  const ssize_t header_size = ReadAt(fd.get(), header.data(), header.size(), 0);
  if (header_size < 0) {
    contents.issue = Unreadable(path, "cannot read", errno);
    return contents;
  }
  if (header_size == 0) {
    contents.issue = Damaged(path, "the file is empty");
    return contents;
  }
  if (static_cast<std::size_t>(header_size) < header.size()) {
    contents.issue = Damaged(path, "the file is shorter than its header: " +
                                       std::to_string(header_size) + " bytes");
    return contents;
  }
  std::int32_t used = 0;
  static_assert(sizeof(used) == format::kDiskUsedSize);
  std::memcpy(&used, header.data(), sizeof(used));
  if (used < 0) {
    contents.issue = Damaged(path, "used is " + std::to_string(used));
    return contents;
  }
  contents.used = static_cast<std::uint64_t>(used);
  const std::uint64_t size = ReadableSize(fd.get(), contents.used);
  if (capacity_ < size) {
    const std::size_t more = std::max<std::size_t>(size, 2 * capacity_);
    buffer_ = std::make_unique_for_overwrite<char[]>(more);
    capacity_ = more;
  }
  const ssize_t count = ReadAt(fd.get(), buffer_.get(), size, 0);
  if (count < 0) {
    contents.issue = Unreadable(path, "cannot read", errno);
    return contents;
  }
  contents.bytes = {buffer_.get(), static_cast<std::size_t>(count)};
  return contents;
}

}  // namespace promshm::store
