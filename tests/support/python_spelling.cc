// Answers each line of the standard input with one line, for the comparison
// with Python: `number BITS`, a double's bits in hexadecimal, with the number's
// text; `key JSON` with the key as Format() writes it, or with `refused`.

#include <charconv>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

#include "format/metric_key.h"
#include "format/number_text.h"

namespace {

std::string NumberOf(std::string_view bits) {
  std::uint64_t pattern = 0;
  std::from_chars(bits.data(), bits.data() + bits.size(), pattern, 16);
  double value;
  std::memcpy(&value, &pattern, sizeof(value));
  std::string text;
  promshm::format::AppendNumber(value, &text);
  return text;
}

std::string KeyOf(std::string_view text) {
  const auto key = promshm::format::MetricKey::Parse(text);
  return key.ok() ? key->Format() : "refused";
}

}  // namespace

int main() {
  constexpr std::string_view kNumber = "number ";
  constexpr std::string_view kKey = "key ";
  for (std::string line; std::getline(std::cin, line);) {
    const std::string_view text = line;
    if (text.starts_with(kNumber)) {
      std::cout << NumberOf(text.substr(kNumber.size())) << '\n';
    } else if (text.starts_with(kKey)) {
      std::cout << KeyOf(text.substr(kKey.size())) << '\n';
    } else {
      std::cerr << "python_spelling: unknown line: " << line << '\n';
      return 2;
    }
  }
  return 0;
}
