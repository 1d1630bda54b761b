#include "store/listing_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

namespace promshm::store {

void ListingWatch::Start(const FileDescriptor& directory) {
  FileDescriptor queue(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  // What is read tells those apart who come shortly after each other.
  const std::string path =
      "/proc/self/fd/" + std::to_string(directory.get()) + "/.";
  if (!queue.valid() ||
      inotify_add_watch(queue.get(), path.c_str(),
                        IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE | IN_ONLYDIR) <
          0) {
    return;
  }
  queue_ = std::move(queue);
  open_ = 0;
}

bool ListingWatch::WaitUntilUnseen(std::chrono::milliseconds patience) {
  constexpr std::chrono::microseconds kPause(200);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (Drain(); open_ > 0; Drain()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

void ListingWatch::Drain() {
  if (!queue_.valid()) return;
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t size = read(queue_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      at += sizeof(event) + event.len;
      // Whoever was counted is not known any more, and done long before so much
      // else has happened.
      if ((event.mask & IN_Q_OVERFLOW) != 0) open_ = 0;
      // What has a name is about something in the directory.
      if (event.len != 0 || (event.mask & IN_ISDIR) == 0) continue;
      if ((event.mask & IN_OPEN) != 0) ++open_;
      // Of one who came before us it is the first that we hear.
      if ((event.mask & IN_CLOSE_NOWRITE) != 0) {
        open_ = std::max<std::ptrdiff_t>(0, open_ - 1);
      }
    }
  }
}

}  // namespace promshm::store
