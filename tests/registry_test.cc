#include "promshm/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/entries.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RunInChild;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class RegistryTest : public ::testing::Test {
 protected:
  RegistryOptions Options(ProcessIdentifier identifier = {}) {
    RegistryOptions options;
    options.directory = directory_.path();
    options.identifier = std::move(identifier);
    options.on_error = [this](std::string_view message) {
      errors_.emplace_back(message);
    };
    return options;
  }

  static ProcessIdentifier Named(const std::string& name) {
    return ProcessIdentifier([name] { return name; });
  }

  std::string Own(const std::string& kind) const {
    return kind + "_" + std::to_string(getpid()) + ".db";
  }

  // The entries of a file, as `KEY VALUE`, in their order.
  std::vector<std::string> EntriesOf(const std::string& name) const {
    std::vector<std::string> entries;
    const auto issues =
        ReadEntries(directory_.PathOf(name), [&](const FileEntry& entry) {
          entries.push_back(std::string(entry.key) + " " +
                            std::to_string(entry.value));
        });
    EXPECT_TRUE(issues.ok()) << issues.status().message();
    if (issues.ok()) {
      EXPECT_THAT(*issues, IsEmpty());
    }
    return entries;
  }

  // The value of the only entry of a file whose key has this text in it.
  double ValueIn(const std::string& name, const std::string& text) const {
    std::vector<double> values;
    const auto issues =
        ReadEntries(directory_.PathOf(name), [&](const FileEntry& entry) {
          if (entry.key.find(text) != std::string_view::npos) {
            values.push_back(entry.value);
          }
        });
    EXPECT_EQ(values.size(), 1U) << name << ": " << text;
    return values.empty() ? kNan : values.front();
  }

  bool Exists(const std::string& name) const {
    struct stat info;
    return stat(directory_.PathOf(name).c_str(), &info) == 0;
  }

  testing::TemporaryDirectory directory_;
  std::vector<std::string> errors_;
};

TEST_F(RegistryTest, CountersAreCalledTotal) {
  Registry registry(Options());
  for (const char* name : {"a", "b_total"}) {
    auto& family = BuildCounter().Name(name).Help("Help").Register(registry);
    EXPECT_EQ(family.GetName(), name);
    Counter& counter = family.Add({{"k", "v"}});
    counter.Increment();
    counter.Increment(0.5);
    EXPECT_EQ(counter.Value(), 1.5);
  }
  EXPECT_THAT(EntriesOf(Own("counter")),
              ElementsAre(R"(["a", "a_total", {"k": "v"}, "Help"] 1.500000)",
                          R"(["b", "b_total", {"k": "v"}, "Help"] 1.500000)"));
}

TEST_F(RegistryTest, ASeriesIsThereFromAddOn) {
  Registry registry(Options());
  auto& family = BuildCounter().Name("a").Register(registry);
  EXPECT_FALSE(Exists(Own("counter")));
  EXPECT_FALSE(family.Has({}));
  family.Add({});
  EXPECT_TRUE(family.Has({}));
  EXPECT_THAT(EntriesOf(Own("counter")),
              ElementsAre(R"(["a", "a_total", {}, ""] 0.000000)"));
}

TEST_F(RegistryTest, CountersOnlyRise) {
  Registry registry(Options());
  Counter& counter = BuildCounter().Name("a").Register(registry).Add({});
  counter.Increment(2);
  counter.Increment(-1);
  counter.Increment(kNan);
  counter.Increment(0);
  EXPECT_EQ(counter.Value(), 2);
}

TEST_F(RegistryTest, GaugesRiseAndFall) {
  Registry registry(Options());
  Gauge& gauge = BuildGauge().Name("a").Register(registry).Add({});
  gauge.Set(10);
  gauge.Increment();
  gauge.Increment(5);
  gauge.Decrement();
  gauge.Decrement(0.5);
  EXPECT_EQ(gauge.Value(), 14.5);
  EXPECT_EQ(ValueIn(Own("gauge_all"), "\"a\""), 14.5);
}

TEST_F(RegistryTest, EachModeHasItsFile) {
  Registry registry(Options());
  const std::map<GaugeMode, std::string> modes = {
      {GaugeMode::kAll, "all"},
      {GaugeMode::kLiveAll, "liveall"},
      {GaugeMode::kMin, "min"},
      {GaugeMode::kLiveMin, "livemin"},
      {GaugeMode::kMax, "max"},
      {GaugeMode::kLiveMax, "livemax"},
      {GaugeMode::kSum, "sum"},
      {GaugeMode::kLiveSum, "livesum"},
      {GaugeMode::kMostRecent, "mostrecent"},
      {GaugeMode::kLiveMostRecent, "livemostrecent"}};
  for (const auto& [mode, name] : modes) {
    BuildGauge().Name("g_" + name).Mode(mode).Register(registry).Add({}).Set(3);
    EXPECT_EQ(ValueIn(Own("gauge_" + name), "\"g_" + name + "\""), 3);
  }
}

TEST_F(RegistryTest, MostRecentGaugesAreStamped) {
  Registry registry(Options());
  const auto timestamp = [this](const std::string& file) {
    double found = -1;
    const auto issues = ReadEntries(
        directory_.PathOf(file),
        [&](const FileEntry& entry) { found = entry.timestamp.value_or(-2); });
    return issues.ok() ? found : -3;
  };
  Gauge& plain = BuildGauge().Name("p").Register(registry).Add({});
  Gauge& stamped = BuildGauge()
                       .Name("s")
                       .Mode(GaugeMode::kMostRecent)
                       .Register(registry)
                       .Add({});
  EXPECT_EQ(timestamp(Own("gauge_mostrecent")), 0);
  const auto before = static_cast<double>(time(nullptr));
  stamped.Set(1);
  plain.Set(1);
  EXPECT_GE(timestamp(Own("gauge_mostrecent")), before);
  EXPECT_LE(timestamp(Own("gauge_mostrecent")), before + 60);
  EXPECT_EQ(timestamp(Own("gauge_all")), 0);
}

TEST_F(RegistryTest, AGaugeCanHoldTheTime) {
  Registry registry(Options());
  Gauge& gauge = BuildGauge().Name("a").Register(registry).Add({});
  const auto before = static_cast<double>(time(nullptr));
  gauge.SetToCurrentTime();
  EXPECT_GE(gauge.Value(), before);
  EXPECT_LE(gauge.Value(), before + 60);
}

TEST_F(RegistryTest, HistogramsCountInTheBucketOfTheirBound) {
  Registry registry(Options());
  Histogram& histogram =
      BuildHistogram().Name("h").Help("H").Register(registry).Add(
          {{"a", "1"}, {"z", "2"}}, {0.1, 1, 2.5e6});
  for (const double value : {0.05, 0.1, 0.5, 3e6, kNan}) {
    histogram.Observe(value);
  }
  EXPECT_THAT(
      EntriesOf(Own("histogram")),
      ElementsAre(
          R"(["h", "h_sum", {"a": "1", "z": "2"}, "H"] 3000000.650000)",
          R"(["h", "h_bucket", {"a": "1", "le": "0.1", "z": "2"}, "H"] 2.000000)",
          R"(["h", "h_bucket", {"a": "1", "le": "1.0", "z": "2"}, "H"] 1.000000)",
          R"(["h", "h_bucket", {"a": "1", "le": "2.5e+06", "z": "2"}, "H"] 0.000000)",
          R"(["h", "h_bucket", {"a": "1", "le": "+Inf", "z": "2"}, "H"] 1.000000)"));
}

TEST_F(RegistryTest, HistogramsOfManyBoundsFindTheSameBuckets) {
  Registry registry(Options());
  auto& family = BuildHistogram().Name("h").Register(registry);
  for (const int count : {63, 64, 65, 200}) {
    std::vector<double> bounds;
    for (int i = 0; i < count; ++i) bounds.push_back(i);
    const std::string label = std::to_string(count);
    Histogram& histogram = family.Add({{"k", label}}, bounds);
    for (const double value : {-1.0, 0.0, 0.5, 30.0, count - 1.0, 1e9}) {
      histogram.Observe(value);
    }
    const auto bucket = [&](const std::string& le) {
      return ValueIn(Own("histogram"),
                     "{\"k\": \"" + label + "\", \"le\": \"" + le + "\"}");
    };
    EXPECT_EQ(bucket("0.0"), 2);
    EXPECT_EQ(bucket("1.0"), 1);
    EXPECT_EQ(bucket("30.0"), 1);
    EXPECT_EQ(bucket(std::to_string(count - 1) + ".0"), 1);
    EXPECT_EQ(bucket("+Inf"), 1);
  }
}

TEST_F(RegistryTest, HistogramsTakeCountsFromElsewhere) {
  Registry registry(Options());
  Histogram& histogram =
      BuildHistogram().Name("h").Register(registry).Add({}, {1, 2, kInfinity});
  histogram.ObserveMultiple({1, 2, 3}, 14);
  histogram.ObserveMultiple({1, 2}, 14);
  histogram.ObserveMultiple({1, 2, 3, 4}, 14);
  histogram.ObserveMultiple({1, -2, 3}, 14);
  histogram.ObserveMultiple({1, kNan, 3}, 14);
  histogram.ObserveMultiple({1, 2, 3}, kNan);
  EXPECT_EQ(ValueIn(Own("histogram"), "h_sum"), 14);
  EXPECT_EQ(ValueIn(Own("histogram"), "\"1.0\""), 1);
  EXPECT_EQ(ValueIn(Own("histogram"), "\"2.0\""), 2);
  EXPECT_EQ(ValueIn(Own("histogram"), "\"+Inf\""), 3);
}

TEST_F(RegistryTest, SummariesCountAndAdd) {
  Registry registry(Options());
  Summary& summary = BuildSummary().Name("s").Register(registry).Add({});
  summary.Observe(1.5);
  summary.Observe(kNan);
  summary.Observe(2);
  EXPECT_THAT(EntriesOf(Own("summary")),
              ElementsAre(R"(["s", "s_count", {}, ""] 2.000000)",
                          R"(["s", "s_sum", {}, ""] 3.500000)"));
}

TEST_F(RegistryTest, InfosAreGaugesOfModeMax) {
  Registry registry(Options());
  for (const char* name : {"a", "b_info"}) {
    BuildInfo().Name(name).Register(registry).Add({{"version", "1.2"}});
  }
  EXPECT_THAT(
      EntriesOf(Own("gauge_max")),
      ElementsAre(R"(["a_info", "a_info", {"version": "1.2"}, ""] 1.000000)",
                  R"(["b_info", "b_info", {"version": "1.2"}, ""] 1.000000)"));
}

TEST_F(RegistryTest, ConstantLabelsStandBesideTheOthers) {
  Registry registry(Options());
  auto& family =
      BuildCounter().Name("a").Labels({{"m", "1"}}).Register(registry);
  EXPECT_EQ(family.GetConstantLabels(), (Labels{{"m", "1"}}));
  family.Add({{"z", "2"}, {"b", "3"}}).Increment();
  EXPECT_THAT(
      EntriesOf(Own("counter")),
      ElementsAre(
          R"(["a", "a_total", {"b": "3", "m": "1", "z": "2"}, ""] 1.000000)"));
  EXPECT_THROW(family.Add({{"m", "2"}}), std::invalid_argument);
}

TEST_F(RegistryTest, TextThatIsNotUtf8IsReplaced) {
  Registry registry(Options());
  BuildCounter().Name("a").Help("h\xff").Register(registry).Add(
      {{"k", "\xc3"}});
  EXPECT_THAT(
      EntriesOf(Own("counter")),
      ElementsAre(R"(["a", "a_total", {"k": "\ufffd"}, "h\ufffd"] 0.000000)"));
}

TEST_F(RegistryTest, TheSameLabelsAreTheSameSeries) {
  Registry registry(Options());
  auto& family = BuildHistogram().Name("a").Register(registry);
  Histogram& first = family.Add({{"k", "v"}, {"l", "w"}}, {1, 2});
  EXPECT_EQ(&family.Add({{"l", "w"}, {"k", "v"}}, {5}), &first);
  EXPECT_NE(&family.Add({{"k", "v"}}, {1, 2}), &first);
}

TEST_F(RegistryTest, TheSameFamilyCanBeRegisteredAgain) {
  Registry registry(Options());
  auto& first = BuildCounter().Name("a").Help("one").Register(registry);
  EXPECT_EQ(&BuildCounter().Name("a").Help("two").Register(registry), &first);
  EXPECT_EQ(&BuildCounter().Name("a_total").Register(registry), &first);
}

TEST_F(RegistryTest, ANameHasOneTypeModeAndLabels) {
  Registry registry(Options());
  BuildCounter().Name("c").Register(registry);
  BuildGauge().Name("g").Register(registry);
  BuildHistogram().Name("h").Register(registry);
  BuildSummary().Name("s").Register(registry);
  BuildInfo().Name("i").Register(registry);
  const auto throws = [](const auto& builder, Registry* taken) {
    EXPECT_THROW(builder.Register(*taken), std::invalid_argument);
  };
  throws(BuildGauge().Name("c"), &registry);
  throws(BuildGauge().Name("c_total"), &registry);
  throws(BuildCounter().Name("c").Labels({{"k", "v"}}), &registry);
  throws(BuildCounter().Name("g"), &registry);
  throws(BuildGauge().Name("g").Mode(GaugeMode::kMax), &registry);
  throws(BuildSummary().Name("h"), &registry);
  throws(BuildGauge().Name("h_bucket"), &registry);
  throws(BuildGauge().Name("h_count"), &registry);
  throws(BuildHistogram().Name("s"), &registry);
  throws(BuildGauge().Name("s_sum"), &registry);
  throws(BuildGauge().Name("i_info").Mode(GaugeMode::kMax), &registry);
  // Others are free.
  BuildGauge().Name("i").Register(registry);
  BuildGauge().Name("s_bucket").Register(registry);
  BuildGauge().Name("g_total").Register(registry);
}

TEST_F(RegistryTest, AClashSaysWhichName) {
  Registry registry(Options());
  BuildHistogram().Name("h").Register(registry);
  try {
    BuildGauge().Name("h_count").Register(registry);
    FAIL() << "no clash";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "h_count: h_count is taken by a family of another type, mode "
                 "or other labels");
  }
}

TEST_F(RegistryTest, NamesAreChecked) {
  Registry registry(Options());
  for (const char* name :
       {"", "1a", "a-b", "a.b", "é", "__a", "a b", "_total", "a\n"}) {
    EXPECT_THROW(BuildCounter().Name(name).Register(registry),
                 std::invalid_argument)
        << name;
  }
  for (const char* name : {"a", "A:b_9", "_a", ":a"}) {
    BuildCounter().Name(name).Register(registry);
  }
}

TEST_F(RegistryTest, LabelNamesAreChecked) {
  Registry registry(Options());
  auto& counters = BuildCounter().Name("c").Register(registry);
  for (const char* name : {"", "1a", "a-b", "a:b", "é", "__a"}) {
    EXPECT_THROW(counters.Add({{name, "v"}}), std::invalid_argument) << name;
    EXPECT_THROW(
        BuildCounter().Name("d").Labels({{name, "v"}}).Register(registry),
        std::invalid_argument)
        << name;
  }
  counters.Add({{"le", "v"}, {"quantile", "v"}, {"pid", "v"}});
  auto& histograms = BuildHistogram().Name("h").Register(registry);
  EXPECT_THROW(histograms.Add({{"le", "1"}}, {}), std::invalid_argument);
  auto& summaries = BuildSummary().Name("s").Register(registry);
  EXPECT_THROW(summaries.Add({{"quantile", "1"}}), std::invalid_argument);
  auto& gauges = BuildGauge().Name("g").Register(registry);
  EXPECT_THROW(gauges.Add({{"pid", "1"}}), std::invalid_argument);
  BuildGauge()
      .Name("m")
      .Mode(GaugeMode::kMax)
      .Register(registry)
      .Add({{"pid", "1"}});
}

TEST_F(RegistryTest, BoundsAreChecked) {
  Registry registry(Options());
  auto& family = BuildHistogram().Name("h").Register(registry);
  for (const std::vector<double>& bounds : {std::vector<double>{2, 1},
                                            {1, 1},
                                            {kNan},
                                            {1, kInfinity, kInfinity},
                                            {kInfinity, 1}}) {
    EXPECT_THROW(family.Add({}, bounds), std::invalid_argument);
  }
  EXPECT_FALSE(Exists(Own("histogram")));
  family.Add({}, {}).Observe(1);
  EXPECT_EQ(EntriesOf(Own("histogram")).size(), 2U);
}

TEST_F(RegistryTest, TakesTheDirectoryFromTheEnvironment) {
  EXPECT_EQ(0, RunInChild([this] {
              setenv("PROMETHEUS_MULTIPROC_DIR", directory_.path().c_str(), 1);
              Registry registry;
              BuildCounter().Name("a").Register(registry).Add({});
              if (registry.directory() != directory_.path()) return 1;
              unsetenv("PROMETHEUS_MULTIPROC_DIR");
              setenv("prometheus_multiproc_dir", directory_.path().c_str(), 1);
              Registry old;
              return old.directory() == directory_.path() ? 0 : 2;
            }));
}

TEST_F(RegistryTest, ARelativeDirectoryStaysWhereItWas) {
  ASSERT_EQ(mkdir(directory_.PathOf("sub").c_str(), 0700), 0);
  EXPECT_EQ(0, RunInChild([this] {
              if (chdir(directory_.path().c_str()) != 0) return 1;
              Registry registry("sub");
              if (chdir("/") != 0) return 1;
              BuildCounter().Name("a").Register(registry).Add({});
              return Exists("sub/" + Own("counter")) ? 0 : 2;
            }));
}

TEST_F(RegistryTest, RunsOnWithoutADirectory) {
  EXPECT_EQ(0, RunInChild([this] {
              unsetenv("PROMETHEUS_MULTIPROC_DIR");
              unsetenv("prometheus_multiproc_dir");
              RegistryOptions options = Options();
              options.directory.clear();
              Registry registry(options);
              Counter& counter =
                  BuildCounter().Name("a").Register(registry).Add({});
              counter.Increment();
              const std::vector<std::string> expected = {
                  "PROMETHEUS_MULTIPROC_DIR: not set"};
              return errors_ == expected && counter.Value() == 0 &&
                             registry.DroppedIncrements() == 1
                         ? 0
                         : 1;
            }));
}

TEST_F(RegistryTest, ReportsOnceAndCountsWhatIsDropped) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("later");
  Registry registry(options);
  Counter& counter = BuildCounter().Name("a").Register(registry).Add({});
  Gauge& gauge = BuildGauge().Name("g").Register(registry).Add({});
  EXPECT_EQ(registry.DroppedIncrements(), 0U);
  for (int i = 0; i < 10; ++i) {
    counter.Increment();
    gauge.Set(1);
  }
  EXPECT_EQ(registry.DroppedIncrements(), 20U);
  EXPECT_EQ(gauge.Value(), 0);
  EXPECT_THAT(errors_,
              ElementsAre(options.directory +
                          ": cannot open the directory: no such file or "
                          "directory"));
}

TEST_F(RegistryTest, GoesOnOnceTheDirectoryIsThere) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("later");
  Registry registry(options);
  Counter& counter = BuildCounter().Name("a").Register(registry).Add({});
  ASSERT_EQ(mkdir(options.directory.c_str(), 0700), 0);
  for (int i = 0; i < 100 && counter.Value() == 0; ++i) {
    counter.Increment();
    usleep(50'000);
  }
  EXPECT_EQ(counter.Value(), 1);
  EXPECT_GT(registry.DroppedIncrements(), 0U);
  EXPECT_THAT(EntriesOf("later/" + Own("counter")),
              ElementsAre(EndsWith(" 1.000000")));
}

TEST_F(RegistryTest, SwallowsWhatOnErrorThrows) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("missing");
  options.on_error = [this](std::string_view message) {
    errors_.emplace_back(message);
    throw std::runtime_error("not for you");
  };
  Registry registry(options);
  BuildCounter().Name("a").Register(registry).Add({}).Increment();
  EXPECT_EQ(errors_.size(), 1U);
}

TEST_F(RegistryTest, TheIdentifierNamesTheFiles) {
  Registry registry(Options(Named("web-1.a")));
  BuildCounter().Name("a").Register(registry).Add({}).Increment();
  EXPECT_TRUE(Exists("counter_web-1.a.db"));
}

TEST_F(RegistryTest, AnIdentifierThatIsNoneIsRefused) {
  for (const std::string& name :
       {std::string(), std::string("a_b"), std::string("a/b"),
        std::string(101, 'a'), std::string("a\0b", 3)}) {
    errors_.clear();
    Registry registry(Options(Named(name)));
    BuildCounter().Name("a").Register(registry).Add({}).Increment();
    EXPECT_THAT(errors_, ElementsAre(HasSubstr("the identifier is not")))
        << name;
    EXPECT_EQ(registry.DroppedIncrements(), 1U);
  }
  Registry registry(Options(ProcessIdentifier(
      []() -> std::string { throw std::runtime_error("none"); })));
  BuildCounter().Name("a").Register(registry).Add({}).Increment();
  EXPECT_EQ(registry.DroppedIncrements(), 1U);
}

TEST_F(RegistryTest, CountsOnInANewFileWhenItsOwnIsTakenAway) {
  Registry registry(Options());
  auto& family = BuildCounter().Name("a").Register(registry);
  Counter& counter = family.Add({{"k", "1"}});
  counter.Increment(5);
  ASSERT_EQ(unlink(directory_.PathOf(Own("counter")).c_str()), 0);
  counter.Increment();  // nobody sees this
  family.Add({{"k", "2"}}).Increment();
  counter.Increment(3);
  EXPECT_THAT(errors_, ElementsAre(EndsWith(Own("counter") +
                                            ": somebody removed it; left to "
                                            "itself")));
  EXPECT_EQ(counter.Value(), 3);
  EXPECT_EQ(ValueIn(Own("counter"), "\"1\""), 3);
  EXPECT_EQ(ValueIn(Own("counter"), "\"2\""), 1);
}

TEST_F(RegistryTest, DropsWhatItCountedInAFileThatIsGone) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("sub");
  ASSERT_EQ(mkdir(options.directory.c_str(), 0700), 0);
  Registry registry(options);
  auto& family = BuildCounter().Name("a").Register(registry);
  Counter& counter = family.Add({{"k", "1"}});
  ASSERT_EQ(unlink(directory_.PathOf("sub/" + Own("counter")).c_str()), 0);
  ASSERT_EQ(rmdir(options.directory.c_str()), 0);
  family.Add({{"k", "2"}});
  for (int i = 0; i < 3; ++i) counter.Increment();
  EXPECT_EQ(registry.DroppedIncrements(), 3U);
  EXPECT_THAT(errors_, ElementsAre(HasSubstr("somebody removed it"),
                                   HasSubstr("cannot open the directory")));
}

TEST_F(RegistryTest, WhatFitsIsCountedBesideWhatDoesNot) {
  EXPECT_EQ(0, RunInChild([this] {
              Registry registry(Options());
              auto& family = BuildCounter().Name("a").Register(registry);
              family.Add({});
              const rlimit limit{4096, 4096};
              if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
              Counter& large = family.Add({{"k", std::string(5000, 'x')}});
              large.Increment();
              Counter& small = family.Add({{"k", "1"}});
              small.Increment();
              large.Increment();
              return small.Value() == 1 && registry.DroppedIncrements() == 2 &&
                             errors_.size() == 1
                         ? 0
                         : 2;
            }));
}

TEST_F(RegistryTest, AnInfoIsToldOnceThereIsAFile) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("later");
  Registry registry(options);
  auto& family = BuildInfo().Name("a").Register(registry);
  family.Add({});
  ASSERT_EQ(mkdir(options.directory.c_str(), 0700), 0);
  for (int i = 0; i < 100 && !Exists("later/" + Own("gauge_max")); ++i) {
    family.Add({});
    usleep(50'000);
  }
  EXPECT_EQ(ValueIn("later/" + Own("gauge_max"), "a_info"), 1);
}

TEST_F(RegistryTest, ErrnoIsKept) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("missing");
  options.on_error = [](std::string_view) { errno = EBADF; };
  Registry registry(options);
  Counter& counter = BuildCounter().Name("a").Register(registry).Add({});
  EXPECT_EQ(0, RunInChild([&counter] {
              errno = 0;
              counter.Increment();
              return errno;
            }));
}

TEST_F(RegistryTest, AThreadIsNotCancelledInAnIncrement) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("missing");
  options.on_error = [](std::string_view) { pthread_testcancel(); };
  EXPECT_EQ(
      0, RunInChild([&options] {
        Registry registry(options);
        Counter& counter = BuildCounter().Name("a").Register(registry).Add({});
        std::thread thread([&] {
          pthread_cancel(pthread_self());
          counter.Increment();
        });
        // Its end, where it is cancelled, ends no more than the thread.
        thread.detach();
        for (int i = 0; i < 100 && registry.DroppedIncrements() == 0; ++i) {
          usleep(10'000);
        }
        return registry.DroppedIncrements() == 1 ? 0 : 1;
      }));
}

TEST_F(RegistryTest, ASlotIsTakenUpByTheNextProcess) {
  const auto count = [this] {
    return RunInChild([this] {
      Registry registry(Options(ProcessIdentifier::Slot()));
      BuildCounter().Name("a").Register(registry).Add({}).Increment();
      Gauge& gauge = BuildGauge()
                         .Name("g")
                         .Mode(GaugeMode::kLiveSum)
                         .Register(registry)
                         .Add({});
      gauge.Increment();
      return gauge.Value() == 1 ? 0 : 1;
    });
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(count(), 0);
  EXPECT_EQ(ValueIn("counter_slot0.db", "a_total"), 3);
  EXPECT_EQ(ValueIn("gauge_livesum_slot0.db", "\"g\""), 1);
  EXPECT_FALSE(Exists("counter_slot1.db"));
}

TEST_F(RegistryTest, AChildCountsInItsOwnFileFromZero) {
  Registry registry(Options());
  auto& family = BuildCounter().Name("a").Register(registry);
  Counter& counter = family.Add({{"k", "1"}});
  Counter& idle = family.Add({{"k", "2"}});
  Histogram& histogram =
      BuildHistogram().Name("h").Register(registry).Add({}, {1});
  counter.Increment(5);
  int pid = 0;
  int out[2];
  ASSERT_EQ(pipe(out), 0);
  EXPECT_EQ(0, RunInChild([&] {
              if (counter.Value() != 0 || Exists(Own("counter"))) return 1;
              counter.Increment(2);
              histogram.Observe(3);
              if (counter.Value() != 2 || idle.Value() != 0) return 2;
              family.Add({{"k", "3"}}).Increment();
              const pid_t own = getpid();
              return write(out[1], &own, sizeof(own)) == sizeof(own) ? 0 : 3;
            }));
  ASSERT_EQ(read(out[0], &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
  close(out[0]);
  close(out[1]);
  const std::string child = std::to_string(pid);
  EXPECT_THAT(EntriesOf("counter_" + child + ".db"),
              ElementsAre(R"(["a", "a_total", {"k": "1"}, ""] 2.000000)",
                          R"(["a", "a_total", {"k": "3"}, ""] 1.000000)"));
  EXPECT_EQ(EntriesOf("histogram_" + child + ".db").size(), 3U);
  EXPECT_EQ(counter.Value(), 5);
  EXPECT_EQ(EntriesOf(Own("counter")).size(), 2U);
  EXPECT_EQ(ValueIn(Own("histogram"), "h_sum"), 0);
}

TEST_F(RegistryTest, AChildThatDoesNotCountMakesNoFile) {
  Registry registry(Options());
  auto& family = BuildCounter().Name("a").Register(registry);
  family.Add({}).Increment();
  EXPECT_EQ(0, RunInChild([&] {
              family.Add({});
              return family.Has({}) ? 0 : 1;
            }));
  EXPECT_THAT(EntriesOf(""), ElementsAre(EndsWith(" 1.000000")));
}

TEST_F(RegistryTest, DropsAreCountedForEachProcess) {
  RegistryOptions options = Options();
  options.directory = directory_.PathOf("missing");
  Registry registry(options);
  Counter& counter = BuildCounter().Name("a").Register(registry).Add({});
  counter.Increment();
  EXPECT_EQ(0, RunInChild([&] {
              if (registry.DroppedIncrements() != 0) return 1;
              counter.Increment();
              counter.Increment();
              return registry.DroppedIncrements() == 2 ? 0 : 2;
            }));
  EXPECT_EQ(registry.DroppedIncrements(), 1U);
}

TEST_F(RegistryTest, TwoRegistriesOfAProcessHaveTheirOwnFiles) {
  Registry first(Options());
  Registry second(Options());
  BuildCounter().Name("a").Register(first).Add({}).Increment();
  BuildCounter().Name("a").Register(second).Add({}).Increment(2);
  const std::string pid = std::to_string(getpid());
  EXPECT_EQ(ValueIn("counter_" + pid + ".db", "a_total"), 1);
  EXPECT_EQ(ValueIn("counter_" + pid + "-2.db", "a_total"), 2);
}

TEST_F(RegistryTest, ASecondRegistryContinuesTheFirstsFile) {
  for (int i = 1; i <= 3; ++i) {
    Registry registry(Options());
    Counter& counter = BuildCounter().Name("a").Register(registry).Add({});
    counter.Increment();
    EXPECT_EQ(counter.Value(), i);
  }
  EXPECT_EQ(ValueIn(Own("counter"), "a_total"), 3);
}

TEST_F(RegistryTest, TellsOfADamagedFile) {
  directory_.Write(Own("counter"), "12345");
  Registry registry(Options());
  BuildCounter().Name("a").Register(registry).Add({}).Increment();
  EXPECT_THAT(errors_, ElementsAre(EndsWith("set aside as " + Own("counter") +
                                            ".damaged")));
  EXPECT_EQ(ValueIn(Own("counter"), "a_total"), 1);
}

TEST_F(RegistryTest, CounterTakesATotalThatIsCountedElsewhere) {
  Registry registry(Options());
  Counter& counter = BuildCounter().Name("c").Register(registry).Add({});
  counter.SetTotal(7);
  EXPECT_EQ(counter.Value(), 7);
  counter.SetTotal(-1);
  counter.SetTotal(kNan);
  EXPECT_EQ(counter.Value(), 7);
  counter.SetTotal(3);
  counter.Increment();
  EXPECT_EQ(ValueIn(Own("counter"), "c_total"), 4);
}

TEST_F(RegistryTest, TotalStandsOnWhatAnEarlierProcessLeft) {
  for (const double total : {100.0, 5.0}) {
    Registry registry(Options(Named("worker")));
    Counter& counter = BuildCounter().Name("c").Register(registry).Add({});
    counter.SetTotal(1);
    counter.SetTotal(total);
  }
  EXPECT_EQ(ValueIn("counter_worker.db", "c_total"), 105);
}

TEST_F(RegistryTest, GaugeIsWithdrawnAsItsModeAllows) {
  Registry registry(Options());
  const auto add = [&](const char* name, GaugeMode mode) -> Gauge& {
    return BuildGauge().Name(name).Mode(mode).Register(registry).Add({});
  };
  Gauge& sum = add("sum", GaugeMode::kLiveSum);
  Gauge& recent = add("recent", GaugeMode::kLiveMostRecent);
  Gauge& all = add("all", GaugeMode::kAll);
  for (Gauge* gauge : {&sum, &recent, &all}) {
    gauge->Set(5);
    gauge->Withdraw();
  }
  EXPECT_EQ(ValueIn(Own("gauge_livesum"), "sum"), 0);
  EXPECT_EQ(ValueIn(Own("gauge_all"), "all"), 5);
  Collector collector(directory_.path());
  const auto is_told = [&](const char* name) {
    const auto snapshot = collector.Collect();
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
    return snapshot.ok() &&
           std::any_of(snapshot->families().begin(), snapshot->families().end(),
                       [&](const MetricFamily& family) {
                         return family.name == name && !family.series.empty();
                       });
  };
  EXPECT_TRUE(is_told("all"));
  EXPECT_FALSE(is_told("recent"));
  recent.Set(6);
  EXPECT_TRUE(is_told("recent"));
}

TEST_F(RegistryTest, WithdrawingMakesNoFile) {
  Registry registry(Options());
  Gauge& gauge = BuildGauge()
                     .Name("g")
                     .Mode(GaugeMode::kLiveSum)
                     .Register(registry)
                     .Add({});
  const auto body = [&] {
    gauge.Withdraw();
    return access(directory_.PathOf(Own("gauge_livesum")).c_str(), F_OK) == 0
               ? 1
               : 0;
  };
  EXPECT_EQ(RunInChild(body), 0);
}

}  // namespace
}  // namespace promshm
