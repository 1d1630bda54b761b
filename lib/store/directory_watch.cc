#include "store/directory_watch.h"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "store/fork_hook.h"
#include "store/process_generation.h"

namespace promshm::store {
namespace {

constexpr std::uint32_t kChanges =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr std::uint32_t kEnds =
    IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kWatched = kChanges | IN_MODIFY | IN_OPEN |
                                   IN_CLOSE_WRITE | IN_DELETE_SELF |
                                   IN_MOVE_SELF;

// Of file systems that others change without our kernel knowing, none is here.
bool TellsEverything(int fd) {
  struct statfs info;
  if (fstatfs(fd, &info) != 0) return false;
  constexpr std::uint32_t kXfs = 0x58465342;
  constexpr std::uint32_t kZfs = 0x2fc12fc1;
  constexpr std::uint32_t kBcachefs = 0xca451a4e;
  constexpr std::array<std::uint32_t, 10> kLocal = {EXT4_SUPER_MAGIC,
                                                    TMPFS_MAGIC,
                                                    BTRFS_SUPER_MAGIC,
                                                    OVERLAYFS_SUPER_MAGIC,
                                                    F2FS_SUPER_MAGIC,
                                                    RAMFS_MAGIC,
                                                    HUGETLBFS_MAGIC,
                                                    kXfs,
                                                    kZfs,
                                                    kBcachefs};
  return std::find(kLocal.begin(), kLocal.end(),
                   static_cast<std::uint32_t>(info.f_type)) != kLocal.end();
}

DirectoryEvent EventOf(std::uint32_t mask) {
  if ((mask & kChanges) != 0) return DirectoryEvent::kChanged;
  if ((mask & IN_MODIFY) != 0) return DirectoryEvent::kWritten;
  return (mask & IN_OPEN) != 0 ? DirectoryEvent::kOpened
                               : DirectoryEvent::kClosed;
}

// The descriptors of all queues, each plus one, and 0. Children close them: an
// instance that any process has open counts for its user.
std::array<std::atomic<int>, 64> queues;

void CloseQueues() {
  for (std::atomic<int>& queue : queues) {
    const int number = queue.exchange(0);
    if (number > 0) close(number - 1);
  }
}

void Enter(int fd) {
  static const bool is_set_up = (CallInChildren(&CloseQueues), true);
  static_cast<void>(is_set_up);
  for (std::atomic<int>& queue : queues) {
    int nobodys = 0;
    if (queue.compare_exchange_strong(nobodys, fd + 1)) return;
  }
}

void Leave(int fd) {
  for (std::atomic<int>& queue : queues) {
    int entered = fd + 1;
    if (queue.compare_exchange_strong(entered, 0)) return;
  }
}

}  // namespace

bool DirectoryWatch::Start(const FileDescriptor& directory) {
  Stop();
  struct stat info;
  if (!TellsEverything(directory.get()) || fstat(directory.get(), &info) != 0) {
    return false;
  }
  FileDescriptor queue(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!queue.valid()) return false;
  // By the descriptor: the path may lead elsewhere by now.
  const std::string path =
      "/proc/self/fd/" + std::to_string(directory.get()) + "/.";
  if (inotify_add_watch(queue.get(), path.c_str(), kWatched | IN_ONLYDIR) < 0) {
    return false;
  }
  Enter(queue.get());
  queue_ = std::move(queue);
  generation_ = EnterProcess();
  device_ = info.st_dev;
  inode_ = info.st_ino;
  return true;
}

void DirectoryWatch::Stop() {
  // In a child the number may be another file's: it was closed there.
  if (queue_.valid() && !is_running()) queue_.Release();
  if (queue_.valid()) Leave(queue_.get());
  queue_.Close();
}

bool DirectoryWatch::IsOf(const FileDescriptor& directory) const {
  struct stat info;
  return is_running() && fstat(directory.get(), &info) == 0 &&
         info.st_dev == device_ && info.st_ino == inode_;
}

bool DirectoryWatch::Drain(const Visit& visit) {
  if (!is_running()) return false;
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t size = read(queue_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return true;
    if (size <= 0) {
      Stop();
      return false;
    }
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      // Padded with NULs.
      const char* const name = buffer.data() + at + sizeof(event);
      at += sizeof(event) + event.len;
      if ((event.mask & kEnds) != 0) {
        Stop();
        return false;
      }
      if (event.len == 0) continue;
      visit(EventOf(event.mask), {name, strnlen(name, event.len)});
    }
  }
}

bool DirectoryWatch::is_running() const {
  return queue_.valid() && generation_ == EnterProcess();
}

}  // namespace promshm::store
