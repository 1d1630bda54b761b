#include "format/dialect.h"

#include <cstring>

#include "format/entry_cursor.h"
#include "format/layout.h"

namespace promshm::format {
namespace {

// How well the first two entries fit a value size.
enum class Fit {
  kNone,   // not even the first entry
  kFirst,  // the first; what follows is no entry
  kNext,   // the first, and what follows begins like an entry
  kWhole,  // two entries, or one that ends exactly at `used`
};

bool LooksLikeEntry(std::string_view bytes, std::uint64_t offset) {
  constexpr std::string_view kKeyStart = "[\"";
  if (offset > bytes.size() ||
      bytes.size() - offset < kDiskLengthSize + kKeyStart.size()) {
    return false;
  }
  std::int32_t length;
  std::memcpy(&length, bytes.data() + offset, sizeof(length));
  return length > 1 &&
         bytes.substr(offset + kDiskLengthSize).starts_with(kKeyStart);
}

Fit FitOf(std::string_view bytes, std::uint64_t used,
          std::uint32_t value_size) {
  EntryCursor cursor(bytes, used, value_size);
  Entry entry;
  if (!cursor.Next(&entry)) return Fit::kNone;
  const std::uint64_t second = cursor.position();
  if (second == used || cursor.Next(&entry)) return Fit::kWhole;
  return LooksLikeEntry(bytes, second) ? Fit::kNext : Fit::kFirst;
}

// Bytes that stand where a timestamp would: 0, or a moment from 2001 on. The
// start of another entry is never such a number.
bool TimestampFollows(std::string_view bytes, std::uint64_t offset) {
  double timestamp;
  if (offset > bytes.size() || bytes.size() - offset < sizeof(timestamp)) {
    return false;
  }
  std::memcpy(&timestamp, bytes.data() + offset, sizeof(timestamp));
  return timestamp == 0.0 || (timestamp >= 1e9 && timestamp <= 1e11);
}

KeyShape ShapeOf(std::string_view key) {
  // The labels follow the second comma between strings.
  bool in_string = false;
  int commas = 0;
  for (std::size_t i = 1; i < key.size(); ++i) {
    const char c = key[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == ',') {
      ++commas;
    } else if (c == '{') {
      return KeyShape::kObject;
    } else if (c == '[' && commas == 2) {
      return key[i - 1] == ',' ? KeyShape::kCompactArrays : KeyShape::kArrays;
    }
  }
  return KeyShape::kObject;
}

}  // namespace

Dialect FindDialect(std::string_view bytes, std::uint64_t used,
                    bool timestamps_needed) {
  Dialect dialect;
  EntryCursor first(bytes, used, sizeof(double));
  Entry entry;
  if (!first.Next(&entry)) return dialect;
  dialect.key_shape = ShapeOf(entry.key);
  if (timestamps_needed) return dialect;
  if (dialect.key_shape != KeyShape::kObject) {
    dialect.value_size = 8;
    return dialect;
  }
  const Fit value_only = FitOf(bytes, used, 8);
  const Fit with_timestamp = FitOf(bytes, used, 16);
  if (value_only > with_timestamp ||
      (value_only == with_timestamp && value_only == Fit::kFirst &&
       !TimestampFollows(bytes, first.position()))) {
    dialect.value_size = 8;
  }
  // One entry, then the file is cut: both generations begin like that. The
  // current one is taken, which may lose that entry and cannot invent one.
  const bool cut_after_first =
      value_only == Fit::kFirst && with_timestamp == Fit::kNone &&
      used - first.position() > 0 && bytes.size() < used &&
      bytes.size() - first.position() < 8;
  if (cut_after_first) dialect.value_size = 16;
  return dialect;
}

}  // namespace promshm::format
