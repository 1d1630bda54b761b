#ifndef PROMSHM_STORE_LOCKED_DIRECTORY_H_
#define PROMSHM_STORE_LOCKED_DIRECTORY_H_

#include <string>
#include <utility>
#include <vector>

#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/writer_probe.h"

namespace promshm::store {

// Purpose: a directory that nobody who keeps to the lock lists or changes
// meanwhile: for those who take files away.
//
// Thread safety: const methods may be called from several threads.
class LockedDirectory {
 public:
  // Fails when the path is no directory that can be read, or when others hold
  // its lock for two seconds.
  static Result<LockedDirectory> Open(const std::string& path);

  // The names of its metric files, in their order.
  Result<std::vector<std::string>> List() const;

  // Who has a file open for writing; unknown for what cannot be opened.
  Writers WritersOf(const std::string& name) const;

  // Success where there is none any more.
  Status Remove(const std::string& name) const;

 private:
  LockedDirectory(std::string path, FileDescriptor fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  FileDescriptor fd_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_LOCKED_DIRECTORY_H_
