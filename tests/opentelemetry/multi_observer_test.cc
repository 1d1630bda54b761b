#include "promshm/meter_provider.h"

#ifdef PROMSHM_HAS_MULTI_OBSERVER

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/multi_observer_result.h>
#include <opentelemetry/metrics/noop.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/span.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/opentelemetry/provider_testing.h"

namespace promshm::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Purpose: a callback of several instruments, registered as long as it lives.
class MultiCallback {
 public:
  using Body = std::function<void(metrics::MultiObserverResult* result)>;

  MultiCallback(nostd::shared_ptr<metrics::Meter> meter,
                std::vector<metrics::ObservableInstrument*> instruments,
                Body body)
      : meter_(std::move(meter)),
        body_(std::move(body)),
        id_(meter_->RegisterCallback(
            &Run, this,
            nostd::span<metrics::ObservableInstrument*>(instruments.data(),
                                                        instruments.size()))) {}
  ~MultiCallback() { Deregister(); }
  MultiCallback(const MultiCallback&) = delete;
  MultiCallback& operator=(const MultiCallback&) = delete;

  void Deregister() { meter_->DeregisterCallback(id_); }

  std::uintptr_t id() const { return id_; }
  int runs() const { return runs_; }

 private:
  static void Run(metrics::MultiObserverResult& result, void* state) {
    auto* const callback = static_cast<MultiCallback*>(state);
    ++callback->runs_;
    callback->body_(&result);
  }

  const nostd::shared_ptr<metrics::Meter> meter_;
  const Body body_;
  std::atomic<int> runs_{0};
  const std::uintptr_t id_;
};

class MultiObserverTest : public ProviderTest {};

TEST_F(MultiObserverTest, OneCallbackObservesSeveralInstruments) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto a = meter->CreateInt64ObservableCounter("a");
  const auto b = meter->CreateDoubleObservableUpDownCounter("b");
  const auto c = meter->CreateDoubleObservableGauge("c");
  double value = 1;
  const MultiCallback callback(
      meter, {a.get(), b.get(), c.get()},
      [&](metrics::MultiObserverResult* result) {
        result->ForInstrument<std::int64_t>(a.get()).Observe(
            static_cast<std::int64_t>(value));
        result->ForInstrument<double>(b.get()).Observe(-value, {{"k", "v"}});
        result->ForInstrument<double>(c.get()).Observe(value / 2);
      });
  EXPECT_NE(callback.id(), 0U);
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(),
              ElementsAre("a_total 1.0", "b{k=\"v\"} -1.0", "c 0.5"));
  value = 5;
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(),
              ElementsAre("a_total 5.0", "b{k=\"v\"} -5.0", "c 2.5"));
  EXPECT_EQ(callback.runs(), 2);
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(MultiObserverTest, WhatIsNotInTheRegistrationIsDiscarded) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto a = meter->CreateInt64ObservableCounter("a");
  const auto b = meter->CreateInt64ObservableCounter("b");
  const MultiCallback callback(
      meter, {a.get()}, [&](metrics::MultiObserverResult* result) {
        result->ForInstrument<std::int64_t>(a.get()).Observe(1);
        result->ForInstrument<std::int64_t>(b.get()).Observe(2);
        result->ForInstrument<double>(b.get()).Observe(2.5, {{"k", "v"}});
        result->ForInstrument<std::int64_t>(nullptr).Observe(3);
      });
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(MultiObserverTest, ADeregisteredCallbackDoesNotRun) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto a = meter->CreateInt64ObservableCounter("a");
  const auto observe = [&](metrics::MultiObserverResult* result) {
    result->ForInstrument<std::int64_t>(a.get()).Observe(1);
  };
  MultiCallback first(meter, {a.get()}, observe);
  const MultiCallback second(meter, {a.get()}, observe);
  EXPECT_NE(first.id(), second.id());
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("a_total 2.0"));
  first.Deregister();
  first.Deregister();
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(first.runs(), 1);
  EXPECT_EQ(second.runs(), 2);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

TEST_F(MultiObserverTest, AnInstrumentMayEndBeforeItsCallback) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  auto a = meter->CreateInt64ObservableCounter("a");
  const auto b = meter->CreateInt64ObservableCounter("b");
  const metrics::ObservableInstrument* const ended = a.get();
  const MultiCallback callback(
      meter, {a.get(), b.get()}, [&](metrics::MultiObserverResult* result) {
        result->ForInstrument<std::int64_t>(ended).Observe(1);
        result->ForInstrument<std::int64_t>(b.get()).Observe(2);
      });
  a = nostd::shared_ptr<metrics::ObservableInstrument>();
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(callback.runs(), 1);
  EXPECT_EQ(Value("b_total"), 2);
}

TEST_F(MultiObserverTest, ACallbackThatThrowsIsReported) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto a = meter->CreateInt64ObservableCounter("a");
  const MultiCallback throwing(meter, {a.get()},
                               [](metrics::MultiObserverResult*) {
                                 throw std::runtime_error("no weather");
                               });
  const MultiCallback after(
      meter, {a.get()}, [&](metrics::MultiObserverResult* result) {
        result->ForInstrument<std::int64_t>(a.get()).Observe(1);
      });
  provider.Collect();
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("no weather")));
}

TEST_F(MultiObserverTest, ARemovedMetersCallbacksDoNotRun) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider, "m");
  const auto a = meter->CreateInt64ObservableCounter("a");
  Callback single(Observing(std::int64_t{1}));
  single.AddTo(a.get());
  const MultiCallback several(
      meter, {a.get()}, [&](metrics::MultiObserverResult* result) {
        result->ForInstrument<std::int64_t>(a.get()).Observe(1);
      });
  provider.RemoveMeter("m");
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(single.runs() + several.runs(), 0);
}

TEST_F(MultiObserverTest, InstrumentsOfOtherProvidersAreDiscarded) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto a = meter->CreateInt64ObservableCounter("a");
  metrics::NoopObservableInstrument foreign("b", "", "");
  const MultiCallback callback(
      meter, {&foreign, nullptr, a.get()},
      [&](metrics::MultiObserverResult* result) {
        result->ForInstrument<std::int64_t>(&foreign).Observe(2);
        result->ForInstrument<std::int64_t>(a.get()).Observe(1);
      });
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.0"));
}

}  // namespace
}  // namespace promshm::testing

#endif  // PROMSHM_HAS_MULTI_OBSERVER
