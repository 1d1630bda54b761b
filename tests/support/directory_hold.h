#ifndef PROMSHM_TESTS_SUPPORT_DIRECTORY_HOLD_H_
#define PROMSHM_TESTS_SUPPORT_DIRECTORY_HOLD_H_

#include <cstddef>
#include <string>

#include "store/file_descriptor.h"

namespace promshm::testing {

// Purpose: keeps who reads a metric directory waiting at its lock, as a cleaner
// does, and tells who has come so far. Readers give up after two seconds.
//
// Thread safety: needs external locking.
class DirectoryHold {
 public:
  // Trouble is thrown.
  explicit DirectoryHold(const std::string& path);

  // Waits until somebody has opened the directory; for a minute at most, then
  // throws.
  void WaitForReader();

  void Release() { lock_.Close(); }

  // How often somebody has opened the directory.
  std::size_t CountReaders();

 private:
  void Drain();

  store::FileDescriptor lock_;
  store::FileDescriptor queue_;
  std::size_t readers_ = 0;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_DIRECTORY_HOLD_H_
