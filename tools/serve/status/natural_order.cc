#include "tools/serve/status/natural_order.h"

#include <algorithm>
#include <cstddef>

namespace promshm::tools {
namespace {

constexpr std::string_view kDigits = "0123456789";

// Takes the number that `text` begins with, without leading zeros; empty where
// it begins with none, or with zeros only.
std::string_view TakeNumber(std::string_view* text) {
  std::string_view number =
      text->substr(0, std::min(text->find_first_not_of(kDigits), text->size()));
  text->remove_prefix(number.size());
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

bool BeginsWithDigit(std::string_view text) {
  return !text.empty() && kDigits.find(text.front()) != kDigits.npos;
}

}  // namespace

bool NaturallyBefore(std::string_view a, std::string_view b) {
  std::string_view x = a;
  std::string_view y = b;
  while (!x.empty() && !y.empty()) {
    if (BeginsWithDigit(x) && BeginsWithDigit(y)) {
      const std::string_view m = TakeNumber(&x);
      const std::string_view n = TakeNumber(&y);
      if (m.size() != n.size()) return m.size() < n.size();
      if (m != n) return m < n;
      continue;
    }
    if (x.front() != y.front()) return x < y;
    x.remove_prefix(1);
    y.remove_prefix(1);
  }
  if (x.empty() != y.empty()) return x.empty();
  return a < b;
}

}  // namespace promshm::tools
