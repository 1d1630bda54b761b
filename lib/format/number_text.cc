#include "format/number_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace promshm::format {
namespace {

constexpr double kFirstPythonExponent = 1e16;
constexpr std::string_view kSpaces = " \t\n\v\f\r";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Python allows one `_` between two digits. False where it stands elsewhere.
bool RemoveUnderscores(std::string_view text, std::string* out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out->push_back(text[i]);
    } else if (i == 0 || i + 1 == text.size() || !IsDigit(text[i - 1]) ||
               !IsDigit(text[i + 1])) {
      return false;
    }
  }
  return true;
}

// Of a decimal number that is out of a double's range: whether it is too small
// rather than too large. Both are so far from 1 that the sign of its power of
// ten decides.
bool IsTooSmall(std::string_view number) {
  const std::size_t e = number.find_first_of("eE");
  const std::string_view digits = number.substr(0, e);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  auto power = static_cast<std::int64_t>(point) -
               static_cast<std::int64_t>(digits.find_first_of("123456789"));
  if (e != std::string_view::npos) {
    std::string_view rest = number.substr(e + 1);
    if (rest.starts_with('+')) rest.remove_prefix(1);
    std::int32_t exponent = 0;
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc()) return rest.starts_with('-');
    power += exponent;
  }
  return power < 0;
}

char* WriteText(std::string_view text, char* out) {
  return std::copy(text.begin(), text.end(), out);
}

// Below 1e16.
char* WriteInteger(std::uint64_t integer, bool scientific, char* out) {
  constexpr std::ptrdiff_t kMostDigits = 16;
  if (!scientific) {
    out = std::to_chars(out, out + kMostDigits, integer).ptr;
    return WriteText(".0", out);
  }
  // Leaves a place before the digits, into which the first one moves; the
  // point stands where that was.
  char* const point = out + 1;
  char* end = std::to_chars(point, point + kMostDigits, integer).ptr;
  const auto exponent = static_cast<int>(end - point) - 1;
  *out = *point;
  *point = '.';
  while (end[-1] == '0') --end;
  if (end[-1] == '.') --end;
  end = WriteText("e+", end);
  *end++ = static_cast<char>('0' + exponent / 10);
  *end++ = static_cast<char>('0' + exponent % 10);
  return end;
}

// From `first_exponent` on, which is 1e16 at most, the number has an exponent.
char* WriteFinite(double value, double first_exponent, char* out) {
  const double magnitude = std::fabs(value);
  // Of such an integer the digits, without the zeros at their end, are the
  // shortest text: whatever has fewer digits is another double.
  if (magnitude < kFirstPythonExponent) {
    const auto integer = static_cast<std::uint64_t>(magnitude);
    if (static_cast<double>(integer) == magnitude) {
      if (std::signbit(value)) *out++ = '-';
      return WriteInteger(integer, magnitude >= first_exponent, out);
    }
  }
  const bool scientific = magnitude >= first_exponent || magnitude < 1e-4;
  return std::to_chars(out, out + kLongestNumber, value,
                       scientific ? std::chars_format::scientific
                                  : std::chars_format::fixed)
      .ptr;
}

}  // namespace

char* WriteNumber(double value, char* out) {
  if (std::isfinite(value)) {
    return WriteFinite(value, value > 0 ? 1e6 : kFirstPythonExponent, out);
  }
  if (std::isnan(value)) return WriteText("NaN", out);
  return WriteText(value > 0 ? "+Inf" : "-Inf", out);
}

void AppendNumber(double value, std::string* out) {
  std::array<char, kLongestNumber> text;
  out->append(text.data(), WriteNumber(value, text.data()));
}

void AppendRepr(double value, std::string* out) {
  std::array<char, kLongestNumber> text;
  out->append(text.data(),
              WriteFinite(value, kFirstPythonExponent, text.data()));
}

std::optional<double> ParseNumber(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);

  std::string digits;
  if (!RemoveUnderscores(text, &digits)) return std::nullopt;
  std::string_view rest = digits;
  if (rest.starts_with('+')) {
    rest.remove_prefix(1);
    if (rest.starts_with('-')) return std::nullopt;
  }
  // from_chars also reads "nan(...)", which Python does not.
  if (rest.find('(') != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (end != rest.data() + rest.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Python gives infinity, or 0 for what is too small.
    const double magnitude = IsTooSmall(rest) ? 0.0 : HUGE_VAL;
    return rest.starts_with('-') ? -magnitude : magnitude;
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace promshm::format
