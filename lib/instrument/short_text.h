#ifndef PROMSHM_INSTRUMENT_SHORT_TEXT_H_
#define PROMSHM_INSTRUMENT_SHORT_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Texts of a few bytes, which attributes mostly are: for these, a call of the C
// library costs more than the work that it does.

namespace promshm::otel {

template <typename Word>
Word LoadWord(const char* bytes) noexcept {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

inline bool IsEqual(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  const std::size_t size = a.size();
  const char* const x = a.data();
  const char* const y = b.data();
  const auto same = [x, y](auto word, std::size_t i) {
    return LoadWord<decltype(word)>(x + i) == LoadWord<decltype(word)>(y + i);
  };
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (!same(std::uint64_t(), i)) return false;
    }
    return same(std::uint64_t(), size - 8);
  }
  if (size >= 4) {
    return same(std::uint32_t(), 0) && same(std::uint32_t(), size - 4);
  }
  return size == 0 || (x[0] == y[0] && x[size / 2] == y[size / 2] &&
                       x[size - 1] == y[size - 1]);
}

inline std::uint64_t Mix(std::uint64_t hash, std::uint64_t word) noexcept {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  hash = (hash ^ word) * kFactor;
  return hash ^ hash >> 32U;
}

// Quick rather than good: there are few texts in one table, and whoever chooses
// them is not the enemy.
inline std::uint64_t MixText(std::uint64_t hash,
                             std::string_view text) noexcept {
  constexpr std::uint64_t kOtherFactor = 0xc2b2ae3d27d4eb4f;
  const std::size_t size = text.size();
  const char* const bytes = text.data();
  // Far from the bits in which short texts differ.
  hash += size * kOtherFactor;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      hash = Mix(hash, LoadWord<std::uint64_t>(bytes + i));
    }
    return Mix(hash, LoadWord<std::uint64_t>(bytes + size - 8));
  }
  if (size >= 4) {
    const std::uint64_t last = LoadWord<std::uint32_t>(bytes + size - 4);
    return Mix(hash, LoadWord<std::uint32_t>(bytes) | last << 32U);
  }
  if (size == 0) return Mix(hash, 0);
  const auto byte = [bytes](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(bytes[i])};
  };
  return Mix(hash, byte(0) | byte(size / 2) << 8U | byte(size - 1) << 16U);
}

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_SHORT_TEXT_H_
