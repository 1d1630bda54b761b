#include "tools/serve/logfmt_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace promshm::tools {
namespace {

struct Rune {
  char32_t value;
  std::size_t size;  // 0: not UTF-8
};

constexpr Rune kInvalid{0, 0};

bool IsContinuation(char c) { return (c & 0xC0) == 0x80; }

Rune FirstRune(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return kInvalid;
  char32_t value = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!IsContinuation(text[i])) return kInvalid;
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool is_overlong =
      (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (is_overlong || is_surrogate || value > 0x10FFFF) return kInvalid;
  return {value, size};
}

// Controls, spaces other than the plain one, marks that change the direction of
// text, and what stands for nothing.
bool IsVisible(char32_t rune) {
  struct Range {
    char32_t first, last;
  };
  constexpr std::array kHidden = {
      Range{0x00, 0x1F},     Range{0x7F, 0xA0},     Range{0xAD, 0xAD},
      Range{0x61C, 0x61C},   Range{0x1680, 0x1680}, Range{0x180E, 0x180E},
      Range{0x2000, 0x200F}, Range{0x2028, 0x202F}, Range{0x205F, 0x206F},
      Range{0x3000, 0x3000}, Range{0xE000, 0xF8FF}, Range{0xFEFF, 0xFEFF},
      Range{0xFFF0, 0xFFFB}, Range{0xFFFE, 0xFFFF}, Range{0xE0000, 0x10FFFF}};
  return std::none_of(kHidden.begin(), kHidden.end(),
                      [rune](const Range& range) {
                        return range.first <= rune && rune <= range.last;
                      });
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    if (rune.size == 0 || rune.value == ' ' || rune.value == '=' ||
        rune.value == '"' || !IsVisible(rune.value)) {
      return true;
    }
    text.remove_prefix(rune.size);
  }
  return false;
}

std::string Hex(const char* format, char32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, static_cast<unsigned>(value));
  return text.data();
}

std::string Escaped(const Rune& rune, std::string_view bytes) {
  switch (rune.value) {
    case '\a':
      return "\\a";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\v':
      return "\\v";
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  if (rune.value == ' ' || IsVisible(rune.value)) return std::string(bytes);
  if (rune.value < 0x80) return Hex("\\x%02x", rune.value);
  return Hex(rune.value < 0x10000 ? "\\u%04x" : "\\U%08x", rune.value);
}

}  // namespace

std::string LogfmtText(std::string_view text) {
  if (!NeedsQuotes(text)) return std::string(text);
  std::string quoted = "\"";
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    if (rune.size == 0) {
      quoted += Hex("\\x%02x", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
    } else {
      quoted += Escaped(rune, text.substr(0, rune.size));
      text.remove_prefix(rune.size);
    }
  }
  return quoted + '"';
}

}  // namespace promshm::tools
