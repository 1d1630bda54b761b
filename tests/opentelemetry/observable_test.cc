#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/observer_result.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "promshm/gauge_mode.h"
#include "promshm/meter_provider.h"
#include "tests/opentelemetry/provider_testing.h"

namespace promshm::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ObservableTest : public ProviderTest {};

void Sleep(std::chrono::milliseconds time) {
  const timespec duration{0, static_cast<long>(time.count()) * 1'000'000};
  nanosleep(&duration, nullptr);
}

TEST_F(ObservableTest, EveryKindShowsWhatIsObserved) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  std::int64_t integer = 7;
  double real = 0.5;
  Callback integers([&](const metrics::ObserverResult& result) {
    Observe(result, integer);
    Observe(result, integer + 1, {{"k", "v"}});
  });
  Callback reals([&](const metrics::ObserverResult& result) {
    Observe(result, real);
    Observe(result, real + 1, {{"k", "v"}});
  });
  const auto a = meter->CreateInt64ObservableCounter("a");
  const auto b = meter->CreateDoubleObservableCounter("b");
  const auto c = meter->CreateInt64ObservableUpDownCounter("c");
  const auto d = meter->CreateDoubleObservableUpDownCounter("d");
  const auto e = meter->CreateInt64ObservableGauge("e");
  const auto f = meter->CreateDoubleObservableGauge("f");
  for (auto* instrument : {a.get(), c.get(), e.get()}) {
    integers.AddTo(instrument);
  }
  for (auto* instrument : {b.get(), d.get(), f.get()}) {
    reals.AddTo(instrument);
  }
  EXPECT_THAT(Samples(), IsEmpty());
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(),
              ElementsAre("a_total 7.0", "a_total{k=\"v\"} 8.0", "b_total 0.5",
                          "b_total{k=\"v\"} 1.5", "c 7.0", "c{k=\"v\"} 8.0",
                          "d 0.5", "d{k=\"v\"} 1.5", "e 7.0", "e{k=\"v\"} 8.0",
                          "f 0.5", "f{k=\"v\"} 1.5"));
  integer = 9;
  real = 2.5;
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(),
              ElementsAre("a_total 9.0", "a_total{k=\"v\"} 10.0", "b_total 2.5",
                          "b_total{k=\"v\"} 3.5", "c 9.0", "c{k=\"v\"} 10.0",
                          "d 2.5", "d{k=\"v\"} 3.5", "e 9.0", "e{k=\"v\"} 10.0",
                          "f 2.5", "f{k=\"v\"} 3.5"));
  EXPECT_EQ(integers.runs(), 6);
  EXPECT_EQ(reals.runs(), 6);
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ObservableTest, UpDownCountersAndGaugesMayBeNegative) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  Callback callback(Observing(-1.5));
  const auto updown = meter->CreateDoubleObservableUpDownCounter("a");
  const auto gauge = meter->CreateDoubleObservableGauge("b");
  callback.AddTo(updown.get());
  callback.AddTo(gauge.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("a -1.5", "b -1.5"));
  EXPECT_EQ(provider.RefusedMeasurements(), 0U);
}

TEST_F(ObservableTest, ObservationsOfOneSeriesAddUpExceptOfAGauge) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  Callback callback([](const metrics::ObserverResult& result) {
    Observe(result, 1.0, {{"a", 1}, {"b", 2}});
    Observe(result, 2.0, {{"b", 2}, {"a", 1}});
  });
  const auto counter = meter->CreateDoubleObservableCounter("c");
  const auto updown = meter->CreateDoubleObservableUpDownCounter("d");
  const auto gauge = meter->CreateDoubleObservableGauge("e");
  for (auto* instrument : {counter.get(), updown.get(), gauge.get()}) {
    callback.AddTo(instrument);
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(provider.Collect());
    EXPECT_THAT(Samples(), ElementsAre("c_total{a=\"1\",b=\"2\"} 3.0",
                                       "d{a=\"1\",b=\"2\"} 3.0",
                                       "e{a=\"1\",b=\"2\"} 2.0"));
  }
}

TEST_F(ObservableTest, AttributeSetsThatAreOneSeriesAreObservedTogether) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  bool both = true;
  Callback callback([&both](const metrics::ObserverResult& result) {
    Observe(result, 1.0, {{"a.b", 5}});
    if (both) Observe(result, 2.0, {{"a_b", 5}});
  });
  const auto counter = meter->CreateDoubleObservableCounter("c");
  const auto updown = meter->CreateDoubleObservableUpDownCounter("d");
  const auto gauge = meter->CreateDoubleObservableGauge("e");
  for (auto* instrument : {counter.get(), updown.get(), gauge.get()}) {
    callback.AddTo(instrument);
  }
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("c_total{a_b=\"5\"} 3.0",
                                     "d{a_b=\"5\"} 3.0", "e{a_b=\"5\"} 2.0"));
  both = false;
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("c_total{a_b=\"5\"} 1.0",
                                     "d{a_b=\"5\"} 1.0", "e{a_b=\"5\"} 1.0"));
}

TEST_F(ObservableTest, EveryCallbackOfAnInstrumentRuns) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  Callback first(Observing(1.0));
  Callback second(Observing(2.0));
  const auto counter = meter->CreateDoubleObservableCounter("a");
  const auto again = meter->CreateDoubleObservableCounter("a");
  first.AddTo(counter.get());
  second.AddTo(again.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(first.runs(), 1);
  EXPECT_EQ(second.runs(), 1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 3.0"));
}

TEST_F(ObservableTest, ACallbackAddedTwiceRunsOnce) {
  PrometheusMeterProvider provider(Options());
  Callback callback(Observing(1.0));
  const auto counter = MeterOf(&provider)->CreateDoubleObservableCounter("a");
  callback.AddTo(counter.get());
  callback.AddTo(counter.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(callback.runs(), 1);
  callback.RemoveFrom(counter.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(callback.runs(), 1);
}

TEST_F(ObservableTest, ARemovedCallbackDoesNotRun) {
  PrometheusMeterProvider provider(Options());
  Callback removed(Observing(1.0));
  Callback kept(Observing(2.0));
  const auto counter = MeterOf(&provider)->CreateDoubleObservableCounter("a");
  removed.AddTo(counter.get());
  kept.AddTo(counter.get());
  removed.RemoveFrom(counter.get());
  removed.RemoveFrom(counter.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(removed.runs(), 0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 2.0"));
}

TEST_F(ObservableTest, TheEndOfAnInstrumentEndsItsCallbacks) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  Callback callback(Observing(1.0));
  {
    const auto counter = meter->CreateDoubleObservableCounter("a");
    callback.AddTo(counter.get());
    EXPECT_TRUE(provider.Collect());
  }
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(callback.runs(), 1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(ObservableTest, ACallbackMayAddAndRemoveCallbacks) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateDoubleObservableCounter("a");
  Callback added(Observing(2.0));
  Callback* self = nullptr;
  Callback first([&](const metrics::ObserverResult& result) {
    Observe(result, 1.0);
    added.AddTo(counter.get());
    self->RemoveFrom(counter.get());
  });
  self = &first;
  first.AddTo(counter.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(first.runs(), 1);
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(first.runs(), 1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 2.0"));
}

TEST_F(ObservableTest, ACallbackMayMakeAndCountAndEndInstruments) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  auto gauge = meter->CreateDoubleObservableGauge("a");
  Callback callback([&](const metrics::ObserverResult& result) {
    meter->CreateUInt64Counter("b")->Add(1);
    Observe(result, 1.0);
    gauge = nostd::shared_ptr<metrics::ObservableInstrument>();
  });
  callback.AddTo(gauge.get());
  provider.Collect();
  provider.Collect();
  EXPECT_EQ(callback.runs(), 1);
  EXPECT_EQ(Value("b_total"), 1);
}

TEST_F(ObservableTest, ACallbackCannotCollect) {
  PrometheusMeterProvider provider(Options());
  bool collected = true;
  bool flushed = true;
  Callback callback([&](const metrics::ObserverResult& result) {
    collected = provider.Collect();
    flushed = provider.ForceFlush();
    Observe(result, 1.0);
  });
  const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge("a");
  callback.AddTo(gauge.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_FALSE(collected);
  EXPECT_FALSE(flushed);
  EXPECT_THAT(Samples(), ElementsAre("a 1.0"));
}

TEST_F(ObservableTest, ACallbackThatThrowsIsReportedAndTheOthersRun) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  Callback before(Observing(1.0));
  Callback throwing([](const metrics::ObserverResult&) {
    throw std::runtime_error("no weather");
  });
  Callback after(Observing(2.0));
  const auto a = meter->CreateDoubleObservableGauge("a");
  const auto b = meter->CreateDoubleObservableGauge("b");
  const auto c = meter->CreateDoubleObservableGauge("c");
  before.AddTo(a.get());
  throwing.AddTo(b.get());
  after.AddTo(c.get());
  provider.Collect();
  EXPECT_THAT(Samples(), ElementsAre("a 1.0", "c 2.0"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("no weather")));
}

struct Unobserved {
  GaugeMode mode;
  std::optional<double> value;
};

TEST_F(ObservableTest, TheModeSaysWhatBecomesOfASeriesNotObservedAnyMore) {
  for (const auto& [mode, value] :
       std::vector<Unobserved>{{GaugeMode::kMin, 3},
                               {GaugeMode::kLiveMin, 3},
                               {GaugeMode::kMax, 3},
                               {GaugeMode::kLiveMax, 3},
                               {GaugeMode::kSum, 0},
                               {GaugeMode::kLiveSum, 0},
                               {GaugeMode::kMostRecent, std::nullopt},
                               {GaugeMode::kLiveMostRecent, std::nullopt}}) {
    const std::string number = std::to_string(static_cast<int>(mode));
    SCOPED_TRACE(number);
    MeterProviderOptions options = Options();
    options.gauge_mode = mode;
    options.up_down_counter_mode = mode;
    PrometheusMeterProvider provider(options);
    const auto meter = MeterOf(&provider);
    bool observed = true;
    Callback callback([&observed](const metrics::ObserverResult& result) {
      Observe(result, 1.0);
      if (observed) Observe(result, 3.0, {{"k", "v"}});
    });
    const auto updown =
        meter->CreateDoubleObservableUpDownCounter("u" + number);
    const auto gauge = meter->CreateDoubleObservableGauge("g" + number);
    callback.AddTo(updown.get());
    callback.AddTo(gauge.get());
    const std::string labels = number + "{k=\"v\"}";
    EXPECT_TRUE(provider.Collect());
    EXPECT_EQ(Value("u" + labels), 3);
    EXPECT_EQ(Value("g" + labels), 3);
    observed = false;
    EXPECT_TRUE(provider.Collect());
    EXPECT_EQ(Value("u" + labels), value);
    EXPECT_EQ(Value("g" + labels), value);
    EXPECT_EQ(Value("u" + number), 1);
    EXPECT_EQ(Value("g" + number), 1);
    observed = true;
    EXPECT_TRUE(provider.Collect());
    EXPECT_EQ(Value("u" + labels), 3);
    EXPECT_EQ(Value("g" + labels), 3);
  }
}

TEST_F(ObservableTest, WithALabelPidAValueNotObservedAnyMoreStays) {
  for (const GaugeMode mode : {GaugeMode::kAll, GaugeMode::kLiveAll}) {
    MeterProviderOptions options = Options();
    options.gauge_mode = mode;
    PrometheusMeterProvider provider(options);
    Callback callback(Observing(3.0));
    const std::string name = mode == GaugeMode::kAll ? "all" : "liveall";
    const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge(name);
    callback.AddTo(gauge.get());
    EXPECT_TRUE(provider.Collect());
    callback.RemoveFrom(gauge.get());
    EXPECT_TRUE(provider.Collect());
    EXPECT_EQ(Value(name + "{pid=\"PID\"}"), 3);
  }
}

TEST_F(ObservableTest, ACounterNotObservedAnyMoreStays) {
  PrometheusMeterProvider provider(Options());
  Callback callback(Observing(3.0));
  const auto counter = MeterOf(&provider)->CreateDoubleObservableCounter("a");
  callback.AddTo(counter.get());
  EXPECT_TRUE(provider.Collect());
  callback.RemoveFrom(counter.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("a_total 3.0"));
}

TEST_F(ObservableTest, AResultIsOfNoUseAfterItsCallback) {
  PrometheusMeterProvider provider(Options());
  std::optional<metrics::ObserverResult> kept;
  Callback callback([&kept](const metrics::ObserverResult& result) {
    kept = result;
    Observe(result, 1.0);
  });
  auto counter = MeterOf(&provider)->CreateDoubleObservableCounter("a");
  callback.AddTo(counter.get());
  EXPECT_TRUE(provider.Collect());
  ASSERT_TRUE(kept.has_value());
  Observe(*kept, 5.0);
  Observe(*kept, 5.0, {{"k", "v"}});
  callback.RemoveFrom(counter.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
  counter = nostd::shared_ptr<metrics::ObservableInstrument>();
  Observe(*kept, 5.0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(ObservableTest, CollectIsFalseWhenItsTimeIsOverBeforeTheLastCallback) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  bool slow = true;
  Callback first([&slow](const metrics::ObserverResult& result) {
    if (slow) Sleep(std::chrono::milliseconds(50));
    Observe(result, 1.0);
  });
  Callback second(Observing(2.0));
  const auto a = meter->CreateDoubleObservableCounter("a");
  const auto b = meter->CreateDoubleObservableGauge("b");
  first.AddTo(a.get());
  second.AddTo(b.get());
  EXPECT_FALSE(provider.ForceFlush(std::chrono::milliseconds(1)));
  EXPECT_FALSE(provider.Collect(std::chrono::milliseconds(1)));
  EXPECT_EQ(second.runs(), 0);
  EXPECT_THAT(Samples(), IsEmpty());
  slow = false;
  EXPECT_TRUE(provider.ForceFlush());
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0", "b 2.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ObservableTest, NothingIsCollectedAfterShutdown) {
  PrometheusMeterProvider provider(Options());
  Callback callback(Observing(1.0));
  const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge("a");
  callback.AddTo(gauge.get());
  EXPECT_TRUE(provider.Shutdown());
  EXPECT_FALSE(provider.Collect());
  EXPECT_FALSE(provider.ForceFlush());
  EXPECT_TRUE(provider.Shutdown());
  EXPECT_EQ(callback.runs(), 1);
  EXPECT_THAT(Samples(), ElementsAre("a 1.0"));
}

}  // namespace
}  // namespace promshm::testing
