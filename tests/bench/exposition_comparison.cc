#include "tests/bench/exposition_comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace promshm::bench {
namespace {

struct Line {
  std::string_view before;  // all but a sample's value
  std::string_view value;   // up to the end of the text; empty: a comment
};

std::vector<Line> SortedLines(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t space =
        line.starts_with('#') ? line.size() : line.rfind(' ');
    lines.push_back({line.substr(0, space), {}});
    if (space < line.size()) lines.back().value = line.substr(space + 1);
  }
  std::sort(lines.begin(), lines.end(),
            [](const Line& a, const Line& b) { return a.before < b.before; });
  return lines;
}

double NumberOf(std::string_view text) {
  return std::strtod(std::string(text).c_str(), nullptr);
}

bool AreEqual(const Line& one, const Line& other) {
  return one.before == other.before &&
         (one.value == other.value ||
          SameSum(NumberOf(one.value), NumberOf(other.value)));
}

std::string Text(const Line& line) {
  return std::string(line.before) + ' ' + std::string(line.value);
}

}  // namespace

bool SameSum(double one, double other) {
  constexpr double kTolerance = 1e-12;
  return std::abs(one - other) <=
         kTolerance * std::max(std::abs(one), std::abs(other));
}

std::string FirstDifference(const std::string& one, const std::string& other) {
  const std::vector<Line> lines = SortedLines(one);
  const std::vector<Line> others = SortedLines(other);
  for (std::size_t i = 0; i < std::min(lines.size(), others.size()); ++i) {
    if (!AreEqual(lines[i], others[i])) {
      return Text(lines[i]) + " against " + Text(others[i]);
    }
  }
  if (lines.size() == others.size()) return {};
  return std::to_string(lines.size()) + " lines against " +
         std::to_string(others.size());
}

}  // namespace promshm::bench
