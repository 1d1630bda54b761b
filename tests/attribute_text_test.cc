#include "format/attribute_text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace promshm::format {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string Spec(const AttributeValue& value) {
  std::string text;
  AppendAttributeText(value, AttributeSpelling::kSpec, &text);
  return text;
}

std::string Python(const AttributeValue& value) {
  std::string text;
  AppendAttributeText(value, AttributeSpelling::kPython, &text);
  return text;
}

template <typename T, std::size_t kSize>
AttributeArray<T> Array(const std::array<T, kSize>& values) {
  return {values.data(), values.size()};
}

TEST(AttributeText, SpellsSingleValues) {
  EXPECT_EQ(Spec(std::string_view("as is\n")), "as is\n");
  EXPECT_EQ(Spec(true), "true");
  EXPECT_EQ(Spec(std::int64_t{-5}), "-5");
  EXPECT_EQ(Spec(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(Spec(1.0), "1.0");
  EXPECT_EQ(Spec(1e-7), "1e-07");
  EXPECT_EQ(Spec(1e15), "1000000000000000.0");
  EXPECT_EQ(Spec(1e16), "1e+16");
  EXPECT_EQ(Spec(kNan), "NaN");
  EXPECT_EQ(Spec(kInfinity), "Infinity");
  EXPECT_EQ(Spec(-kInfinity), "-Infinity");
  EXPECT_EQ(Spec(std::monostate()), "");
}

TEST(AttributeText, SpellsThemAsPython) {
  EXPECT_EQ(Python(std::string_view("as is\n")), "as is\n");
  EXPECT_EQ(Python(true), "True");
  EXPECT_EQ(Python(false), "False");
  EXPECT_EQ(Python(1.5), "1.5");
  EXPECT_EQ(Python(kNan), "nan");
  EXPECT_EQ(Python(-kInfinity), "-inf");
  EXPECT_EQ(Python(std::monostate()), "None");
}

TEST(AttributeText, SpellsArrays) {
  const std::array<bool, 2> bools{true, false};
  const std::array<std::int32_t, 2> numbers{1, -2};
  const std::array<double, 3> doubles{0.5, kNan, -kInfinity};
  EXPECT_EQ(Spec(Array(bools)), "[true,false]");
  EXPECT_EQ(Python(Array(bools)), "[True, False]");
  EXPECT_EQ(Spec(Array(numbers)), "[1,-2]");
  EXPECT_EQ(Python(Array(numbers)), "[1, -2]");
  EXPECT_EQ(Spec(Array(doubles)), R"([0.5,"NaN","-Infinity"])");
  EXPECT_EQ(Python(Array(doubles)), "[0.5, nan, -inf]");
  EXPECT_EQ(Spec(AttributeArray<double>()), "[]");
}

TEST(AttributeText, SpellsTexts) {
  const std::array<std::string_view, 2> texts{"a", "\"b\\\n\xc3\xa4"};
  EXPECT_EQ(Spec(Array(texts)), R"(["a","\"b\\\n\u00e4"])");
  EXPECT_EQ(Python(Array(texts)), "('a', '\"b\\\\\\n\xc3\xa4')");
  const std::array<std::string_view, 1> quoted{"it's \x01"};
  EXPECT_EQ(Python(Array(quoted)), "(\"it's \\x01\",)");
  const std::array<std::string_view, 1> both{"'\""};
  EXPECT_EQ(Python(Array(both)), "('\\'\"',)");
  const std::array<std::string_view, 1> broken{"\xff"};
  EXPECT_EQ(Spec(Array(broken)), R"(["\ufffd"])");
}

TEST(AttributeText, SpellsBytes) {
  const std::string_view text = "x\xff\n'foob";
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(text[i]);
  }
  const auto first = [&](std::size_t size) {
    return AttributeArray<std::uint8_t>{bytes.data(), size};
  };
  EXPECT_EQ(Spec(first(0)), "");
  EXPECT_EQ(Spec(first(1)), "eA==");
  EXPECT_EQ(Spec(first(2)), "eP8=");
  EXPECT_EQ(Spec(first(3)), "eP8K");
  EXPECT_EQ(Spec(first(8)), "eP8KJ2Zvb2I=");
  EXPECT_EQ(Python(first(1)), "b'x'");
  EXPECT_EQ(Python(first(4)), "b\"x\\xff\\n'\"");
}

}  // namespace
}  // namespace promshm::format
