#ifndef PROMSHM_STORE_RESERVED_MAPPING_H_
#define PROMSHM_STORE_RESERVED_MAPPING_H_

#include <cstddef>

namespace promshm::store {

// Purpose: address space reserved once, into which a growing file is mapped
// piece by piece, so that its bytes keep their addresses. A forked child gets
// neither.
//
// Reserve(), Map() and Release() belong to one process; in a child, Forget().
// Thread safety: needs external locking.
class ReservedMapping {
 public:
  // Takes `wanted` bytes, or what a limit on the address space leaves of it,
  // but not less than `least`.
  bool Reserve(std::size_t wanted, std::size_t least) noexcept;

  // Maps the file's bytes [from, to), whole pages of blocks that exist.
  bool Map(int fd, std::size_t from, std::size_t to) noexcept;

  void Release() noexcept;
  void Forget() noexcept { *this = {}; }

  char* base() const { return base_; }
  std::size_t capacity() const { return capacity_; }

 private:
  char* base_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_RESERVED_MAPPING_H_
