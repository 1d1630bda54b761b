#include "store/rename.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "format/metric_file_name.h"

namespace promshm::store {
namespace {

// How many names are tried for a file whose own is taken.
constexpr int kMostNames = 1000;

std::string NumberedName(const std::string& name, int number) {
  auto parsed = format::MetricFileName::Parse(name);
  if (!parsed) return name + '-' + std::to_string(number);
  parsed->identifier += '-' + std::to_string(number);
  return parsed->ToString();
}

}  // namespace

int RenameNew(int from_fd, const std::string& from, int to_fd,
              const std::string& to) noexcept {
  if (renameat2(from_fd, from.c_str(), to_fd, to.c_str(), RENAME_NOREPLACE) ==
      0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system that cannot promise as much; cleaners are kept from each
  // other, and of others one name has to be hit in this moment.
  struct stat info;
  if (fstatat(to_fd, to.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    return EEXIST;
  }
  return renameat(from_fd, from.c_str(), to_fd, to.c_str()) == 0 ? 0 : errno;
}

int RenameBack(int from_fd, const std::string& from, int to_fd,
               const std::string& name) {
  int error = RenameNew(from_fd, from, to_fd, name);
  for (int number = 2; error == EEXIST && number < kMostNames; ++number) {
    error = RenameNew(from_fd, from, to_fd, NumberedName(name, number));
  }
  return error;
}

bool IsNameOf(int directory_fd, const std::string& name,
              std::uint64_t inode) noexcept {
  struct stat info;
  return fstatat(directory_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         info.st_ino == inode;
}

}  // namespace promshm::store
