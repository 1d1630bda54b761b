#ifndef PROMSHM_STORE_KEY_INDEX_H_
#define PROMSHM_STORE_KEY_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace promshm::store {

// Purpose: finds the entries of a mapped metric file by their keys. It keeps
// offsets only, in memory that a forked child does not get and that no
// allocator has to be asked for.
//
// Reserve(), Insert() and Clear() belong to the process that uses the index; in
// a child, Forget() it. Thread safety: needs external locking.
class KeyIndex {
 public:
  // Makes room for so many more entries; false where there is no memory. `file`
  // is where the entries inserted so far are.
  bool Reserve(const char* file, std::size_t more) noexcept;

  // Adds the entry at `offset`, for which there is room. Of two with one key
  // the first is found.
  void Insert(const char* file, std::uint32_t offset) noexcept;

  // The offset of the entry's length field.
  std::optional<std::uint32_t> Find(const char* file,
                                    std::string_view key) const noexcept;

  void Clear() noexcept;
  void Forget() noexcept { *this = {}; }

 private:
  // Open addressing, at most half full; 0, which is in the header, is an empty
  // cell.
  std::uint32_t* cells_ = nullptr;
  std::size_t capacity_ = 0;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_KEY_INDEX_H_
