#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/sync_instruments.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promshm/gauge_mode.h"
#include "promshm/meter_provider.h"
#include "promshm/meter_provider_options.h"
#include "promshm/process_identifier.h"
#include "tests/opentelemetry/provider_testing.h"

namespace promshm::testing {
namespace {

using ::opentelemetry::context::Context;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class OptionsTest : public ProviderTest {
 protected:
  // The bounds of the series of `name` without attributes, as they are exposed.
  std::vector<std::string> BoundsOf(const std::string& name) const {
    std::vector<std::string> bounds;
    const std::string start = name + "_bucket{le=\"";
    for (const std::string& sample : Samples()) {
      if (!sample.starts_with(start)) continue;
      const std::size_t end = sample.find('"', start.size());
      bounds.push_back(sample.substr(start.size(), end - start.size()));
    }
    return bounds;
  }

  // The bounds of a histogram that is made with these options.
  std::vector<std::string> BoundsOf(const MeterProviderOptions& options,
                                    const std::string& name,
                                    const std::string& unit,
                                    const std::string& family) const {
    PrometheusMeterProvider provider(options);
    MeterOf(&provider)
        ->CreateDoubleHistogram(name, "", unit)
        ->Record(0, Context{});
    return BoundsOf(family);
  }
};

View ForInstruments(const std::string& pattern) {
  View view;
  view.instrument = pattern;
  return view;
}

View WithBounds(const std::string& pattern, std::vector<double> bounds) {
  View view = ForInstruments(pattern);
  view.bounds = std::move(bounds);
  return view;
}

TEST_F(OptionsTest, TheDefaultsAreTheSpecifications) {
  const MeterProviderOptions options;
  EXPECT_EQ(options.naming, Naming::kPython);
  EXPECT_EQ(options.attribute_spelling, AttributeSpelling::kSpec);
  EXPECT_EQ(options.gauge_mode, GaugeMode::kLiveMostRecent);
  EXPECT_EQ(options.up_down_counter_mode, GaugeMode::kLiveSum);
  EXPECT_EQ(options.cardinality_limit, 2000U);
  EXPECT_FALSE(options.scope_labels);
  EXPECT_FALSE(options.bounds.has_value());
  EXPECT_EQ(options.observe_interval, std::chrono::seconds(10));
}

TEST_F(OptionsTest, PythonCompatibleIsAsThePythonPackage) {
  const MeterProviderOptions options = MeterProviderOptions::PythonCompatible();
  EXPECT_EQ(options.naming, Naming::kPython);
  EXPECT_EQ(options.attribute_spelling, AttributeSpelling::kPython);
  EXPECT_EQ(options.gauge_mode, GaugeMode::kAll);
  EXPECT_EQ(options.up_down_counter_mode, GaugeMode::kAll);
  EXPECT_EQ(options.bounds,
            (std::vector<double>{.005, .01, .025, .05, .075, .1, .25, .5, .75,
                                 1, 2.5, 5, 7.5, 10}));
  EXPECT_FALSE(options.scope_labels);
}

TEST_F(OptionsTest, TheDefaultBoundsAreOpenTelemetrys) {
  EXPECT_THAT(BoundsOf(Options(), "a", "ms", "a_milliseconds"),
              ElementsAre("0.0", "5.0", "10.0", "25.0", "50.0", "75.0", "100.0",
                          "250.0", "500.0", "750.0", "1000.0", "2500.0",
                          "5000.0", "7500.0", "10000.0", "+Inf"));
}

TEST_F(OptionsTest, TheDefaultBoundsOfSecondsAreAThousandth) {
  EXPECT_THAT(BoundsOf(Options(), "a", "s", "a_seconds"),
              ElementsAre("0.0", "0.005", "0.01", "0.025", "0.05", "0.075",
                          "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0",
                          "7.5", "10.0", "+Inf"));
}

TEST_F(OptionsTest, BoundsThatAreStatedAreTakenAsTheyAre) {
  MeterProviderOptions options = Options();
  options.bounds = {1, 2.5};
  EXPECT_THAT(BoundsOf(options, "a", "s", "a_seconds"),
              ElementsAre("1.0", "2.5", "+Inf"));
  EXPECT_THAT(BoundsOf(options, "a", "ms", "a_milliseconds"),
              ElementsAre("1.0", "2.5", "+Inf"));
}

TEST_F(OptionsTest, UpperBoundsAreInclusive) {
  MeterProviderOptions options = Options();
  options.bounds = {1, 2};
  PrometheusMeterProvider provider(options);
  const auto histogram = MeterOf(&provider)->CreateDoubleHistogram("a");
  for (const double value : {0.0, 1.0, 1.5, 2.0, 2.5}) {
    histogram->Record(value, Context{});
  }
  EXPECT_THAT(
      Samples(),
      ElementsAre("a_bucket{le=\"1.0\"} 2.0", "a_bucket{le=\"2.0\"} 4.0",
                  "a_bucket{le=\"+Inf\"} 5.0", "a_sum 7.0", "a_count 5.0"));
}

TEST_F(OptionsTest, APatternMayHaveStarsAndQuestionMarks) {
  const std::map<std::string, bool> matches = {{"http.server.duration", true},
                                               {"HTTP.*.Duration", true},
                                               {"*", true},
                                               {"http.?erver.*", true},
                                               {"*server*", true},
                                               {"**", true},
                                               {"h*t*p*n", true},
                                               {"", false},
                                               {"http", false},
                                               {"http.server.duration?", false},
                                               {"?http.server.duration", false},
                                               {"http-server-duration", false},
                                               {"*.seconds", false},
                                               {"http.server.duratio", false}};
  for (const auto& [pattern, is_match] : matches) {
    SCOPED_TRACE(pattern);
    const TemporaryDirectory directory;
    MeterProviderOptions options = Options();
    options.directory = directory.path();
    options.views = {WithBounds(pattern, {7})};
    PrometheusMeterProvider provider(options);
    MeterOf(&provider)
        ->CreateDoubleHistogram("http.server.duration")
        ->Record(1, Context{});
    EXPECT_EQ(SamplesOf(directory).size(), is_match ? 4U : 18U);
  }
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(OptionsTest, AViewMayBeForAUnit) {
  MeterProviderOptions options = Options();
  options.views = {WithBounds("*", {7}), WithBounds("*", {8})};
  options.views[0].unit = "s";
  options.views[1].unit = "";
  EXPECT_THAT(BoundsOf(options, "a", "s", "a_seconds"),
              ElementsAre("7.0", "+Inf"));
  EXPECT_THAT(BoundsOf(options, "b", "", "b"), ElementsAre("8.0", "+Inf"));
  EXPECT_THAT(BoundsOf(options, "c", "S", "c_S"), SizeIs(16));
  EXPECT_THAT(BoundsOf(options, "d", "ms", "d_milliseconds"), SizeIs(16));
}

TEST_F(OptionsTest, TheFirstViewThatStatesAPropertyDecidesIt) {
  View keys = ForInstruments("*");
  keys.attribute_keys = std::vector<std::string>{"k"};
  keys.bounds = {3};
  View no_keys = ForInstruments("*");
  no_keys.attribute_keys = std::vector<std::string>();
  MeterProviderOptions options = Options();
  options.views = {ForInstruments("a"), WithBounds("a", {1, 2}), keys, no_keys,
                   WithBounds("*", {4})};
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider);
  for (const char* name : {"a", "b"}) {
    meter->CreateDoubleHistogram(name)->Record(1, {{"k", "v"}, {"l", "w"}},
                                               Context{});
  }
  EXPECT_THAT(
      Samples(),
      ElementsAre("a_bucket{k=\"v\",le=\"1.0\"} 1.0",
                  "a_bucket{k=\"v\",le=\"2.0\"} 1.0",
                  "a_bucket{k=\"v\",le=\"+Inf\"} 1.0", "a_sum{k=\"v\"} 1.0",
                  "a_count{k=\"v\"} 1.0", "b_bucket{k=\"v\",le=\"3.0\"} 1.0",
                  "b_bucket{k=\"v\",le=\"+Inf\"} 1.0", "b_sum{k=\"v\"} 1.0",
                  "b_count{k=\"v\"} 1.0"));
}

TEST_F(OptionsTest, AttributesThatAViewDoesNotKeepAreLeftOut) {
  View view = ForInstruments("a*");
  view.attribute_keys = std::vector<std::string>{"http.method", "code"};
  MeterProviderOptions options = Options();
  options.views = {view};
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  counter->Add(1, {{"http.method", "GET"}, {"user", 1}});
  counter->Add(1, {{"http.method", "GET"}, {"user", 2}});
  counter->Add(1, {{"user", 3}});
  counter->Add(1);
  // Keys are the application's, not the labels'.
  counter->Add(1, {{"http_method", "GET"}});
  meter->CreateUInt64Counter("b")->Add(1, {{"user", 1}});
  Callback callback([](const metrics::ObserverResult& result) {
    Observe(result, 1.0, {{"user", 1}});
    Observe(result, 2.0, {{"user", 2}});
  });
  const auto observable = meter->CreateDoubleObservableCounter("a.observed");
  callback.AddTo(observable.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(),
              ElementsAre("a_total 3.0", "a_total{http_method=\"GET\"} 2.0",
                          "a_observed_total 3.0", "b_total{user=\"1\"} 1.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(OptionsTest, AViewsModeIsOfGaugesAndUpDownCounters) {
  View view = ForInstruments("*.max");
  view.mode = GaugeMode::kMax;
  MeterProviderOptions options = Options();
  options.views = {view};
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider);
  Callback callback(Observing(1.0));
  const auto gauge = meter->CreateDoubleObservableGauge("g.max");
  const auto other_gauge = meter->CreateDoubleObservableGauge("g");
  const auto updown = meter->CreateDoubleObservableUpDownCounter("o.max");
  for (auto* instrument : {gauge.get(), other_gauge.get(), updown.get()}) {
    callback.AddTo(instrument);
  }
  EXPECT_TRUE(provider.Collect());
  meter->CreateInt64UpDownCounter("u.max")->Add(1);
  meter->CreateInt64UpDownCounter("u")->Add(1);
  meter->CreateUInt64Counter("c.max")->Add(1);
  std::vector<std::string> kinds;
  for (const RawEntry& entry : RawEntries()) {
    kinds.push_back(entry.file + " " +
                    entry.key.substr(0, entry.key.find(',')));
  }
  EXPECT_THAT(kinds, UnorderedElementsAre(R"(counter_PID.db ["c_max")",
                                          R"(gauge_livemostrecent_PID.db ["g")",
                                          R"(gauge_livesum_PID.db ["u")",
                                          R"(gauge_max_PID.db ["g_max")",
                                          R"(gauge_max_PID.db ["o_max")",
                                          R"(gauge_max_PID.db ["u_max")"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(OptionsTest, EveryModeHasItsFile) {
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
  std::vector<std::string> expected;
  for (const auto& [mode, name] : modes) {
    MeterProviderOptions options = Options();
    options.gauge_mode = mode;
    options.up_down_counter_mode = mode;
    PrometheusMeterProvider provider(options);
    const auto meter = MeterOf(&provider);
    meter->CreateDoubleUpDownCounter("u_" + name)->Add(2);
    meter->CreateDoubleUpDownCounter("u_" + name)->Add(-0.5);
    Callback callback(Observing(3.0));
    const auto gauge = meter->CreateDoubleObservableGauge("g_" + name);
    callback.AddTo(gauge.get());
    EXPECT_TRUE(provider.Collect());
    const std::string file = "gauge_" + name + "_PID.db";
    for (const char* kind : {"u", "g"}) {
      const std::string metric = kind + ("_" + name);
      EXPECT_THAT(Entries(),
                  Contains(file + " [\"" + metric + "\", \"" + metric +
                           "\", {}, \"\"] " + (*kind == 'u' ? "1.5" : "3.0")));
    }
  }
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(OptionsTest, BoundsThatAreNoneAreReportedAndIgnored) {
  const std::vector<std::vector<double>> invalid = {
      {2, 1}, {1, 1}, {kNan}, {1, kNan, 2}, {-kInfinity, 1, 0}};
  for (const std::vector<double>& bounds : invalid) {
    const std::size_t reports = Errors().size();
    MeterProviderOptions options = Options();
    options.bounds = bounds;
    EXPECT_THAT(BoundsOf(options, "a", "", "a"), SizeIs(16));
    EXPECT_THAT(Errors(), SizeIs(reports + 1));
    options.bounds.reset();
    options.views = {WithBounds("v", bounds)};
    EXPECT_THAT(BoundsOf(options, "v", "", "v"), SizeIs(16));
    EXPECT_THAT(Errors(), SizeIs(reports + 2));
  }
}

TEST_F(OptionsTest, ScopeLabelsTellTheMeter) {
  MeterProviderOptions options = Options();
  options.scope_labels = true;
  PrometheusMeterProvider provider(options);
  MeterOf(&provider, "shop", "1.2", "https://schema")
      ->CreateUInt64Counter("a")
      ->Add(1, {{"k", "v"}});
  MeterOf(&provider, "other")->CreateUInt64Counter("a")->Add(1);
  EXPECT_THAT(
      Entries(),
      ElementsAre(
          R"(counter_PID.db ["a", "a_total", {"k": "v", )"
          R"("otel_scope_name": "shop", )"
          R"("otel_scope_schema_url": "https://schema", )"
          R"("otel_scope_version": "1.2"}, ""] 1.0)",
          R"(counter_PID.db ["a", "a_total", {"otel_scope_name": "other", )"
          R"("otel_scope_schema_url": "", "otel_scope_version": ""}, ""] )"
          "1.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
TEST_F(OptionsTest, ScopeLabelsTellTheMetersAttributes) {
  MeterProviderOptions options = Options();
  options.scope_labels = true;
  PrometheusMeterProvider provider(options);
  provider
      .GetMeter("shop", "1.2", "",
                {{"team.name", "a"}, {"shard", 3}, {"name", "not this"}})
      ->CreateUInt64Counter("a")
      ->Add(1);
  provider.GetMeter("shop", "1.2", "", {{"shard", 4}, {"team.name", "a"}})
      ->CreateUInt64Counter("a")
      ->Add(1);
  EXPECT_THAT(Samples(),
              ElementsAre("a_total{otel_scope_name=\"shop\","
                          "otel_scope_schema_url=\"\",otel_scope_shard=\"3\","
                          "otel_scope_team_name=\"a\","
                          "otel_scope_version=\"1.2\"} 1.0",
                          "a_total{otel_scope_name=\"shop\","
                          "otel_scope_schema_url=\"\",otel_scope_shard=\"4\","
                          "otel_scope_team_name=\"a\","
                          "otel_scope_version=\"1.2\"} 1.0"));
}
#endif

TEST_F(OptionsTest, TheResourceIsToldInTargetInfo) {
  MeterProviderOptions options = Options();
  options.resource = {{"service.name", "shop"}, {"service.version", "1.2"}};
  PrometheusMeterProvider provider(options);
  MeterOf(&provider)->CreateUInt64Counter("a")->Add(1);
  EXPECT_THAT(
      Entries(),
      ElementsAre(R"(counter_PID.db ["a", "a_total", {}, ""] 1.0)",
                  R"(gauge_max_PID.db ["target_info", "target_info", )"
                  R"({"service_name": "shop", "service_version": "1.2"}, )"
                  R"("Target metadata"] 1.0)"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(OptionsTest, WithoutAResourceThereIsNoTargetInfo) {
  PrometheusMeterProvider provider(Options());
  MeterOf(&provider)->CreateUInt64Counter("a")->Add(1);
  EXPECT_THAT(Entries(), ElementsAre(StartsWith("counter_PID.db ")));
}

TEST_F(OptionsTest, WhatIsOverTheLimitIsCountedInOneSeries) {
  MeterProviderOptions options = Options();
  options.cardinality_limit = 3;
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto histogram = meter->CreateUInt64Histogram("h");
  for (int round = 0; round < 2; ++round) {
    counter->Add(1);
    for (int i = 0; i < 10; ++i) counter->Add(1, {{"k", i}});
    for (int i = 0; i < 5; ++i) histogram->Record(1, {{"k", i}}, Context{});
  }
  EXPECT_EQ(Value("a_total"), 2);
  EXPECT_EQ(Value("a_total{k=\"0\"}"), 2);
  EXPECT_EQ(Value("a_total{k=\"1\"}"), 2);
  EXPECT_EQ(Value("a_total{k=\"2\"}"), std::nullopt);
  EXPECT_EQ(Value("a_total{otel_metric_overflow=\"true\"}"), 16);
  EXPECT_EQ(Value("h_count{k=\"2\"}"), 2);
  EXPECT_EQ(Value("h_count{otel_metric_overflow=\"true\"}"), 4);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a"), HasSubstr("h")));
}

TEST_F(OptionsTest, ALimitIsForEachInstrument) {
  MeterProviderOptions options = Options();
  options.cardinality_limit = 1;
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a")->Add(1, {{"k", 1}});
  meter->CreateUInt64Counter("b")->Add(1, {{"k", 2}});
  EXPECT_THAT(Samples(),
              ElementsAre("a_total{k=\"1\"} 1.0", "b_total{k=\"2\"} 1.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(OptionsTest, ObservedSeriesOverTheLimitAddUp) {
  MeterProviderOptions options = Options();
  options.cardinality_limit = 2;
  PrometheusMeterProvider provider(options);
  Callback callback([](const metrics::ObserverResult& result) {
    for (std::int64_t i = 0; i < 5; ++i) Observe(result, i, {{"k", i}});
  });
  const auto counter = MeterOf(&provider)->CreateInt64ObservableCounter("a");
  callback.AddTo(counter.get());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(provider.Collect());
    EXPECT_THAT(Samples(),
                ElementsAre("a_total{k=\"0\"} 0.0", "a_total{k=\"1\"} 1.0",
                            "a_total{otel_metric_overflow=\"true\"} 9.0"));
  }
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a")));
}

TEST_F(OptionsTest, TheLimitIs2000Unless0SaysThereIsNone) {
  MeterProviderOptions options = Options();
  for (const std::size_t limit : {std::size_t{2000}, std::size_t{0}}) {
    const TemporaryDirectory directory;
    options.directory = directory.path();
    if (limit == 0) options.cardinality_limit = limit;
    PrometheusMeterProvider provider(options);
    const auto counter = MeterOf(&provider)->CreateUInt64Counter("a");
    for (int i = 0; i < 2100; ++i) counter->Add(1, {{"k", i}});
    EXPECT_EQ(RawEntriesOf(directory).size(), limit == 0 ? 2100U : 2001U);
    EXPECT_THAT(Errors(), SizeIs(1));
  }
}

TEST_F(OptionsTest, AnIdentifierNamesTheFiles) {
  MeterProviderOptions options = Options();
  options.identifier = ProcessIdentifier([] { return std::string("web-1"); });
  options.gauge_mode = GaugeMode::kAll;
  {
    PrometheusMeterProvider provider(options);
    const auto meter = MeterOf(&provider);
    meter->CreateUInt64Counter("a")->Add(1);
    Callback callback(Observing(1.0));
    const auto gauge = meter->CreateDoubleObservableGauge("g");
    callback.AddTo(gauge.get());
    EXPECT_TRUE(provider.Collect());
    EXPECT_THAT(Samples(), ElementsAre("a_total 1.0", "g{pid=\"web-1\"} 1.0"));
  }
  options.identifier = ProcessIdentifier::Slot();
  PrometheusMeterProvider provider(options);
  MeterOf(&provider)->CreateUInt64Counter("a")->Add(1);
  EXPECT_THAT(Entries(), ElementsAre(StartsWith("counter_slot0.db "),
                                     StartsWith("counter_web-1.db "),
                                     StartsWith("gauge_all_web-1.db ")));
}

}  // namespace
}  // namespace promshm::testing
