#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/noop.h>
#include <opentelemetry/metrics/provider.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <stdlib.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "promshm/collector.h"
#include "promshm/exposition.h"
#include "promshm/gauge_mode.h"
#include "promshm/meter_provider.h"
#include "promshm/snapshot.h"
#include "tests/opentelemetry/provider_testing.h"
#include "tests/support/child_process.h"

namespace promshm::testing {
namespace {

using ::opentelemetry::context::Context;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What the Python package does wrong, by the numbers under which its defects
// were written down, and what is done here.
class SeedDefectsTest : public ProviderTest {};

TEST_F(SeedDefectsTest, S1BoundsAreHonoured) {
  MeterProviderOptions options = Options();
  options.views = {{"own", {}, std::vector<double>{1, 2}, {}, {}}};
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider);
  const auto milliseconds = meter->CreateUInt64Histogram("a", "", "ms");
  milliseconds->Record(7, Context{});
  milliseconds->Record(20000, Context{});
  EXPECT_EQ(Value("a_milliseconds_bucket{le=\"5.0\"}"), 0);
  EXPECT_EQ(Value("a_milliseconds_bucket{le=\"10.0\"}"), 1);
  EXPECT_EQ(Value("a_milliseconds_bucket{le=\"10000.0\"}"), 1);
  EXPECT_EQ(Value("a_milliseconds_bucket{le=\"+Inf\"}"), 2);
  meter->CreateUInt64Histogram("own")->Record(2, Context{});
  EXPECT_EQ(Value("own_bucket{le=\"1.0\"}"), 0);
  EXPECT_EQ(Value("own_bucket{le=\"2.0\"}"), 1);
}

TEST_F(SeedDefectsTest, S2SecondsWorkWithAnyAttributes) {
  PrometheusMeterProvider provider(Options());
  const auto histogram =
      MeterOf(&provider)->CreateDoubleHistogram("a", "", "s");
  histogram->Record(0.007, Context{});
  for (int i = 0; i < 3; ++i) {
    histogram->Record(0.007, {{"k", i}}, Context{});
    const std::string label = "k=\"" + std::to_string(i) + "\",";
    EXPECT_EQ(Value("a_seconds_bucket{" + label + "le=\"0.005\"}"), 0);
    EXPECT_EQ(Value("a_seconds_bucket{" + label + "le=\"0.01\"}"), 1);
  }
  EXPECT_EQ(Value("a_seconds_bucket{le=\"0.01\"}"), 1);
  EXPECT_EQ(Samples().size(), 4U * 18);
}

TEST_F(SeedDefectsTest, S3MemoryIsConstant) {
  if (kSanitized) {
    GTEST_SKIP() << "a sanitizer's malloc() has no mallinfo2()";
  }
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto histogram = meter->CreateDoubleHistogram("b");
  Callback callback(Observing(1.0));
  const auto gauge = meter->CreateDoubleObservableGauge("c");
  callback.AddTo(gauge.get());
  const auto use = [&] {
    for (int i = 0; i < 100'000; ++i) {
      counter->Add(1);
      counter->Add(1, {{"k", i % 10}, {"l", "v"}});
      histogram->Record(1, Context{});
      histogram->Record(1, {{"l", "v"}, {"k", i % 10}}, Context{});
      if (i % 100 == 0) {
        EXPECT_TRUE(provider.Collect());
        meter->CreateUInt64Counter("a")->Add(1);
      }
    }
  };
  use();
  const std::size_t entries = RawEntries().size();
  const std::size_t before = mallinfo2().uordblks;
  use();
  EXPECT_LE(mallinfo2().uordblks, before + 16384);
  EXPECT_EQ(RawEntries().size(), entries);
  EXPECT_EQ(Value("a_total"), 2 * 101'000);
}

TEST_F(SeedDefectsTest, S4EightThreadsWithoutAttributesLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kAdds = 20'000;
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto histogram = meter->CreateDoubleHistogram("b");
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int add = 0; add < kAdds; ++add) {
        counter->Add(1);
        histogram->Record(1, Context{});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Value("a_total"), kThreads * kAdds);
  EXPECT_EQ(Value("b_count"), kThreads * kAdds);
}

TEST_F(SeedDefectsTest, S5AttributesAndNoneMixFreely) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto histogram = meter->CreateDoubleHistogram("b");
  for (int i = 0; i < 2; ++i) {
    counter->Add(1, {{"k", "v"}});
    counter->Add(1);
    histogram->Record(1, Context{});
    histogram->Record(1, {{"k", "v"}}, Context{});
    histogram->Record(1, Context{});
  }
  EXPECT_EQ(Value("a_total"), 2);
  EXPECT_EQ(Value("a_total{k=\"v\"}"), 2);
  EXPECT_EQ(Value("b_count"), 4);
  EXPECT_EQ(Value("b_count{k=\"v\"}"), 2);
  EXPECT_EQ(Samples().size(), 2U + 2 * 18);
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(SeedDefectsTest, S6AttributeOrderDoesNotMatter) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("a");
  counter->Add(1, {{"k", "1"}, {"l", "2"}});
  counter->Add(1, {{"l", "2"}, {"k", "1"}});
  counter->Add(1, {{"x", "1"}, {"y", "2"}});
  counter->Add(1, {{"k", "1"}, {"l", "2"}, {"x", "3"}});
  counter->Add(1, {{"k", "1"}});
  EXPECT_THAT(Samples(), ElementsAre("a_total{k=\"1\"} 1.0",
                                     "a_total{k=\"1\",l=\"2\"} 2.0",
                                     "a_total{k=\"1\",l=\"2\",x=\"3\"} 1.0",
                                     "a_total{x=\"1\",y=\"2\"} 1.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(SeedDefectsTest, S7NegativeAmountsAreRefusedAndReportedOnce) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateDoubleCounter("a");
  const auto histogram = meter->CreateDoubleHistogram("b");
  counter->Add(1);
  for (int i = 0; i < 3; ++i) {
    counter->Add(-1, {{"k", i}});
    histogram->Record(-1, Context{});
  }
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
  EXPECT_EQ(provider.RefusedMeasurements(), 6U);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a"), HasSubstr("b")));
}

TEST_F(SeedDefectsTest, S8ObservableInstrumentsWork) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  Callback callback(Observing(std::int64_t{3}));
  const auto counter = meter->CreateInt64ObservableCounter("a");
  const auto updown = meter->CreateInt64ObservableUpDownCounter("b");
  const auto gauge = meter->CreateInt64ObservableGauge("c");
  for (auto* instrument : {counter.get(), updown.get(), gauge.get()}) {
    callback.AddTo(instrument);
  }
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("a_total 3.0", "b 3.0", "c 3.0"));
}

TEST_F(SeedDefectsTest, S9AnInvalidNameIsANoOpAndAnyUnitIsFine) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const std::vector<std::string> invalid = {
      "1abc", "\xc3\xa4", "a:b", "", " ", "_total", std::string(256, 'a')};
  for (const std::string& name : invalid) {
    const auto counter = meter->CreateUInt64Counter(name);
    ASSERT_TRUE(counter);
    counter->Add(1);
    counter->Add(1, {{"k", "v"}});
  }
  EXPECT_THAT(Errors(), SizeIs(invalid.size()));
  EXPECT_THAT(Entries(), IsEmpty());
  const nostd::string_view none;
  meter->CreateUInt64Counter("a", none, none)->Add(1);
  const std::string unit(64, 'u');
  meter->CreateUInt64Counter("b", none, unit)->Add(1);
  EXPECT_THAT(Samples(),
              ElementsAre("a_total 1.0", "b_" + unit + "_total 1.0"));
  EXPECT_THAT(Errors(), SizeIs(invalid.size()));
}

TEST_F(SeedDefectsTest, S10ConflictsAreReportedAndWork) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider, "m");
  meter->CreateUInt64Counter("x", "first")->Add(1);
  meter->CreateUInt64Counter("x", "first")->Add(1);
  EXPECT_THAT(Errors(), IsEmpty());
  std::size_t reports = 0;
  for (int i = 0; i < 2; ++i) {
    reports = Errors().size();
    meter->CreateUInt64Counter("X", "first")->Add(1);
    meter->CreateUInt64Counter("x", "second")->Add(1);
    meter->CreateInt64UpDownCounter("x", "first")->Add(1);
    MeterOf(&provider, "other")->CreateUInt64Counter("x", "first")->Add(1);
    MeterOf(&provider, "other")
        ->CreateUInt64Histogram("x", "first")
        ->Record(1, Context{});
  }
  EXPECT_THAT(Errors(), SizeIs(reports));  // each but once
  EXPECT_EQ(Value("x_total"), 8);
  EXPECT_EQ(Value("x_updowncounter"), 2);
  EXPECT_EQ(Value("x_histogram_count"), 2);
  for (const char* what :
       {"name", "description", "kind", "x_updowncounter", "x_histogram"}) {
    EXPECT_THAT(Errors(), Contains(HasSubstr(what)));
  }
  EXPECT_THAT(Exposition(), HasSubstr("# HELP x_total first\n"));
}

TEST_F(SeedDefectsTest, S11NamesThatCollideAfterSanitizingWork) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  for (const char* name : {"a-b", "a.b", "a/b", "a__b", "a..b"}) {
    meter->CreateUInt64Counter(name)->Add(1);
  }
  EXPECT_EQ(Value("a_b_total"), 5);
  meter->CreateUInt64Counter("x")->Add(1);
  meter->CreateInt64UpDownCounter("x_total")->Add(2);
  meter->CreateInt64UpDownCounter("x_created")->Add(3);
  EXPECT_EQ(Value("x_total"), 1);
  EXPECT_EQ(Value("x_total_updowncounter"), 2);
  EXPECT_EQ(Value("x_created"), 3);
  meter->CreateUInt64Histogram("y")->Record(1, Context{});
  meter->CreateInt64UpDownCounter("y_count")->Add(2);
  EXPECT_EQ(Value("y_count"), 1);
  EXPECT_EQ(Value("y_count_updowncounter"), 2);
}

TEST_F(SeedDefectsTest, S12AnAttributePidIsKept) {
  for (const GaugeMode mode :
       {GaugeMode::kAll, GaugeMode::kLiveAll, GaugeMode::kLiveSum}) {
    // Collectors take the label pid away in the modes in which they do not
    // replace it.
    const bool adds_pid = mode != GaugeMode::kLiveSum;
    const std::string pid = adds_pid ? "pid=\"PID\"," : "";
    const TemporaryDirectory directory;
    MeterProviderOptions options = Options();
    options.directory = directory.path();
    options.up_down_counter_mode = mode;
    PrometheusMeterProvider provider(options);
    const auto updown = MeterOf(&provider)->CreateInt64UpDownCounter("a");
    const std::size_t reports = Errors().size();
    updown->Add(1, {{"pid", "mine"}});
    updown->Add(2, {{"pid", "yours"}});
    EXPECT_THAT(SamplesOf(directory),
                ElementsAre("a{" + pid + "pid_=\"mine\"} 1.0",
                            "a{" + pid + "pid_=\"yours\"} 2.0"));
    EXPECT_THAT(Errors(), SizeIs(reports + 1));
    EXPECT_THAT(Errors().back(), HasSubstr("pid"));
  }
}

TEST_F(SeedDefectsTest, S13ValuesAreSpelledAsTheSpecificationSays) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("a");
  counter->Add(1, {{"k", true}});
  counter->Add(1, {{"k", "true"}});
  counter->Add(1, {{"k", 200}});
  counter->Add(1, {{"k", "200"}});
  EXPECT_THAT(Samples(),
              ElementsAre("a_total{k=\"200\"} 2.0", "a_total{k=\"true\"} 2.0"));
}

TEST_F(SeedDefectsTest, S14KeysThatCollideAreJoinedAndReservedOnesRenamed) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto joined = meter->CreateUInt64Counter("joined");
  joined->Add(1, {{"a_b", 2}, {"a.b", 1}, {"a-b", 0}});
  joined->Add(1, {{"a-b", 0}, {"a.b", 1}, {"a_b", 2}});
  EXPECT_THAT(Samples(), ElementsAre("joined_total{a_b=\"0;1;2\"} 2.0"));
  const auto empty = meter->CreateUInt64Counter("empty");
  empty->Add(1, {{"", "v"}});
  empty->Add(1, {{"", "v"}, {"self", "v"}});
  EXPECT_EQ(Value("empty_total"), 1);
  EXPECT_EQ(Value("empty_total{self=\"v\"}"), 1);
  EXPECT_THAT(Errors(), Not(IsEmpty()));
  const std::size_t reports = Errors().size();
  const auto counter = meter->CreateUInt64Counter("counter");
  counter->Add(1, {{"le", 5}, {"quantile", 0.5}});
  EXPECT_EQ(Value("counter_total{le=\"5\",quantile=\"0.5\"}"), 1);
  EXPECT_THAT(Errors(), SizeIs(reports));
  const auto histogram = meter->CreateDoubleHistogram("h");
  histogram->Record(1, {{"le", 5}}, Context{});
  histogram->Record(1, {{"le", 6}}, Context{});
  EXPECT_EQ(Value("h_count{le_=\"5\"}"), 1);
  EXPECT_EQ(Value("h_bucket{le=\"5.0\",le_=\"6\"}"), 1);
  EXPECT_THAT(Errors(), SizeIs(reports + 1));
  EXPECT_THAT(Errors().back(), HasSubstr("le"));
}

TEST_F(SeedDefectsTest, S15NanIsRefusedAndInfinityAccepted) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateDoubleCounter("a");
  counter->Add(kNan);
  counter->Add(2);
  const auto histogram = meter->CreateDoubleHistogram("b");
  histogram->Record(kNan, Context{});
  histogram->Record(2, Context{});
  EXPECT_EQ(Value("a_total"), 2);
  EXPECT_EQ(Value("b_sum"), 2);
  EXPECT_EQ(Value("b_count"), 1);
  EXPECT_EQ(provider.RefusedMeasurements(), 2U);
  counter->Add(kInfinity);
  EXPECT_EQ(Value("a_total"), kInfinity);
}

TEST_F(SeedDefectsTest, S16ScopeAndTargetCanBeTold) {
  {
    PrometheusMeterProvider provider(Options());
    MeterOf(&provider, "shop", "1", "url")->CreateUInt64Counter("a")->Add(1);
    EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
  }
  MeterProviderOptions options = Options();
  options.scope_labels = true;
  options.resource = {{"service.name", "shop"}};
  PrometheusMeterProvider provider(options);
  MeterOf(&provider, "shop", "1", "url")->CreateUInt64Counter("b")->Add(1);
  EXPECT_EQ(Value("b_total{otel_scope_name=\"shop\",otel_scope_schema_url="
                  "\"url\",otel_scope_version=\"1\"}"),
            1);
  EXPECT_EQ(Value("target_info{service_name=\"shop\"}"), 1);
}

TEST_F(SeedDefectsTest, S17ForceFlushAndShutdownAreThere) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("a");
  counter->Add(1);
  EXPECT_TRUE(provider.ForceFlush());
  EXPECT_TRUE(provider.ForceFlush(std::chrono::microseconds(1'000'000)));
  EXPECT_TRUE(provider.Shutdown());
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(SeedDefectsTest, S18TheRegistryCollectsWhatThisProcessCounts) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto unused = meter->CreateUInt64Counter("unused");
  meter->CreateUInt64Counter("a")->Add(1, {{"k", "v"}});
  meter->CreateDoubleHistogram("b")->Record(1, {{"k", "v"}}, Context{});
  Collector registry = MultiProcessRegistry(directory_.path());
  const Result<Snapshot> snapshot = registry.Collect();
  ASSERT_TRUE(snapshot.ok());
  ASSERT_THAT(snapshot->families(), SizeIs(2));
  EXPECT_EQ(snapshot->families()[0].name, "a");
  EXPECT_EQ(snapshot->families()[1].name, "b");
  EXPECT_THAT(snapshot->issues(), IsEmpty());
}

std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

TEST_F(SeedDefectsTest, S19TheRegistryLeavesTheEnvironmentAlone) {
  ASSERT_EQ(setenv("PROMETHEUS_MULTIPROC_DIR", directory_.path().c_str(), 1),
            0);
  PrometheusMeterProvider provider(Options());
  MeterOf(&provider)->CreateUInt64Counter("a")->Add(1);
  const std::vector<std::string> before = Environment();
  Collector by_environment = MultiProcessRegistry();
  Collector by_name = MultiProcessRegistry("/somewhere/else");
  EXPECT_EQ(Environment(), before);
  const Result<Snapshot> snapshot = by_environment.Collect();
  EXPECT_FALSE(by_name.Collect().ok());
  EXPECT_EQ(Environment(), before);
  ASSERT_EQ(unsetenv("PROMETHEUS_MULTIPROC_DIR"), 0);
  ASSERT_TRUE(snapshot.ok());
  EXPECT_THAT(snapshot->families(), SizeIs(1));
}

TEST_F(SeedDefectsTest, S20AMissingDirectoryIsReportedOnce) {
  MeterProviderOptions options = Options();
  options.directory = directory_.PathOf("missing");
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto histogram = meter->CreateDoubleHistogram("b");
  for (int i = 0; i < 3; ++i) {
    counter->Add(1);
    counter->Add(1, {{"k", i}});
    histogram->Record(1, Context{});
  }
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr(options.directory)));
  EXPECT_EQ(provider.DroppedMeasurements(), 9U);
}

TEST_F(SeedDefectsTest, S21AttributeSetsAreLimited) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("a");
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) counter->Add(1, {{"k", i}});
  }
  EXPECT_EQ(RawEntries().size(), 2001U);
  EXPECT_EQ(Value("a_total{k=\"1999\"}"), 2);
  EXPECT_EQ(Value("a_total{otel_metric_overflow=\"true\"}"), 6000);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a")));
}

TEST_F(SeedDefectsTest, S22AnyMeterNameWorks) {
  PrometheusMeterProvider provider(Options());
  MeterOf(&provider, "opentelemetry-sdk")->CreateUInt64Counter("a")->Add(1);
  EXPECT_THAT(Errors(), IsEmpty());
  MeterOf(&provider, "")->CreateUInt64Counter("b")->Add(1);
  metrics::MeterProvider& base = provider;
  base.GetMeter(nostd::string_view())->CreateUInt64Counter("b")->Add(1);
  EXPECT_THAT(Errors(), Not(IsEmpty()));
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0", "b_total 2.0"));
}

TEST_F(SeedDefectsTest, S23AnInstrumentOfBeforeTheProviderStaysANoOp) {
  using metrics::Provider;
  const auto count = [] {
    return Provider::GetMeterProvider()->GetMeter("m")->CreateUInt64Counter(
        "a");
  };
  const auto early = count();
  early->Add(1);
  Provider::SetMeterProvider(nostd::shared_ptr<metrics::MeterProvider>(
      new PrometheusMeterProvider(Options())));
  early->Add(1);
  EXPECT_THAT(Entries(), IsEmpty());
  count()->Add(1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
  Provider::SetMeterProvider(nostd::shared_ptr<metrics::MeterProvider>(
      new metrics::NoopMeterProvider));
}

TEST_F(SeedDefectsTest, S24OfTwoProcessesKindsTheFirstFilesIsKept) {
  using Use = void (*)(metrics::Meter*);
  for (const Use use : {Use([](metrics::Meter* meter) {
                          meter->CreateDoubleHistogram("x")->Record(1,
                                                                    Context{});
                        }),
                        Use([](metrics::Meter* meter) {
                          meter->CreateUInt64Counter("x")->Add(5);
                        }),
                        Use([](metrics::Meter* meter) {
                          meter->CreateInt64UpDownCounter("x")->Add(7);
                        })}) {
    EXPECT_EQ(0, RunInChild([&] {
                PrometheusMeterProvider provider(Options());
                use(MeterOf(&provider).get());
                return Errors().empty() ? 0 : 1;
              }));
  }
  Collector collector(directory_.path());
  const Result<Snapshot> snapshot = collector.Collect();
  ASSERT_TRUE(snapshot.ok());
  ASSERT_THAT(snapshot->issues(), SizeIs(2));
  EXPECT_THAT(snapshot->issues()[0].path, HasSubstr("/gauge_livesum_"));
  EXPECT_THAT(snapshot->issues()[1].path, HasSubstr("/histogram_"));
  for (const Issue& issue : snapshot->issues()) {
    EXPECT_EQ(issue.kind, IssueKind::kTypeConflict);
  }
  std::string text;
  EXPECT_THAT(WriteExposition(*snapshot, {}, &text), IsEmpty());
  EXPECT_EQ(text, "# HELP x_total \n# TYPE x_total counter\nx_total 5.0\n");
}

}  // namespace
}  // namespace promshm::testing
