#ifndef PROMSHM_STORE_LISTING_WATCH_H_
#define PROMSHM_STORE_LISTING_WATCH_H_

#include <chrono>
#include <cstddef>

#include "store/file_descriptor.h"

namespace promshm::store {

// Purpose: tells whether somebody may be listing a directory, by counting since
// Start() who opens and closes it. A listing takes several system calls where
// there are many names, and what is renamed between two of them is seen twice,
// or not at all.
//
// Thread safety: needs external locking.
class ListingWatch {
 public:
  // False where the kernel does not tell; then nobody is ever waited for.
  bool Start(const FileDescriptor& directory);

  // Waits for a moment in which nobody has the directory open who opened it
  // since Start(). False when there is none for so long.
  bool WaitUntilUnseen(std::chrono::milliseconds patience);

 private:
  void Drain();

  FileDescriptor queue_;
  std::ptrdiff_t open_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_LISTING_WATCH_H_
