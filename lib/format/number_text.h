#ifndef PROMSHM_FORMAT_NUMBER_TEXT_H_
#define PROMSHM_FORMAT_NUMBER_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace promshm::format {

// The length of `-2.2250738585072014e-308`; no number's text is longer.
inline constexpr std::size_t kLongestNumber = 24;

// Writes `value` as prometheus_client's floatToGoString spells it: Python's
// shortest repr (`0.1`, `1e-05`, `-1234567.0`), except that positive values
// from 1e6 take Go's exponent form (`1.5e+06`); `+Inf`, `-Inf`, `NaN`. Returns
// the end of the text; `out` has room for kLongestNumber characters.
char* WriteNumber(double value, char* out);

// Appends what WriteNumber() writes.
void AppendNumber(double value, std::string* out);

// Appends a finite `value` as Python's repr() spells it: the shortest text that
// reads back as the same number (`1.0`, `0.1`, `1e-05`, `1e+16`).
void AppendRepr(double value, std::string* out);

// A bucket bound as Python's float() reads it: decimal digits with `_` between
// them, an exponent, inf, infinity or nan in any case, a sign, spaces around.
std::optional<double> ParseNumber(std::string_view text);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_NUMBER_TEXT_H_
