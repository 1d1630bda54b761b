#include "format/number_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <locale>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/metric_key.h"
#include "promshm/exposition.h"
#include "tests/support/golden.h"

namespace promshm::format {
namespace {

using ::testing::IsEmpty;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string Text(double value) {
  std::string out;
  AppendNumber(value, &out);
  return out;
}

// A locale with a decimal comma and grouped digits, for as long as it lives.
class CommaLocale {
 public:
  CommaLocale()
      : previous_(std::locale::global(std::locale(std::locale(), new Comma))) {}
  ~CommaLocale() { std::locale::global(previous_); }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;

 private:
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  std::locale previous_;
};

struct Spelling {
  double value;
  const char* text;
};

const std::vector<Spelling> kSpellings = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {1.0, "1.0"},
    {-1.0, "-1.0"},
    {0.1, "0.1"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1e-4, "0.0001"},
    {1e-5, "1e-05"},
    {-1e-5, "-1e-05"},
    {1.5e-7, "1.5e-07"},
    {1e-100, "1e-100"},
    {100000.0, "100000.0"},
    {123456.789, "123456.789"},
    {999999.0, "999999.0"},
    {999999.9999999999, "999999.9999999999"},
    {1e6, "1e+06"},
    {1234567.0, "1.234567e+06"},
    {1234567.5, "1.2345675e+06"},
    {-1e6, "-1000000.0"},
    {-1234567.0, "-1234567.0"},
    {-1234567.25, "-1234567.25"},
    {1e10, "1e+10"},
    {1e15, "1e+15"},
    {-1e15, "-1000000000000000.0"},
    {-9007199254740993.0, "-9007199254740992.0"},
    {-9999999999999998.0, "-9999999999999998.0"},
    {1e16, "1e+16"},
    {-1e16, "-1e+16"},
    {1.5e16, "1.5e+16"},
    {1e22, "1e+22"},
    {1e100, "1e+100"},
    {5e-324, "5e-324"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {-1.7976931348623157e308, "-1.7976931348623157e+308"},
    {5.684341886080802e-14, "5.684341886080802e-14"},  // 2^-44, a tie
    {9007199254740993.0, "9.007199254740992e+15"},
    {kInfinity, "+Inf"},
    {-kInfinity, "-Inf"},
    {kNan, "NaN"},
    {-kNan, "NaN"},
};

TEST(NumberTextTest, NumbersAreSpelledAsThePythonClientSpellsThem) {
  for (const Spelling& row : kSpellings) {
    EXPECT_EQ(Text(row.value), row.text);
    EXPECT_EQ(promshm::NumberText(row.value), row.text);
  }
}

TEST(NumberTextTest, NumbersAreAppended) {
  std::string out = "x ";
  AppendNumber(1.5, &out);
  EXPECT_EQ(out, "x 1.5");
}

TEST(NumberTextTest, LocaleChangesNothing) {
  const CommaLocale locale;
  for (const Spelling& row : kSpellings) {
    EXPECT_EQ(Text(row.value), row.text);
  }
  EXPECT_EQ(ParseNumber("1.5"), 1.5);
  EXPECT_EQ(ParseNumber("1,5"), std::nullopt);
  const auto key = MetricKey::Parse(R"(["f","s",["a"],[1234567.5]])");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->labels[0].value, "1234567.5");
}

// A positive number by the rules alone, integer or not: its shortest digits,
// of which the first counts ten to the power of `exponent`.
std::string Spell(const std::string& digits, int exponent, int first_exponent) {
  const auto count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= first_exponent) {
    std::string text = digits.substr(0, 1);
    if (count > 1) text += '.' + digits.substr(1);
    text += exponent < 0 ? "e-" : "e+";
    const std::string power = std::to_string(std::abs(exponent));
    return text + (power.size() < 2 ? "0" : "") + power;
  }
  if (exponent < 0) return "0." + std::string(-exponent - 1, '0') + digits;
  if (count <= exponent + 1) {
    return digits + std::string(exponent + 1 - count, '0') + ".0";
  }
  return digits.substr(0, exponent + 1) + '.' + digits.substr(exponent + 1);
}

// Spells a finite number as AppendNumber() should, or as AppendRepr() should.
std::string Expected(double value, bool repr) {
  std::string text = std::signbit(value) ? "-" : "";
  if (value == 0) return text + "0.0";
  std::array<char, 32> buffer;
  const char* end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                    std::fabs(value), std::chars_format::scientific)
          .ptr;
  const std::string shortest(std::as_const(buffer).data(), end);
  const std::size_t e = shortest.find('e');
  std::string digits = shortest.substr(0, e);
  if (digits.size() > 1) digits.erase(1, 1);
  const int exponent = std::stoi(shortest.substr(e + 1));
  return text + Spell(digits, exponent, value > 0 && !repr ? 6 : 16);
}

// Compares the spellings of numbers and of their negatives with the rules.
class SpellingCheck {
 public:
  void Check(double magnitude) {
    for (const double value : {magnitude, -magnitude}) {
      // What stands after the room stays as it is.
      std::array<char, kLongestNumber + 1> room;
      room.back() = '\x7f';
      const char* end = WriteNumber(value, room.data());
      Compare(std::string(std::as_const(room).data(), end),
              Expected(value, false));
      if (room.back() != '\x7f') wrong_.push_back("room for " + Text(value));
      std::string repr;
      AppendRepr(value, &repr);
      Compare(repr, Expected(value, true));
    }
  }

  // The doubles next to it too.
  void CheckAround(double magnitude) {
    double below = magnitude;
    double above = magnitude;
    Check(magnitude);
    for (int i = 0; i < 4; ++i) {
      below = std::nextafter(below, 0);
      above = std::nextafter(above, kInfinity);
      Check(below);
      if (std::isfinite(above)) Check(above);
    }
  }

  int compared() const { return compared_; }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  void Compare(const std::string& text, const std::string& expected) {
    ++compared_;
    if (text != expected) wrong_.push_back(text + ", not " + expected);
  }

  int compared_ = 0;
  std::vector<std::string> wrong_;
};

TEST(NumberTextTest, PowersAndTheirNeighboursAreSpelledByTheRules) {
  SpellingCheck spelling;
  for (int power = -1074; power <= 1023; ++power) {
    spelling.CheckAround(std::ldexp(1.0, power));
  }
  for (int power = -324; power <= 307; ++power) {
    for (const char* digits : {"1", "1.5", "9.5", "9.99999999999999"}) {
      std::string number = digits;
      number += 'e' + std::to_string(power);
      spelling.CheckAround(*ParseNumber(number));
    }
  }
  for (int power = 0; power <= 18; ++power) {
    const double ten = *ParseNumber("1e" + std::to_string(power));
    for (const double near : {-1.5, -1.0, -0.5, 0.5, 1.0, 1.5}) {
      spelling.Check(std::fabs(ten + near));
    }
  }
  spelling.CheckAround(std::numeric_limits<double>::max());
  EXPECT_THAT(spelling.wrong(), IsEmpty());
  EXPECT_GT(spelling.compared(), 150'000);
}

TEST(NumberTextTest, RandomNumbersAreSpelledByTheRules) {
  std::mt19937_64 random(20240229);
  SpellingCheck spelling;
  for (int round = 0; round < 2'000; ++round) {
    for (int size = 1; size <= 64; ++size) {
      const auto integer = static_cast<double>(random() >> (64 - size));
      spelling.Check(integer);
      spelling.Check(integer + 0.5);
      // Zeros at its end, and few digits after the point.
      spelling.Check(std::trunc(integer / 1e3) * 1e3);
      spelling.Check(integer / 1e3);
    }
    const auto any = std::bit_cast<double>(random());
    if (std::isfinite(any)) spelling.CheckAround(std::fabs(any));
  }
  EXPECT_THAT(spelling.wrong(), IsEmpty());
  EXPECT_GT(spelling.compared(), 2'000'000);
}

// A gauge of mode all shows each number by itself.
TEST(NumberTextTest, GoldenNumbersAreSpelledAsTheClientDid) {
  std::istringstream expected(testing::ReadBytes(
      testing::GoldenPath("numbers", "expected.prometheus.txt")));
  std::set<std::string> lines;
  for (std::string line; std::getline(expected, line);) lines.insert(line);

  int compared = 0;
  for (const testing::GoldenFile& file : testing::ReadGolden("numbers")) {
    if (file.name != "gauge_all_1.db") continue;
    for (const testing::GoldenEntry& entry : file.entries) {
      const auto key = MetricKey::Parse(entry.key);
      ASSERT_TRUE(key.ok());
      const std::string line = key->sample + "{k=\"" + key->labels.at(0).value +
                               "\",pid=\"1\"} " + Text(entry.value);
      EXPECT_TRUE(lines.contains(line)) << line;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 31);
}

struct Bound {
  std::string_view text;
  double value;
};

TEST(NumberTextTest, BoundsAreReadAsPythonReadsThem) {
  const std::vector<Bound> table = {
      {"0.005", 0.005},
      {"1", 1},
      {"1.", 1},
      {".5", 0.5},
      {"+2.5", 2.5},
      {"-2.5", -2.5},
      {"1e3", 1000},
      {"1E3", 1000},
      {"1e+3", 1000},
      {"1e-3", 0.001},
      {"1_000", 1000},
      {"1_0.2_5e1_0", 10.25e10},
      {" 1.5\n", 1.5},
      {"\t\v\f\r1.5 ", 1.5},
      {"00012", 12},
      {"+Inf", kInfinity},
      {"-Inf", -kInfinity},
      {"inf", kInfinity},
      {"INFINITY", kInfinity},
      {"-infinity", -kInfinity},
      {"1e999", kInfinity},
      {"-1e999", -kInfinity},
      {"1e-999", 0},
      {"-1e-999", -0.0},
      {"0.1e-999", 0},
      {"1000e-999", 0},
      {"1e-400", 0},
      {"5e-324", 5e-324},
      {"4.9406564584124654e-324", 5e-324},
  };
  for (const Bound& row : table) {
    const std::optional<double> value = ParseNumber(row.text);
    ASSERT_TRUE(value.has_value()) << row.text;
    EXPECT_EQ(*value, row.value) << row.text;
    EXPECT_EQ(std::signbit(*value), std::signbit(row.value)) << row.text;
  }
  for (const std::string_view text : {"nan", "NaN", "-nan", "+NAN"}) {
    const std::optional<double> value = ParseNumber(text);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_TRUE(std::isnan(*value)) << text;
  }
}

TEST(NumberTextTest, LongFractionsWithoutExponentAreStillSmall) {
  const std::string tiny = "0." + std::string(400, '0') + "1";
  EXPECT_EQ(ParseNumber(tiny), 0.0);
  const std::string huge = std::string(400, '9');
  EXPECT_EQ(ParseNumber(huge), kInfinity);
  EXPECT_EQ(ParseNumber(huge + "e-10"), kInfinity);
  EXPECT_EQ(ParseNumber(tiny + "e+10"), 0.0);
}

TEST(NumberTextTest, WhatPythonDoesNotReadIsRefused) {
  const std::vector<std::string_view> table = {
      "",         " ",         "abc",  "1,5",       "1 5",
      "--1",      "+-1",       "-+1",  "++1",       "1e",
      "1e+",      "e5",        ".",    "+",         "-",
      "0x10",     "0x1p3",     "1__0", "_1",        "1_",
      "1_.5",     "1._5",      "1_e5", "1e_5",      "nan(1)",
      "nan(abc)", "infin",     "in",   "1.5.5",     "1.5f",
      "1.5L",     "infinityy", "na",   "1\xc2\xa0", std::string_view("1\0", 2),
      "$1",
  };
  for (const std::string_view text : table) {
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace promshm::format
