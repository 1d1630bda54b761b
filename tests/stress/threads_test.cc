#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "promshm/registry.h"
#include "tests/stress/scrape_watch.h"
#include "tests/stress/totals.h"
#include "tests/stress/workload.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using ::testing::IsEmpty;
using testing::ScrapeWatch;
using testing::SeriesName;
using testing::Totals;
using testing::Workload;

constexpr int kThreads = 4;

void InThreads(const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(ThreadsTest, NoIncrementIsLostWhileAReaderScrapes) {
  constexpr std::uint64_t kIncrements = 1'000'000;
  const testing::TemporaryDirectory directory;
  Registry registry(directory.path());
  const Workload workload(&registry);
  ScrapeWatch watch(directory.path(), Workload::kUnit);
  watch.WaitForChanges(1);
  InThreads([&](int) { workload.Count(kIncrements); });
  watch.Stop();
  EXPECT_THAT(watch.findings(), IsEmpty());
  EXPECT_GT(watch.changes(), 1);
  EXPECT_EQ(registry.DroppedIncrements(), 0U);
  Totals expected;
  testing::AddTimes(Workload::Expected(kIncrements), kThreads, &expected);
  EXPECT_THAT(testing::Differences(watch.totals(), expected), IsEmpty());
}

constexpr int kRounds = 500;

// One series of each type.
struct Instruments {
  Counter& counter;
  Gauge& highest;
  Gauge& latest;
  Histogram& histogram;
  Summary& summary;
};

// Registered by every thread for itself, as if it were the first.
Instruments RegisterAndAdd(Registry* registry, const Labels& labels) {
  return {
      BuildCounter().Name("jobs").Register(*registry).Add(labels),
      BuildGauge()
          .Name("highest")
          .Mode(GaugeMode::kMax)
          .Register(*registry)
          .Add(labels),
      BuildGauge()
          .Name("latest")
          .Mode(GaugeMode::kMostRecent)
          .Register(*registry)
          .Add(labels),
      BuildHistogram().Name("size").Register(*registry).Add(labels, {1, 2}),
      BuildSummary().Name("wait").Register(*registry).Add(labels),
  };
}

void Use(const Instruments& instruments, int round) {
  instruments.counter.Increment();
  instruments.highest.Set(round);
  instruments.latest.Set(round);
  instruments.histogram.Observe(1.5);
  instruments.summary.Observe(0.25);
}

Totals ExpectedOf(const Labels& labels, double times, int last_round) {
  const auto bucket = [&labels](const char* bound) {
    Labels all = labels;
    all["le"] = bound;
    return SeriesName("size_bucket", all);
  };
  return {
      {SeriesName("jobs_total", labels), times},
      {SeriesName("highest", labels), last_round},
      {SeriesName("latest", labels), last_round},
      {bucket("1.0"), 0},
      {bucket("2.0"), times},
      {bucket("+Inf"), times},
      {SeriesName("size_count", labels), times},
      {SeriesName("size_sum", labels), 1.5 * times},
      {SeriesName("wait_count", labels), times},
      {SeriesName("wait_sum", labels), 0.25 * times},
  };
}

Labels OwnLabels(int thread, int round) {
  return {{"by", std::to_string(thread)}, {"n", std::to_string(round)}};
}

// Every thread meets these at about the same time.
Labels CommonLabels(int round) {
  return {{"by", "all"}, {"n", std::to_string(round)}};
}

TEST(ThreadsTest, ThreadsAddTheSameAndDifferentLabelSets) {
  const testing::TemporaryDirectory directory;
  Registry registry(directory.path());
  ScrapeWatch watch(directory.path(), 0.25);
  InThreads([&registry](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      Use(RegisterAndAdd(&registry, CommonLabels(round)), round);
      Use(RegisterAndAdd(&registry, OwnLabels(thread, round)), round);
    }
  });
  watch.Stop();
  EXPECT_THAT(watch.findings(), IsEmpty());
  EXPECT_GT(watch.changes(), 1);
  EXPECT_EQ(registry.DroppedIncrements(), 0U);
  Totals expected;
  for (int round = 0; round < kRounds; ++round) {
    expected.merge(ExpectedOf(CommonLabels(round), kThreads, round));
    for (int thread = 0; thread < kThreads; ++thread) {
      expected.merge(ExpectedOf(OwnLabels(thread, round), 1, round));
    }
  }
  EXPECT_THAT(testing::Differences(watch.totals(), expected), IsEmpty());
}

}  // namespace
}  // namespace promshm
