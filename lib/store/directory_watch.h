#ifndef PROMSHM_STORE_DIRECTORY_WATCH_H_
#define PROMSHM_STORE_DIRECTORY_WATCH_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string_view>

#include "store/file_descriptor.h"

namespace promshm::store {

// What happened to a file in a watched directory.
enum class DirectoryEvent {
  kChanged,  // made, moved, deleted, or given other rights
  kWritten,  // other than through a mapping, or cut, or made larger
  kOpened,   // by anybody, be it for reading
  kClosed,   // by somebody who could write
};

// Purpose: tells what happens to the files of a directory, by inotify. Stores
// through a mapping are told by nobody.
//
// Start() says no where the kernel does not tell everything: on network file
// systems, and where the user's watches are used up.
//
// Every event is there for Drain() when the call that caused it returns, also
// in another process. Opening a file makes an event of its own: drain after
// opening it, and what was opened by then is told; what others open afterwards
// will be.
//
// Lifetime: of no use in a forked child, where it is not running. Thread
// safety: needs external locking.
class DirectoryWatch {
 public:
  // `name` is valid during the call only.
  using Visit =
      std::function<void(DirectoryEvent event, std::string_view name)>;

  DirectoryWatch() = default;
  ~DirectoryWatch() { Stop(); }

  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  // Watches an open directory from now on.
  bool Start(const FileDescriptor& directory);
  void Stop();

  // Whether it watches this very directory.
  bool IsOf(const FileDescriptor& directory) const;

  // Takes what was told since. False when something was lost, or the directory
  // is gone: it is not running then.
  bool Drain(const Visit& visit);

 private:
  bool is_running() const;

  FileDescriptor queue_;
  std::uint32_t generation_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_DIRECTORY_WATCH_H_
