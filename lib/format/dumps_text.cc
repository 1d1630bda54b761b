#include "format/dumps_text.h"

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "format/utf8.h"

namespace promshm::format {
namespace {

constexpr bool IsHighSurrogate(std::uint32_t unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

constexpr bool IsLowSurrogate(std::uint32_t unit) {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

// The code unit of the `\uXXXX` at `text[at]`, if one is there.
std::optional<std::uint32_t> EscapedUnit(std::string_view text,
                                         std::size_t at) {
  if (at > text.size() || text.size() - at < 6 || text[at] != '\\' ||
      text[at + 1] != 'u') {
    return std::nullopt;
  }
  std::uint32_t unit = 0;
  const char* begin = text.data() + at + 2;
  const auto [end, error] = std::from_chars(begin, begin + 4, unit, 16);
  if (error != std::errc() || end != begin + 4) return std::nullopt;
  return unit;
}

// Whether the byte does not stand for itself inside the quotes, or ends it.
bool IsSpecial(char byte) {
  return byte < ' ' || byte > '~' || byte == '"' || byte == '\\';
}

constexpr std::uint64_t InEachByte(std::uint64_t byte) {
  return byte * 0x0101010101010101;
}

// Where the first special byte is, from `at` on; else the end of the text.
std::size_t FindSpecial(std::string_view text, std::size_t at) {
  // Eight at a time. Of the bytes that are marked the lowest is special, others
  // need not be: a borrow or a carry goes upwards only.
  if constexpr (std::endian::native == std::endian::little) {
    for (; text.size() - at >= sizeof(std::uint64_t);
         at += sizeof(std::uint64_t)) {
      std::uint64_t bytes;
      std::memcpy(&bytes, text.data() + at, sizeof(bytes));
      const std::uint64_t quote = bytes ^ InEachByte('"');
      const std::uint64_t backslash = bytes ^ InEachByte('\\');
      const std::uint64_t marks =
          ((quote - InEachByte(1)) | (backslash - InEachByte(1)) |
           (bytes - InEachByte(' ')) | (bytes + InEachByte(0x7f - '~')) |
           bytes) &
          InEachByte(0x80);
      if (marks != 0) {
        return at + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
      }
    }
  }
  while (at < text.size() && !IsSpecial(text[at])) ++at;
  return at;
}

class DumpsReader {
 public:
  explicit DumpsReader(std::string_view text) : text_(text) {}

  bool Read(MetricKey* key) {
    if (!Take("[") || !ReadString(&key->family) || !Take(", ") ||
        !ReadString(&key->sample) || !Take(", {") || !ReadLabels(key)) {
      return false;
    }
    if (!Take(", ")) {
      key->help.reset();
    } else {
      if (!key->help) key->help.emplace();
      if (!ReadString(&*key->help)) return false;
    }
    return Take("]") && at_ == text_.size();
  }

 private:
  bool Take(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  bool ReadLabels(MetricKey* key) {
    std::vector<Label>& labels = key->labels;
    std::size_t size = 0;
    if (!Take("}")) {
      do {
        if (size == labels.size()) labels.emplace_back();
        Label& label = labels[size++];
        if (!ReadString(&label.name) || !Take(": ") ||
            !ReadString(&label.value)) {
          return false;
        }
        if (size > 1 && labels[size - 2].name >= label.name) return false;
      } while (Take(", "));
      if (!Take("}")) return false;
    }
    labels.resize(size);
    return true;
  }

  bool ReadString(std::string* out) {
    if (!Take("\"")) return false;
    out->clear();
    for (;;) {
      const std::size_t end = FindSpecial(text_, at_);
      out->append(text_, at_, end - at_);
      at_ = end;
      if (Take("\"")) return true;
      if (!ReadEscape(out)) return false;
    }
  }

  bool ReadEscape(std::string* out) {
    if (text_.size() - at_ < 2 || text_[at_] != '\\') return false;
    constexpr std::string_view kLetters = "\"\\nrtbf";
    constexpr std::string_view kMeanings = "\"\\\n\r\t\b\f";
    const std::size_t letter = kLetters.find(text_[at_ + 1]);
    if (letter != std::string_view::npos) {
      out->push_back(kMeanings[letter]);
      at_ += 2;
      return true;
    }
    const std::optional<std::uint32_t> unit = EscapedUnit(text_, at_);
    if (!unit || IsLowSurrogate(*unit)) return false;
    at_ += 6;
    if (!IsHighSurrogate(*unit)) {
      AppendUtf8(*unit, out);
      return true;
    }
    const std::optional<std::uint32_t> low = EscapedUnit(text_, at_);
    if (!low || !IsLowSurrogate(*low)) return false;
    at_ += 6;
    AppendUtf8(0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00), out);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void AppendUnicodeEscape(std::uint32_t unit, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  *out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out->push_back(kDigits[(unit >> shift) & 0xf]);
  }
}

}  // namespace

bool ReadDumps(std::string_view text, MetricKey* key) {
  return DumpsReader(text).Read(key);
}

void AppendDumpsString(std::string_view text, std::string* out) {
  out->push_back('"');
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    text.remove_prefix(point.size);
    constexpr std::u32string_view kMeanings = U"\"\\\n\r\t\b\f";
    constexpr std::string_view kLetters = "\"\\nrtbf";
    const std::size_t letter = kMeanings.find(point.value);
    if (letter != std::u32string_view::npos) {
      out->push_back('\\');
      out->push_back(kLetters[letter]);
    } else if (point.value >= ' ' && point.value <= '~') {
      out->push_back(static_cast<char>(point.value));
    } else if (point.value < 0x10000) {
      AppendUnicodeEscape(point.value, out);
    } else {
      AppendUnicodeEscape(0xd800 + ((point.value - 0x10000) >> 10), out);
      AppendUnicodeEscape(0xdc00 + ((point.value - 0x10000) & 0x3ff), out);
    }
  }
  out->push_back('"');
}

std::string MakeUnicode(std::string_view text) {
  const std::string valid = ReplaceInvalidUtf8(text);
  const std::string_view rest = valid;
  std::string out;
  out.reserve(valid.size());
  for (std::size_t i = 0; i < rest.size();) {
    if (rest[i] != '\\') {
      out.push_back(rest[i++]);
      continue;
    }
    const std::optional<std::uint32_t> unit = EscapedUnit(rest, i);
    if (!unit) {
      out += rest.substr(i, 2);
      i += 2;
    } else if (IsHighSurrogate(*unit) &&
               IsLowSurrogate(EscapedUnit(rest, i + 6).value_or(0))) {
      out += rest.substr(i, 12);
      i += 12;
    } else {
      const bool lone = IsHighSurrogate(*unit) || IsLowSurrogate(*unit);
      out += lone ? kReplacementText : rest.substr(i, 6);
      i += 6;
    }
  }
  return out;
}

}  // namespace promshm::format
