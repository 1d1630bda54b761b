#ifndef PROMSHM_MAINTAIN_HELD_FILES_H_
#define PROMSHM_MAINTAIN_HELD_FILES_H_

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "store/file_descriptor.h"

namespace promshm::maintain {

// Purpose: files that a plan has looked at and left open, so that they need not
// be opened again. No lease is held on them.
//
// Thread safety: safe.
class HeldFiles {
 public:
  void Hold(std::string name, store::FileDescriptor fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_.insert_or_assign(std::move(name), std::move(fd));
  }

  // Invalid where it is not held, any more.
  store::FileDescriptor Take(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) return {};
    return std::move(found->second);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, store::FileDescriptor> files_;
};

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_HELD_FILES_H_
