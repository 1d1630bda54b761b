#ifndef PROMSHM_FORMAT_UTF8_H_
#define PROMSHM_FORMAT_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace promshm::format {

inline constexpr char32_t kReplacementCharacter = 0xfffd;

// U+FFFD, spelled in UTF-8.
inline constexpr std::string_view kReplacementText = "\xef\xbf\xbd";

// One step through text.
struct CodePoint {
  char32_t value = 0;  // kReplacementCharacter where !valid
  std::size_t size = 0;
  bool valid = false;
};

// The code point at the start of `text`, which must not be empty. Overlong
// forms, surrogates and values above U+10FFFF are invalid. An invalid sequence
// has the size of the longest part of it that could have begun a valid one,
// at least 1 (the Unicode standard's "maximal subpart").
CodePoint DecodeUtf8(std::string_view text);

bool IsValidUtf8(std::string_view text);

// `text` with U+FFFD for each invalid sequence.
std::string ReplaceInvalidUtf8(std::string_view text);

void AppendUtf8(char32_t code_point, std::string* out);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_UTF8_H_
