#ifndef PROMSHM_STORE_SLOT_CLAIM_H_
#define PROMSHM_STORE_SLOT_CLAIM_H_

#include <cstdint>

#include "store/write_failure.h"

namespace promshm::store {

// Purpose: the lowest number that no living process has claimed in a directory.
//
// The claim is a lock on the byte of that number in `.promshm-slots`. It
// belongs to the open file, which a mapping keeps open without a descriptor: it
// outlives a program's closing of all descriptors, ends with the process or its
// next program, and is not handed to a forked child, unless that is forked at
// the very moment of claiming.
//
// Claim() and Release() belong to one process; in a child the claim is void.
// Thread safety: needs external locking. May be used in signal handlers.
class SlotClaim {
 public:
  SlotClaim() = default;
  ~SlotClaim() { Release(); }

  SlotClaim(const SlotClaim&) = delete;
  SlotClaim& operator=(const SlotClaim&) = delete;

  WriteFailure Claim(const char* directory) noexcept;

  std::uint32_t number() const { return number_; }

  void Release() noexcept;

 private:
  void* mapping_ = nullptr;
  std::uint32_t number_ = 0;
  std::uint32_t generation_ = 0;  // of the process that claimed it
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_SLOT_CLAIM_H_
