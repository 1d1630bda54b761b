#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/noop.h>
#include <opentelemetry/metrics/provider.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/maintain.h"
#include "promshm/meter_provider.h"
#include "tests/opentelemetry/provider_testing.h"
#include "tests/support/child_process.h"

namespace promshm::testing {
namespace {

using ::opentelemetry::context::Context;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

class LifetimeTest : public ProviderTest {
 protected:
  ~LifetimeTest() override {
    metrics::Provider::SetMeterProvider(
        nostd::shared_ptr<metrics::MeterProvider>(
            new metrics::NoopMeterProvider));
  }
};

TEST_F(LifetimeTest, InstrumentsMayOutliveMeterAndProvider) {
  auto provider = std::make_unique<PrometheusMeterProvider>(Options());
  auto meter = MeterOf(provider.get());
  const auto counter = meter->CreateUInt64Counter("a");
  const auto updown = meter->CreateDoubleUpDownCounter("b");
  const auto histogram = meter->CreateDoubleHistogram("c");
  const auto observable = meter->CreateDoubleObservableGauge("d");
  counter->Add(1);
  provider.reset();
  counter->Add(1, {{"k", "v"}});
  const auto late = meter->CreateUInt64Counter("e");
  meter = nostd::shared_ptr<metrics::Meter>();
  counter->Add(1, {{"k", "v"}});
  updown->Add(-1);
  histogram->Record(1, {{"k", "v"}}, Context{});
  late->Add(1);
  Callback callback(Observing(1.0));
  callback.AddTo(observable.get());
  callback.RemoveFrom(observable.get());
  EXPECT_THAT(Samples(),
              IsSupersetOf({"a_total 1.0", "a_total{k=\"v\"} 2.0", "b -1.0",
                            "c_count{k=\"v\"} 1.0", "e_total 1.0"}));
}

TEST_F(LifetimeTest, AMeterOfAfterShutdownDoesNothing) {
  PrometheusMeterProvider provider(Options());
  const auto before = MeterOf(&provider)->CreateUInt64Counter("a");
  before->Add(1);
  EXPECT_TRUE(provider.Shutdown());
  const auto meter = MeterOf(&provider);
  ASSERT_TRUE(meter);
  meter->CreateUInt64Counter("b")->Add(1);
  meter->CreateDoubleHistogram("c")->Record(1, {{"k", "v"}}, Context{});
  Callback callback(Observing(1.0));
  const auto observable = meter->CreateDoubleObservableGauge("d");
  ASSERT_TRUE(observable);
  callback.AddTo(observable.get());
  provider.ForceFlush();
  EXPECT_EQ(callback.runs(), 0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(LifetimeTest, ShutdownCollectsForTheLastTime) {
  PrometheusMeterProvider provider(Options());
  Callback callback(Observing(3.0));
  const auto observable =
      MeterOf(&provider)->CreateDoubleObservableCounter("a");
  callback.AddTo(observable.get());
  EXPECT_TRUE(provider.Shutdown(std::chrono::seconds(60)));
  EXPECT_EQ(callback.runs(), 1);
  EXPECT_EQ(Value("a_total"), 3);
  provider.Shutdown();
  EXPECT_EQ(callback.runs(), 1);
}

TEST_F(LifetimeTest, ForceFlushCollects) {
  PrometheusMeterProvider provider(Options());
  Callback callback(Observing(3.0));
  const auto observable =
      MeterOf(&provider)->CreateDoubleObservableCounter("a");
  callback.AddTo(observable.get());
  EXPECT_TRUE(provider.ForceFlush());
  EXPECT_TRUE(provider.ForceFlush(std::chrono::seconds(60)));
  EXPECT_EQ(callback.runs(), 2);
  EXPECT_EQ(Value("a_total"), 3);
}

TEST_F(LifetimeTest, TheApiKnowsTheProviderThatIsSet) {
  const nostd::shared_ptr<metrics::MeterProvider> provider(
      new PrometheusMeterProvider(Options()));
  metrics::Provider::SetMeterProvider(provider);
  EXPECT_EQ(metrics::Provider::GetMeterProvider().get(), provider.get());
  metrics::Provider::GetMeterProvider()
      ->GetMeter("shop", "1.2")
      ->CreateUInt64Counter("orders")
      ->Add(1, {{"country", "DE"}});
  EXPECT_THAT(Samples(), ElementsAre("orders_total{country=\"DE\"} 1.0"));
}

TEST_F(LifetimeTest, TheDirectoryIsTheEnvironmentsWhereNoneIsNamed) {
  ASSERT_EQ(setenv("PROMETHEUS_MULTIPROC_DIR", directory_.path().c_str(), 1),
            0);
  {
    PrometheusMeterProvider provider;
    EXPECT_EQ(provider.directory(), directory_.path());
    MeterOf(&provider)->CreateUInt64Counter("a")->Add(1);
  }
  ASSERT_EQ(unsetenv("PROMETHEUS_MULTIPROC_DIR"), 0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(LifetimeTest, CountsOnceTheDirectoryIsThere) {
  MeterProviderOptions options = Options();
  options.directory = directory_.PathOf("later");
  PrometheusMeterProvider provider(options);
  EXPECT_EQ(provider.directory(), options.directory);
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("a");
  counter->Add(1);
  counter->Add(1, {{"k", "v"}});
  EXPECT_EQ(provider.DroppedMeasurements(), 2U);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr(options.directory)));
  ASSERT_EQ(mkdir(options.directory.c_str(), 0700), 0);
  EXPECT_TRUE(HoldsSoon([&] {
    const std::uint64_t dropped = provider.DroppedMeasurements();
    counter->Add(1, {{"k", "v"}});
    return provider.DroppedMeasurements() == dropped;
  }));
  EXPECT_THAT(Errors(), SizeIs(1));
}

TEST_F(LifetimeTest, WhatOnErrorThrowsIsSwallowed) {
  int calls = 0;
  MeterProviderOptions options = Options();
  options.on_error = [&calls](std::string_view) {
    ++calls;
    throw std::runtime_error("on_error");
  };
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider, "");
  meter->CreateUInt64Counter("1")->Add(1);
  const auto counter = meter->CreateDoubleCounter("a");
  counter->Add(-1);
  counter->Add(1, {{"", "v"}});
  Callback callback([](const metrics::ObserverResult&) {
    throw std::runtime_error("callback");
  });
  const auto gauge = meter->CreateDoubleObservableGauge("b");
  callback.AddTo(gauge.get());
  provider.Collect();
  EXPECT_EQ(calls, 5);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(LifetimeTest, NobodyNeedsToListenToErrors) {
  MeterProviderOptions options = Options();
  options.on_error = nullptr;
  PrometheusMeterProvider provider(options);
  const auto meter = MeterOf(&provider, "");
  meter->CreateUInt64Counter("1")->Add(1);
  const auto counter = meter->CreateDoubleCounter("a");
  counter->Add(-1);
  counter->Add(1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(LifetimeTest, InstrumentsOfBeforeAForkCountInTheChildren) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto updown = meter->CreateInt64UpDownCounter("b");
  const auto histogram = meter->CreateDoubleHistogram("c");
  counter->Add(5, {{"k", "v"}});
  updown->Add(5);
  const auto child = [&] {
    counter->Add(2, {{"k", "v"}});
    counter->Add(1);
    updown->Add(-1);
    histogram->Record(3, Context{});
    meter->CreateUInt64Counter("late")->Add(1);
    return provider.DroppedMeasurements() == 0 && Errors().empty() ? 0 : 1;
  };
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(StartChild(child));
  for (const pid_t pid : children) EXPECT_EQ(WaitForChild(pid), 0);
  EXPECT_EQ(Value("a_total{k=\"v\"}"), 5 + 4 * 2);
  EXPECT_EQ(Value("a_total"), 4);
  EXPECT_EQ(Value("b"), 5 - 4);
  EXPECT_EQ(Value("c_count"), 4);
  EXPECT_EQ(Value("late_total"), 4);
  // The parent's own stayed as it was.
  EXPECT_THAT(Entries(),
              IsSupersetOf({R"(counter_PID.db ["a", "a_total", )"
                            R"({"k": "v"}, ""] 5.0)",
                            R"(gauge_livesum_PID.db ["b", "b", {}, ""] 5.0)"}));
  const std::string own = "counter_" + std::to_string(children.front()) + ".db";
  EXPECT_THAT(Entries(), IsSupersetOf({own + R"( ["a", "a_total", )"
                                             R"({"k": "v"}, ""] 2.0)",
                                       own + R"( ["late", "late_total", )"
                                             R"({}, ""] 1.0)"}));
}

TEST_F(LifetimeTest, ObservableInstrumentsOfBeforeAForkAreAskedInTheChild) {
  PrometheusMeterProvider provider(Options());
  Callback callback(Observing(std::int64_t{3}));
  const auto counter = MeterOf(&provider)->CreateInt64ObservableCounter("a");
  callback.AddTo(counter.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(RunInChild([&] { return provider.Collect() ? 0 : 1; }), 0);
  EXPECT_EQ(Value("a_total"), 6);
}

TEST_F(LifetimeTest, LiveGaugesOfADeadProcessCanBeRemoved) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto updown = meter->CreateInt64UpDownCounter("b");
  updown->Add(1);
  const pid_t pid = StartChild([&] {
    counter->Add(2);
    updown->Add(2);
    return 0;
  });
  ASSERT_EQ(WaitForChild(pid), 0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 2.0", "b 3.0"));
  const Status status =
      MarkProcessDead(static_cast<std::uint64_t>(pid), directory_.path());
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_THAT(Samples(), ElementsAre("a_total 2.0", "b 1.0"));
}

}  // namespace
}  // namespace promshm::testing
