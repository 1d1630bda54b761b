#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/observer_result.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>

#include "promshm/meter_provider.h"
#include "tests/opentelemetry/provider_testing.h"
#include "tests/support/child_process.h"

namespace promshm::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The thread that runs callbacks.
class ObserveIntervalTest : public ProviderTest {
 protected:
  MeterProviderOptions Every(std::chrono::milliseconds interval) {
    MeterProviderOptions options = Options();
    options.observe_interval = interval;
    return options;
  }
};

constexpr std::chrono::milliseconds kShort(5);

TEST_F(ObserveIntervalTest, CallbacksRunByThemselves) {
  PrometheusMeterProvider provider(Every(kShort));
  std::atomic<std::int64_t> value{1};
  Callback callback([&value](const metrics::ObserverResult& result) {
    Observe(result, value.load());
  });
  const auto gauge = MeterOf(&provider)->CreateInt64ObservableGauge("a");
  callback.AddTo(gauge.get());
  EXPECT_TRUE(HoldsSoon([this] { return Value("a") == 1; }));
  value = 2;
  EXPECT_TRUE(HoldsSoon([this] { return Value("a") == 2; }));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ObserveIntervalTest, TheThreadGetsNoSignals) {
  PrometheusMeterProvider provider(Every(kShort));
  std::atomic<int> unblocked{-1};
  Callback callback([&unblocked](const metrics::ObserverResult&) {
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    unblocked = 0;
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD, SIGUSR1, SIGALRM}) {
      if (sigismember(&blocked, signal) == 0) ++unblocked;
    }
  });
  const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge("a");
  callback.AddTo(gauge.get());
  EXPECT_TRUE(HoldsSoon([&callback] { return callback.runs() >= 2; }));
  EXPECT_EQ(unblocked, 0);
}

TEST_F(ObserveIntervalTest, ARemovedCallbackIsNotRunning) {
  PrometheusMeterProvider provider(Every(kShort));
  std::atomic<bool> running{false};
  Callback callback([&running](const metrics::ObserverResult& result) {
    running = true;
    constexpr timespec kPause{0, 20'000'000};
    nanosleep(&kPause, nullptr);
    Observe(result, 1.0);
    running = false;
  });
  const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge("a");
  for (int i = 0; i < 5; ++i) {
    callback.AddTo(gauge.get());
    EXPECT_TRUE(HoldsSoon([&running] { return running.load(); }));
    callback.RemoveFrom(gauge.get());
    EXPECT_FALSE(running);
    const int runs = callback.runs();
    EXPECT_TRUE(provider.Collect());
    EXPECT_EQ(callback.runs(), runs);
  }
}

TEST_F(ObserveIntervalTest, AForkedChildHasAThreadOfItsOwn) {
  if (kSanitized) {
    GTEST_SKIP() << "a sanitizer's malloc() may hang in a child that was "
                    "forked beside threads";
  }
  PrometheusMeterProvider provider(Every(kShort));
  Callback callback(Observing(std::int64_t{3}));
  const auto counter = MeterOf(&provider)->CreateInt64ObservableCounter("a");
  callback.AddTo(counter.get());
  EXPECT_TRUE(HoldsSoon([this] { return Value("a_total") == 3; }));
  EXPECT_EQ(RunInChild([this] {
              return HoldsSoon([this] { return Value("a_total") == 6; }) ? 0
                                                                         : 1;
            }),
            0);
  EXPECT_THAT(Samples(), ElementsAre("a_total 6.0"));
}

// Starts with a single thread. The system may take a moment to forget one that
// was joined.
class ThreadCountTest : public ObserveIntervalTest {
 protected:
  void SetUp() override {
    if (kThreadSanitized) {
      GTEST_SKIP() << "ThreadSanitizer has a thread of its own";
    }
    ASSERT_TRUE(HoldsSoon([] { return Threads() == 1; }));
  }

  static std::ptrdiff_t Threads() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  }
};

TEST_F(ThreadCountTest, TheThreadStartsWithTheFirstCallback) {
  {
    PrometheusMeterProvider provider(Every(std::chrono::hours(1)));
    Callback first(Observing(1.0));
    Callback second(Observing(2.0));
    const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge("a");
    EXPECT_EQ(Threads(), 1);
    first.AddTo(gauge.get());
    EXPECT_EQ(Threads(), 2);
    second.AddTo(gauge.get());
    EXPECT_EQ(Threads(), 2);
    EXPECT_EQ(first.runs(), 0);
  }
  EXPECT_TRUE(HoldsSoon([] { return Threads() == 1; }));
}

TEST_F(ThreadCountTest, ShutdownEndsTheThread) {
  PrometheusMeterProvider provider(Every(std::chrono::hours(1)));
  Callback first(Observing(1.0));
  Callback second(Observing(1.0));
  const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge("a");
  first.AddTo(gauge.get());
  EXPECT_TRUE(provider.Shutdown());
  EXPECT_TRUE(HoldsSoon([] { return Threads() == 1; }));
  second.AddTo(gauge.get());
  EXPECT_EQ(Threads(), 1);
}

TEST_F(ThreadCountTest, AnIntervalOfZeroStartsNoThread) {
  PrometheusMeterProvider provider(Every(std::chrono::milliseconds(0)));
  Callback callback(Observing(1.0));
  const auto gauge = MeterOf(&provider)->CreateDoubleObservableGauge("a");
  callback.AddTo(gauge.get());
  EXPECT_TRUE(provider.Collect());
  EXPECT_EQ(Threads(), 1);
  EXPECT_EQ(callback.runs(), 1);
}

TEST_F(ThreadCountTest, TheThreadMayEndItsProvider) {
  auto provider = std::make_unique<PrometheusMeterProvider>(Every(kShort));
  auto meter = MeterOf(provider.get());
  auto gauge = meter->CreateDoubleObservableGauge("a");
  provider.reset();
  meter = nostd::shared_ptr<metrics::Meter>();
  std::atomic<bool> added{false};
  std::atomic<bool> ended{false};
  Callback callback([&](const metrics::ObserverResult&) {
    if (!added || ended) return;
    gauge = nostd::shared_ptr<metrics::ObservableInstrument>();
    ended = true;
  });
  callback.AddTo(gauge.get());
  added = true;
  EXPECT_TRUE(HoldsSoon([] { return Threads() == 1; }));
  EXPECT_TRUE(ended);
}

TEST_F(ThreadCountTest, AChildHasAThreadWhereItsParentHasOne) {
  if (kSanitized) {
    GTEST_SKIP() << "a sanitizer's malloc() may hang in a child that was "
                    "forked beside threads";
  }
  PrometheusMeterProvider with(Every(std::chrono::hours(1)));
  EXPECT_EQ(RunInChild([] { return static_cast<int>(Threads()); }), 1);
  Callback callback(Observing(1.0));
  const auto gauge = MeterOf(&with)->CreateDoubleObservableGauge("a");
  callback.AddTo(gauge.get());
  EXPECT_EQ(RunInChild([] { return static_cast<int>(Threads()); }), 2);
  EXPECT_TRUE(with.Shutdown());
  EXPECT_EQ(RunInChild([] { return static_cast<int>(Threads()); }), 1);
}

}  // namespace
}  // namespace promshm::testing
