#ifndef PROMSHM_STORE_FILE_DESCRIPTOR_H_
#define PROMSHM_STORE_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace promshm::store {

// Purpose: owns an open file; closes it.
//
// Thread safety: const methods may be called from several threads; anything
// else needs external locking.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { Close(); }

  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

  // The caller now owns the descriptor.
  int Release() { return std::exchange(fd_, -1); }

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FILE_DESCRIPTOR_H_
