#include "store/file_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

namespace promshm::store {
namespace {

double Seconds(const struct statx_timestamp& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

bool GetFacts(const FileDescriptor& fd, FileFacts* facts) noexcept {
  struct statx info;
  if (statx(fd.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
            &info) != 0) {
    return false;
  }
  constexpr std::uint64_t kBlock = 512;
  facts->is_directory = S_ISDIR(info.stx_mode);
  facts->device = makedev(info.stx_dev_major, info.stx_dev_minor);
  facts->inode = info.stx_ino;
  facts->owner = info.stx_uid;
  facts->group = info.stx_gid;
  facts->permissions = info.stx_mode & 07777;
  facts->size = info.stx_size;
  facts->bytes = info.stx_blocks * kBlock;
  // A file is never younger than the last change of its facts.
  const bool has_birth = (info.stx_mask & STATX_BTIME) != 0;
  facts->born = Seconds(has_birth ? info.stx_btime : info.stx_ctime);
  return true;
}

bool MayEverybodyRemove(const FileFacts& directory) noexcept {
  return (directory.permissions & S_IWOTH) != 0 &&
         (directory.permissions & S_ISVTX) == 0;
}

double Now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

bool MayActFor(uid_t owner) noexcept {
  return geteuid() == 0 || geteuid() == owner;
}

}  // namespace promshm::store
