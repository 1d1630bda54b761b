#ifndef PROMSHM_COLLECT_NUMBER_TABLE_H_
#define PROMSHM_COLLECT_NUMBER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace promshm::collect {

// A hash of `hash` and another number, or a text.
inline std::uint64_t MixIn(std::uint64_t hash, std::uint64_t number) {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  hash = (hash ^ number) * kFactor;
  return hash ^ hash >> 32U;
}

inline std::uint64_t MixIn(std::uint64_t hash, std::string_view text) {
  return MixIn(hash, std::hash<std::string_view>()(text));
}

// Purpose: finds numbers by what they stand for, which its owner keeps: here
// are only hashes. Takes 16 bytes a number at most, and no memory for each.
//
// Thread safety: const methods may be called from several threads; anything
// else needs external locking.
class NumberTable {
 public:
  NumberTable() : cells_(kFirstSize) {}

  // The number with this hash of which `is_same(number)` is true.
  template <typename IsSame>
  std::optional<std::uint32_t> Find(std::uint64_t hash,
                                    const IsSame& is_same) const {
    const std::uint32_t short_hash = ShortHash(hash);
    for (std::size_t i = hash & Mask(); cells_[i].number != 0;
         i = (i + 1) & Mask()) {
      const std::uint32_t number = cells_[i].number - 1;
      if (cells_[i].hash == short_hash && is_same(number)) return number;
    }
    return std::nullopt;
  }

  // A number that is not there.
  void Insert(std::uint64_t hash, std::uint32_t number) {
    if (2 * ++size_ > cells_.size()) Grow();
    Place({ShortHash(hash), number + 1});
  }

 private:
  static constexpr std::size_t kFirstSize = 8;

  // `number` is one more than what it stands for; 0: nothing.
  struct TableCell {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;
  };

  // All that is needed to find the place again.
  static std::uint32_t ShortHash(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash);
  }

  std::size_t Mask() const { return cells_.size() - 1; }

  void Place(const TableCell& cell) {
    std::size_t i = cell.hash & Mask();
    while (cells_[i].number != 0) i = (i + 1) & Mask();
    cells_[i] = cell;
  }

  void Grow() {
    std::vector<TableCell> before(2 * cells_.size());
    before.swap(cells_);
    for (const TableCell& cell : before) {
      if (cell.number != 0) Place(cell);
    }
  }

  std::vector<TableCell> cells_;
  std::size_t size_ = 0;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_NUMBER_TABLE_H_
