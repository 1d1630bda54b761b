#include "format/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace promshm::format {
namespace {

using std::string_view_literals::operator""sv;

TEST(Utf8Test, WellFormedTextIsValid) {
  const std::vector<std::string_view> texts = {
      "",
      "plain",
      "\0 nul is a character"sv,
      "\x7f",
      "\xc2\x80",          // U+0080, the first of two bytes
      "\xdf\xbf",          // U+07FF, the last
      "\xe0\xa0\x80",      // U+0800, the first of three
      "\xed\x9f\xbf",      // U+D7FF, before the surrogates
      "\xee\x80\x80",      // U+E000, after them
      "\xef\xbf\xbf",      // U+FFFF, the last of three
      "\xf0\x90\x80\x80",  // U+10000, the first of four
      "\xf4\x8f\xbf\xbf",  // U+10FFFF, the last of all
      "gr\xc3\xb6\xc3\x9f"
      "e \xe6\xbc\xa2 \xf0\x9f\x99\x82",
  };
  for (const std::string_view text : texts) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
    EXPECT_EQ(ReplaceInvalidUtf8(text), text);
  }
}

struct Replaced {
  std::string_view text;
  std::size_t replacements;
};

TEST(Utf8Test, EachMaximalSubpartBecomesOneReplacement) {
  const std::vector<Replaced> table = {
      {"\x80", 1},  // a continuation byte alone
      {"\xbf\xbf", 2},
      {"\xc0\x80", 2},          // overlong NUL
      {"\xc1\xbf", 2},          // overlong DEL
      {"\xe0\x80\x80", 3},      // overlong
      {"\xe0\x9f\xbf", 3},      // overlong U+07FF
      {"\xf0\x80\x80\x80", 4},  // overlong
      {"\xf0\x8f\xbf\xbf", 4},  // overlong U+FFFF
      {"\xed\xa0\x80", 3},      // U+D800
      {"\xed\xbf\xbf", 3},      // U+DFFF
      {"\xf4\x90\x80\x80", 4},  // above U+10FFFF
      {"\xf5\x80\x80\x80", 4},
      {"\xfe", 1},
      {"\xff", 1},
      {"\xc3", 1},          // cut after one byte of two
      {"\xe6\xbc", 1},      // after two of three
      {"\xf0\x9f\x99", 1},  // after three of four
      {"\xf0\x9f", 1},
      {"\xe6\xbc\xff", 2},
      {"\xc3\xc3", 2},
  };
  for (const Replaced& row : table) {
    EXPECT_FALSE(IsValidUtf8(row.text));
    std::string expected = "a";
    for (std::size_t i = 0; i < row.replacements; ++i) {
      expected += kReplacementText;
    }
    expected += "b";
    EXPECT_EQ(ReplaceInvalidUtf8("a" + std::string(row.text) + "b"), expected);
  }
}

TEST(Utf8Test, EveryCodePointSurvivesTheWayThereAndBack) {
  for (char32_t point = 0; point <= 0x10ffff; ++point) {
    if (point == 0xd800) point = 0xe000;
    std::string text;
    AppendUtf8(point, &text);
    const CodePoint decoded = DecodeUtf8(text);
    ASSERT_TRUE(decoded.valid) << std::hex << static_cast<unsigned>(point);
    ASSERT_EQ(decoded.value, point);
    ASSERT_EQ(decoded.size, text.size());
  }
}

TEST(Utf8Test, DecodingNeverGoesBeyondTheText) {
  for (int lead = 0; lead < 0x100; ++lead) {
    for (const std::string_view rest : {""sv, "\x80"sv, "\x9f\xbf"sv, "a"sv}) {
      const std::string text = static_cast<char>(lead) + std::string(rest);
      const CodePoint decoded = DecodeUtf8(text);
      EXPECT_GE(decoded.size, 1U);
      EXPECT_LE(decoded.size, text.size());
      if (!decoded.valid) {
        EXPECT_EQ(decoded.value, kReplacementCharacter);
      }
    }
  }
}

}  // namespace
}  // namespace promshm::format
