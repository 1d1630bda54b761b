#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/observer_result.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "promshm/meter_provider.h"
#include "promshm/process_identifier.h"
#include "tests/opentelemetry/provider_testing.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace promshm::testing {
namespace {

using ::testing::ElementsAre;

class PassTest : public ProviderTest {
 protected:
  static MeterProviderOptions WithoutThread(MeterProviderOptions options) {
    options.observe_interval = std::chrono::milliseconds(0);
    return options;
  }
};

TEST_F(PassTest, CallbackMayHaveAnotherProvidersPass) {
  const TemporaryDirectory other_directory;
  MeterProviderOptions other_options = WithoutThread(Options());
  other_options.directory = other_directory.path();
  PrometheusMeterProvider other(other_options);
  PrometheusMeterProvider provider(WithoutThread(Options()));
  const auto inner =
      MeterOf(&other)->CreateInt64ObservableUpDownCounter("inner");
  const auto outer =
      MeterOf(&provider)->CreateInt64ObservableUpDownCounter("outer");
  bool nested = true;
  Callback observes_inner([&](const metrics::ObserverResult& result) {
    // This pass is going on, however deep.
    nested = provider.Collect();
    Observe(result, std::int64_t{3});
  });
  Callback observes_outer([&](const metrics::ObserverResult& result) {
    EXPECT_TRUE(other.Collect());
    EXPECT_FALSE(provider.Collect());
    Observe(result, std::int64_t{5});
  });
  observes_inner.AddTo(inner.get());
  observes_outer.AddTo(outer.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_FALSE(nested);
  EXPECT_EQ(observes_inner.runs(), 1);
  EXPECT_THAT(Samples(), ElementsAre("outer 5.0"));
}

TEST_F(PassTest, ChildThatACallbackForksObservesForItself) {
  PrometheusMeterProvider provider(WithoutThread(Options()));
  const auto counter = MeterOf(&provider)->CreateInt64ObservableCounter("a");
  pid_t child = -1;
  Callback forks([&](const metrics::ObserverResult& result) {
    Observe(result, std::int64_t{4});
    if (child < 0) child = fork();
  });
  forks.AddTo(counter.get());
  const bool collected = provider.Collect();
  if (child == 0) _exit(!collected && provider.Collect() ? 0 : 1);
  EXPECT_TRUE(collected);
  EXPECT_EQ(WaitForChild(child), 0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 8.0"));
}

TEST_F(PassTest, WhatAnotherThreadWasObservingIsForgottenInAChild) {
  if (kSanitized) GTEST_SKIP() << "forks beside a thread";
  PrometheusMeterProvider provider(WithoutThread(Options()));
  const auto counter = MeterOf(&provider)->CreateInt64ObservableCounter("a");
  std::mutex mutex;
  std::condition_variable changed;
  bool is_half_done = false;
  bool may_go_on = false;
  const pid_t parent = getpid();
  Callback waits([&](const metrics::ObserverResult& result) {
    Observe(result, std::int64_t{100});
    if (getpid() != parent) return;
    std::unique_lock lock(mutex);
    is_half_done = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_go_on; });
  });
  waits.AddTo(counter.get());
  std::thread passing([&] { EXPECT_TRUE(provider.Collect()); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_half_done; });
  }
  EXPECT_EQ(RunInChild([&] { return provider.Collect() ? 0 : 1; }), 0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 100.0"));
  {
    const std::lock_guard lock(mutex);
    may_go_on = true;
  }
  changed.notify_all();
  passing.join();
  EXPECT_THAT(Samples(), ElementsAre("a_total 200.0"));
}

TEST_F(PassTest, ObservedCountersGoOnFromWhatAnEarlierProcessLeft) {
  MeterProviderOptions options = WithoutThread(Options());
  options.identifier = ProcessIdentifier::Slot();
  for (const std::int64_t observed : {100, 5}) {
    PrometheusMeterProvider provider(options);
    const auto counter = MeterOf(&provider)->CreateInt64ObservableCounter("a");
    Callback callback(Observing(observed));
    callback.AddTo(counter.get());
    EXPECT_TRUE(provider.Collect());
    EXPECT_TRUE(provider.Collect());
  }
  EXPECT_THAT(Samples(), ElementsAre("a_total 105.0"));
}

TEST_F(PassTest, NobodyWaitsForACallbackThatShutdownGaveUp) {
  auto provider =
      std::make_unique<PrometheusMeterProvider>(WithoutThread(Options()));
  auto counter = MeterOf(provider.get())->CreateInt64ObservableCounter("a");
  std::mutex mutex;
  std::condition_variable changed;
  bool is_running = false;
  bool may_end = false;
  Callback stays([&](const metrics::ObserverResult& /*result*/) {
    std::unique_lock lock(mutex);
    is_running = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_end; });
  });
  stays.AddTo(counter.get());
  std::thread passing([&] { provider->Collect(); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_running; });
  }
  EXPECT_FALSE(provider->Shutdown(std::chrono::milliseconds(1)));
  counter = nullptr;  // comes back
  {
    const std::lock_guard lock(mutex);
    may_end = true;
  }
  changed.notify_all();
  passing.join();
}

}  // namespace
}  // namespace promshm::testing
