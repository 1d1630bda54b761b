#include "format/utf8.h"

namespace promshm::format {

CodePoint DecodeUtf8(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};

  std::size_t size = 0;
  char32_t value = 0;
  // The second byte's range is narrower after some lead bytes; that is what
  // keeps overlong forms and surrogates out.
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2;
    value = lead & 0x1f;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3;
    value = lead & 0x0f;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4;
    value = lead & 0x07;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return {kReplacementCharacter, 1, false};
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size() || byte(i) < low || byte(i) > high) {
      return {kReplacementCharacter, i, false};
    }
    value = (value << 6) | (byte(i) & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return {value, size, true};
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    if (!point.valid) return false;
    text.remove_prefix(point.size);
  }
  return true;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    out += point.valid ? text.substr(0, point.size) : kReplacementText;
    text.remove_prefix(point.size);
  }
  return out;
}

void AppendUtf8(char32_t code_point, std::string* out) {
  const auto append = [out](char32_t byte) {
    out->push_back(static_cast<char>(byte));
  };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xc0 | (code_point >> 6));
    append(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    append(0xe0 | (code_point >> 12));
    append(0x80 | ((code_point >> 6) & 0x3f));
    append(0x80 | (code_point & 0x3f));
  } else {
    append(0xf0 | (code_point >> 18));
    append(0x80 | ((code_point >> 12) & 0x3f));
    append(0x80 | ((code_point >> 6) & 0x3f));
    append(0x80 | (code_point & 0x3f));
  }
}

}  // namespace promshm::format
