#include "tests/bench/ratio_table.h"

#include <cmath>
#include <cstdio>

namespace promshm::bench {
namespace {

// `1/40.0` says more than `0.03`.
std::string Text(double ratio) {
  const bool small = ratio < 0.2;
  char text[32];
  std::snprintf(text, sizeof(text), small ? "1/%.1f" : "%.2f",
                small ? 1 / ratio : ratio);
  return text;
}

}  // namespace

void PrintRatios(const char* unit, std::span<const Ratio> ratios) {
  std::printf("\n%-32s %10s  %-32s %10s  %7s  %s\n", "medians", unit,
              "compared with", unit, "ratio", "target");
  for (const Ratio& each : ratios) {
    const double ratio = each.time / each.other_time;
    if (std::isnan(ratio)) continue;
    const std::string target =
        each.target == 0
            ? "-"
            : Text(each.target) + (ratio <= each.target ? ": met" : ": missed");
    std::printf("%-32s %10.2f  %-32s %10.2f  %7s  %s\n", each.name.c_str(),
                each.time, each.other.c_str(), each.other_time,
                Text(ratio).c_str(), target.c_str());
  }
}

}  // namespace promshm::bench
