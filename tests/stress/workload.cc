#include "tests/stress/workload.h"

#include <array>
#include <cstddef>
#include <string>

namespace promshm::testing {
namespace {

constexpr std::array<double, 3> kBounds = {0.5, 1, 2};
constexpr std::array<const char*, 4> kBoundTexts = {"0.5", "1.0", "2.0",
                                                    "+Inf"};
constexpr std::array<double, 5> kSizes = {0.25, 0.5, 0.75, 1, 4};
constexpr int kFamilies = 3;

// After so many increments everything comes again.
constexpr std::uint64_t kPeriod = kFamilies * 3 * kSizes.size();

std::string Name(int label_set) {
  static constexpr std::array<const char*, 3> kNames = {"first", "second",
                                                        "late"};
  return kNames[static_cast<std::size_t>(label_set)];
}

void ExpectObservation(int label_set, double size, double times,
                       Totals* totals) {
  const std::string name = Name(label_set);
  for (std::size_t i = 0; i < kBoundTexts.size(); ++i) {
    const bool inside = i == kBounds.size() || size <= kBounds[i];
    (*totals)[SeriesName("size_bucket",
                         {{"k", name}, {"le", kBoundTexts[i]}})] +=
        inside ? times : 0;
  }
  (*totals)[SeriesName("size_count", {{"k", name}})] += times;
  (*totals)[SeriesName("size_sum", {{"k", name}})] += times * size;
}

}  // namespace

Workload::Workload(Registry* registry)
    : whole_(BuildCounter().Name("whole").Help("Ones").Register(*registry)),
      quarters_(
          BuildCounter().Name("quarters").Help("Quarters").Register(*registry)),
      sizes_(BuildHistogram().Name("size").Help("Sizes").Register(*registry)) {
  for (int i = 0; i < kLabelSets - 1; ++i) {
    early_[static_cast<std::size_t>(i)] = Add(i);
  }
}

Workload::Instruments Workload::Add(int label_set) const {
  const Labels labels = {{"k", Name(label_set)}};
  return {&whole_.Add(labels), &quarters_.Add(labels),
          &sizes_.Add(labels, {kBounds.begin(), kBounds.end()})};
}

void Workload::Count(std::uint64_t count) const {
  const std::array<Instruments, kLabelSets> all = {early_[0], early_[1],
                                                   Add(kLabelSets - 1)};
  for (std::uint64_t i = 0; i < count; ++i) {
    const Instruments& instruments = all[i % kLabelSets];
    switch (i / kLabelSets % kFamilies) {
      case 0:
        instruments.whole->Increment();
        break;
      case 1:
        instruments.quarters->Increment(kUnit);
        break;
      default:
        instruments.sizes->Observe(kSizes[i % kSizes.size()]);
    }
  }
}

Totals Workload::Expected(std::uint64_t count) {
  Totals totals;
  for (std::uint64_t i = 0; i < kPeriod; ++i) {
    const int label_set = static_cast<int>(i % kLabelSets);
    const Labels labels = {{"k", Name(label_set)}};
    const auto times =
        static_cast<double>(count / kPeriod + (i < count % kPeriod ? 1 : 0));
    switch (i / kLabelSets % kFamilies) {
      case 0:
        totals[SeriesName("whole_total", labels)] += times;
        break;
      case 1:
        totals[SeriesName("quarters_total", labels)] += times * kUnit;
        break;
      default:
        ExpectObservation(label_set, kSizes[i % kSizes.size()], times, &totals);
    }
  }
  return totals;
}

}  // namespace promshm::testing
