#ifndef PROMSHM_TESTS_SUPPORT_FILE_BUILDER_H_
#define PROMSHM_TESTS_SUPPORT_FILE_BUILDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "format/dialect.h"

namespace promshm::testing {

// A writer whose files are met: how it spells keys and what follows them.
struct Generation {
  const char* name = "";
  std::uint32_t value_size = 16;
  format::KeyShape key_shape = format::KeyShape::kObject;
  bool help = true;

  // The key of sample `sample` of family `family` with a label `k`. The texts
  // need no escapes.
  std::string Key(std::string_view family, std::string_view sample,
                  std::string_view label_value) const;
};

std::ostream& operator<<(std::ostream& out, const Generation& generation);

inline constexpr Generation kCurrent = {"Current", 16,
                                        format::KeyShape::kObject, true};
inline constexpr Generation kWithoutTimestamp = {
    "WithoutTimestamp", 8, format::KeyShape::kObject, true};
inline constexpr Generation kWithoutHelp = {"WithoutHelp", 8,
                                            format::KeyShape::kObject, false};
inline constexpr Generation kArrays = {"Arrays", 8, format::KeyShape::kArrays,
                                       false};
inline constexpr Generation kRuby = {"Ruby", 8,
                                     format::KeyShape::kCompactArrays, false};
inline constexpr std::array<Generation, 5> kGenerations = {
    kCurrent, kWithoutTimestamp, kWithoutHelp, kArrays, kRuby};

// Purpose: makes the bytes of a metric file, true or not. Written from the
// format's description and not with the library's own layout, so that it can
// contradict it.
//
// A value. Thread safety: needs external locking.
class FileBuilder {
 public:
  explicit FileBuilder(std::uint32_t value_size = 16)
      : value_size_(value_size) {}
  explicit FileBuilder(const Generation& generation)
      : FileBuilder(generation.value_size) {}

  FileBuilder& Add(std::string_view key, double value, double timestamp = 0);

  // As Add, with a length field that says something else.
  FileBuilder& AddWithLength(std::int32_t length, std::string_view key,
                             double value);

  // As Add, with `padding` in place of the spaces.
  FileBuilder& AddWithPadding(std::string_view padding, std::string_view key,
                              double value);

  // Bytes that are no entry; `used` covers them.
  FileBuilder& AddBytes(std::string_view bytes);

  // Makes the header say this.
  FileBuilder& ClaimUsed(std::int32_t used);

  // The file as it is on disk; zeros follow up to `file_size`, as in a real
  // one, which is longer than its data.
  std::string Bytes(std::size_t file_size = 0) const;

  // Where the entries begin.
  const std::vector<std::uint64_t>& offsets() const { return offsets_; }

  // The size of the file so far.
  std::uint64_t size() const { return kHeaderSize + body_.size(); }

 private:
  static constexpr std::uint64_t kHeaderSize = 8;

  void AppendEntry(std::int32_t length, std::string_view key,
                   std::string_view padding, double value, double timestamp);

  std::uint32_t value_size_;
  std::string body_;
  std::vector<std::uint64_t> offsets_;
  std::optional<std::int32_t> claimed_used_;
};

// A file of one entry for each value, in the order given, with the keys
// `x_total{k="0"}`, `x_total{k="1"}` and so on.
FileBuilder CounterFile(const Generation& generation,
                        const std::vector<double>& values);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_FILE_BUILDER_H_
