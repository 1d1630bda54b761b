#ifndef PROMSHM_TESTS_STRESS_TOTALS_H_
#define PROMSHM_TESTS_STRESS_TOTALS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/labels.h"

namespace promshm {
class Snapshot;
}

namespace promshm::testing {

// Values by what they are called: `x_total{k="a"}`, `h_bucket{k="a",le="0.5"}`.
// A bucket is cumulated.
using Totals = std::map<std::string, double>;

std::string SeriesName(std::string_view sample, const Labels& labels);

Totals TotalsOf(const Snapshot& snapshot);

// The sums of directories and files. Whatever a reader has to remark on them
// fails the test.
Totals CollectTotals(const std::vector<std::string>& sources);

// Where the two disagree, one line a value; no more than some.
std::vector<std::string> Differences(const Totals& actual,
                                     const Totals& expected);

// Adds what `count` of the one make to the other.
void AddTimes(const Totals& addend, double count, Totals* sum);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_STRESS_TOTALS_H_
