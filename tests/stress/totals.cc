#include "tests/stress/totals.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/collector.h"
#include "promshm/exposition.h"
#include "promshm/snapshot.h"

namespace promshm::testing {

std::string SeriesName(std::string_view sample, const Labels& labels) {
  std::string text(sample);
  char separator = '{';
  for (const auto& [name, value] : labels) {
    text += separator + name + "=\"" + value + '"';
    separator = ',';
  }
  return labels.empty() ? text : text + '}';
}

Totals TotalsOf(const Snapshot& snapshot) {
  Totals totals;
  for (const auto& family : snapshot.families()) {
    for (const Series& series : family.series) {
      Labels labels;
      for (const Label& label : series.labels) labels[label.name] = label.value;
      for (const Sample& sample : series.samples) {
        Labels all = labels;
        if (!sample.le.empty()) all["le"] = sample.le;
        totals[SeriesName(family.sample_names[sample.name], all)] =
            snapshot.value(sample);
      }
    }
  }
  return totals;
}

Totals CollectTotals(const std::vector<std::string>& sources) {
  Collector collector(sources);
  const Result<Snapshot> snapshot = collector.Collect();
  if (!snapshot.ok()) {
    ADD_FAILURE() << snapshot.status().message();
    return {};
  }
  for (const Issue& issue : snapshot->issues()) {
    ADD_FAILURE() << issue.ToString();
  }
  return TotalsOf(*snapshot);
}

std::vector<std::string> Differences(const Totals& actual,
                                     const Totals& expected) {
  constexpr std::size_t kMost = 20;
  const auto text_of = [](const Totals& totals, const std::string& name) {
    const auto at = totals.find(name);
    return at == totals.end() ? "absent" : NumberText(at->second);
  };
  Totals all = actual;
  all.insert(expected.begin(), expected.end());
  std::vector<std::string> differences;
  for (const auto& [name, unused] : all) {
    const std::string is = text_of(actual, name);
    const std::string should_be = text_of(expected, name);
    if (is == should_be || differences.size() == kMost) continue;
    differences.push_back(name + ": is " + is + ", should be " + should_be);
  }
  return differences;
}

void AddTimes(const Totals& addend, double count, Totals* sum) {
  for (const auto& [name, value] : addend) (*sum)[name] += value * count;
}

}  // namespace promshm::testing
