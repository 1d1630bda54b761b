#include "tests/support/directory_hold.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace promshm::testing {
namespace {

void Require(bool condition, const std::string& what) {
  if (!condition) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

}  // namespace

DirectoryHold::DirectoryHold(const std::string& path)
    : lock_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      queue_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  Require(lock_.valid() && flock(lock_.get(), LOCK_EX) == 0, path);
  // The same event twice in a row would be told once, so closing is told, too.
  Require(inotify_add_watch(queue_.get(), path.c_str(),
                            IN_OPEN | IN_CLOSE_NOWRITE | IN_ONLYDIR) >= 0,
          path);
}

void DirectoryHold::WaitForReader() {
  constexpr int kMinute = 60'000;
  while (CountReaders() == 0) {
    pollfd queue{queue_.get(), POLLIN, 0};
    Require(poll(&queue, 1, kMinute) == 1, "no reader has come");
  }
}

std::size_t DirectoryHold::CountReaders() {
  Drain();
  return readers_;
}

void DirectoryHold::Drain() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = read(queue_.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      at += sizeof(event) + event.len;
      // Without a name it is the directory itself.
      if (event.len == 0 && (event.mask & IN_OPEN) != 0) ++readers_;
    }
  }
}

}  // namespace promshm::testing
