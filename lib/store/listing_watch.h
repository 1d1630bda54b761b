#ifndef PROMSHM_STORE_LISTING_WATCH_H_
#define PROMSHM_STORE_LISTING_WATCH_H_

#include <chrono>
#include <cstddef>

#include "store/file_descriptor.h"

namespace promshm::store {

// Purpose: waits for those who are listing a directory, by counting since
// Start() who opens and closes it. A listing takes several system calls where
// there are many names, and what is renamed between two of them is seen twice,
// or not at all.
//
// The kernel tells of two that come at the same instant as of one, so the count
// is not to be relied on where many list all the time.
//
// Thread safety: needs external locking.
class ListingWatch {
 public:
  // Where the kernel does not tell, nobody is waited for.
  void Start(const FileDescriptor& directory);

  // Takes what was told. To be called often.
  void Drain();

  // Waits for a moment in which nobody has the directory open who opened it
  // since Start(). False when there is none for so long.
  bool WaitUntilUnseen(std::chrono::milliseconds patience);

  // Nobody is known any more.
  void Forget() { open_ = 0; }

 private:
  FileDescriptor queue_;
  std::ptrdiff_t open_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_LISTING_WATCH_H_
