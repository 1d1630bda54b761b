#include "promshm/issue.h"

#include <string_view>

#include "format/utf8.h"

namespace promshm {
namespace {

// C0, DEL and C1: what a terminal may take for a command.
bool IsControl(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

}  // namespace

std::string PrintableText(std::string_view text) {
  std::string out;
  constexpr std::string_view kDigits = "0123456789abcdef";
  while (!text.empty()) {
    const format::CodePoint point = format::DecodeUtf8(text);
    const std::string_view bytes = text.substr(0, point.size);
    text.remove_prefix(point.size);
    if (point.valid && !IsControl(point.value)) {
      out += bytes;
      continue;
    }
    for (const char byte : bytes) {
      const auto value = static_cast<unsigned char>(byte);
      out += "\\x";
      out.push_back(kDigits[value >> 4]);
      out.push_back(kDigits[value & 0xf]);
    }
  }
  return out;
}

std::string Issue::ToString() const {
  std::string text = path;
  if (!text.empty()) text += ": ";
  if (offset) text += "byte " + std::to_string(*offset) + ": ";
  return PrintableText(text + message);
}

}  // namespace promshm
