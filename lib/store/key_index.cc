#include "store/key_index.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

#include "format/layout.h"

namespace promshm::store {
namespace {

// A page of cells.
constexpr std::size_t kLeastCapacity = 1024;

std::string_view KeyAt(const char* file, std::uint32_t offset) {
  std::int32_t size;
  std::memcpy(&size, file + offset, sizeof(size));
  return {file + offset + format::kDiskLengthSize,
          static_cast<std::size_t>(size)};
}

std::size_t Hash(std::string_view key) {
  return std::hash<std::string_view>{}(key);
}

}  // namespace

bool KeyIndex::Reserve(const char* file, std::size_t more) noexcept {
  const std::size_t capacity =
      std::max(kLeastCapacity, std::bit_ceil(2 * (size_ + more)));
  if (capacity <= capacity_) return true;
  void* memory =
      mmap(nullptr, capacity * sizeof(*cells_), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  madvise(memory, capacity * sizeof(*cells_), MADV_DONTFORK);
  KeyIndex larger;
  larger.cells_ = static_cast<std::uint32_t*>(memory);
  larger.capacity_ = capacity;
  for (std::size_t i = 0; i < capacity_; ++i) {
    if (cells_[i] != 0) larger.Insert(file, cells_[i]);
  }
  Clear();
  *this = larger;
  return true;
}

void KeyIndex::Insert(const char* file, std::uint32_t offset) noexcept {
  std::size_t cell = Hash(KeyAt(file, offset)) & (capacity_ - 1);
  while (cells_[cell] != 0) cell = (cell + 1) & (capacity_ - 1);
  cells_[cell] = offset;
  ++size_;
}

std::optional<std::uint32_t> KeyIndex::Find(
    const char* file, std::string_view key) const noexcept {
  if (size_ == 0) return std::nullopt;
  std::size_t cell = Hash(key) & (capacity_ - 1);
  while (cells_[cell] != 0) {
    if (KeyAt(file, cells_[cell]) == key) return cells_[cell];
    cell = (cell + 1) & (capacity_ - 1);
  }
  return std::nullopt;
}

void KeyIndex::Clear() noexcept {
  if (cells_ != nullptr) munmap(cells_, capacity_ * sizeof(*cells_));
  Forget();
}

}  // namespace promshm::store
