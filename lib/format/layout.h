#ifndef PROMSHM_FORMAT_LAYOUT_H_
#define PROMSHM_FORMAT_LAYOUT_H_

#include <cstdint>

// How a metric file lies on disk, in native byte order; man/promshm.5 has the
// tables.
//
//   file    used:int32  padding:4 bytes  entry...
//   entry   length:int32  key:length bytes  spaces:1 to 8  value:double
//           [timestamp:double, from client 0.18 on]

namespace promshm::format {

inline constexpr std::uint32_t kDiskUsedSize = 4;
inline constexpr std::uint32_t kDiskHeaderSize = 8;
inline constexpr std::uint32_t kDiskLengthSize = 4;
inline constexpr std::uint32_t kDiskAlignment = 8;

// Bytes from the end of an entry's length field to its value. The spaces that
// pad the key are never none.
constexpr std::uint64_t PaddedKeySize(std::uint64_t key_size) {
  return key_size + kDiskAlignment -
         (key_size + kDiskLengthSize) % kDiskAlignment;
}

// Bytes of a whole entry; `value_size` counts the timestamp where there is one.
constexpr std::uint64_t EntrySize(std::uint64_t key_size,
                                  std::uint64_t value_size) {
  return kDiskLengthSize + PaddedKeySize(key_size) + value_size;
}

static_assert(PaddedKeySize(3) == 4);
static_assert(PaddedKeySize(4) == 12);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_LAYOUT_H_
