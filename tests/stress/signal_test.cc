#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "promshm/registry.h"
#include "tests/stress/stress_child.h"
#include "tests/stress/totals.h"
#include "tests/support/shared_memory.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using ::testing::IsEmpty;
using testing::SharedMemory;
using testing::Totals;

// What a handler and the code that it interrupts have counted.
struct Tally {
  std::atomic<std::uint64_t> by_handler{0};
  std::atomic<std::uint64_t> by_code{0};
  std::atomic<bool> errno_changed{false};
  std::atomic<bool> started{false};  // the child's code runs

  double sum() const { return static_cast<double>(by_handler + by_code); }
};

struct Instruments {
  Counter* calls = nullptr;
  Gauge* level = nullptr;
  Histogram* sizes = nullptr;
};

void Count(const Instruments& instruments) {
  instruments.calls->Increment();
  instruments.level->Set(1);
  instruments.sizes->Observe(0.5);
}

// For the handler.
Instruments instruments_of_handler;
Tally* tally_of_handler = nullptr;

void HandleSignal(int /*signal*/) {
  const int before = errno;
  errno = EXFULL;  // which nothing here would set
  Count(instruments_of_handler);
  if (errno != EXFULL) tally_of_handler->errno_changed = true;
  errno = before;
  ++tally_of_handler->by_handler;
}

// Purpose: a registry whose instruments a signal handler counts in.
class SignalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    instruments_of_handler = instruments_;
    tally_of_handler = tally_.get();
    struct sigaction action = {};
    action.sa_handler = HandleSignal;
    action.sa_flags = SA_RESTART;
    for (const int signal : {SIGALRM, SIGUSR1}) {
      ASSERT_EQ(sigaction(signal, &action, nullptr), 0);
    }
  }

  void TearDown() override {
    for (const int signal : {SIGALRM, SIGUSR1}) {
      ::signal(signal, SIG_DFL);
    }
  }

  // Counts, and adds a label set, which takes the lock that a handler must not
  // wait for.
  void CountAndAdd(std::uint64_t round) {
    Count(instruments_);
    const Labels labels = {{"n", std::to_string(round)}};
    calls_.Add(labels).Increment();
    levels_.Add(labels).Set(1);
    sizes_.Add(labels, {1}).Observe(0.5);
    ++tally_->by_code;
  }

  static Totals Expected(const Labels& labels, double times) {
    Totals totals;
    const auto add = [&](const char* sample, const char* bound, double value) {
      Labels all = labels;
      if (bound != nullptr) all["le"] = bound;
      totals[testing::SeriesName(sample, all)] = value;
    };
    add("calls_total", nullptr, times);
    add("level", nullptr, 1);
    add("size_bucket", "1.0", times);
    add("size_bucket", "+Inf", times);
    add("size_count", nullptr, times);
    add("size_sum", nullptr, times * 0.5);
    return totals;
  }

  // That the process's files have all that was counted since the tally was 0.
  void ExpectFiles(pid_t pid) const {
    const std::string end = '_' + std::to_string(pid) + ".db";
    Totals expected = Expected({}, tally_->sum());
    for (std::uint64_t n = 0; n < tally_->by_code; ++n) {
      expected.merge(Expected({{"n", std::to_string(n)}}, 1));
    }
    const Totals totals =
        testing::CollectTotals({directory_.PathOf("counter" + end),
                                directory_.PathOf("gauge_mostrecent" + end),
                                directory_.PathOf("histogram" + end)});
    EXPECT_THAT(testing::Differences(totals, expected), IsEmpty());
    EXPECT_FALSE(tally_->errno_changed);
  }

  const testing::TemporaryDirectory directory_;
  const SharedMemory<Tally> tally_;
  Registry registry_{directory_.path()};
  Family<Counter>& calls_ = BuildCounter().Name("calls").Register(registry_);
  Family<Gauge>& levels_ = BuildGauge()
                               .Name("level")
                               .Mode(GaugeMode::kMostRecent)
                               .Register(registry_);
  Family<Histogram>& sizes_ = BuildHistogram().Name("size").Register(registry_);
  const Instruments instruments_ = {&calls_.Add({}), &levels_.Add({}),
                                    &sizes_.Add({}, {1})};
};

using Clock = std::chrono::steady_clock;

TEST_F(SignalTest, HandlerCountsWhileTheCodeAddsLabelSets) {
  constexpr std::uint64_t kSignals = 1500;
  constexpr suseconds_t kMicroseconds = 200;
  const itimerval timer = {{0, kMicroseconds}, {0, kMicroseconds}};
  ASSERT_EQ(setitimer(ITIMER_REAL, &timer, nullptr), 0);
  const auto deadline = Clock::now() + std::chrono::minutes(1);
  while (tally_->by_handler < kSignals && Clock::now() < deadline) {
    CountAndAdd(tally_->by_code);
  }
  const itimerval none = {};
  ASSERT_EQ(setitimer(ITIMER_REAL, &none, nullptr), 0);
  EXPECT_GE(tally_->by_handler, kSignals);
  EXPECT_EQ(registry_.DroppedIncrements(), 0U);
  ExpectFiles(getpid());
}

TEST_F(SignalTest, HandlerIsFirstToCountInAForkedChild) {
  constexpr std::uint64_t kRounds = 10;
  const pid_t pid = testing::ForkChild([this] {
    raise(SIGUSR1);
    testing::RequireInChild(tally_->by_handler == 1, "no signal");
    for (std::uint64_t n = 0; n < kRounds; ++n) CountAndAdd(n);
    testing::RequireInChild(registry_.DroppedIncrements() == 0,
                            "increments were dropped");
  });
  EXPECT_EQ(testing::FateOfChild(pid), "");
  ExpectFiles(pid);
}

// The first signal comes a little later in every child, so that it meets also
// the code that makes the files.
TEST_F(SignalTest, HandlerInterruptsForkedChildren) {
  constexpr int kChildren = 250;
  constexpr int kLatestMicroseconds = 800;
  constexpr std::uint64_t kRounds = 30;
  std::uint64_t by_handler = 0;
  for (int i = 0; i < kChildren && !HasFailure(); ++i) {
    SCOPED_TRACE("child " + std::to_string(i));
    tally_->started = false;
    tally_->by_handler = 0;
    tally_->by_code = 0;
    const pid_t pid = testing::ForkChild([this] {
      tally_->started = true;
      for (std::uint64_t n = 0; n < kRounds; ++n) CountAndAdd(n);
      testing::RequireInChild(registry_.DroppedIncrements() == 0,
                              "increments were dropped");
      sigset_t signals;
      sigfillset(&signals);
      pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    });
    const std::chrono::microseconds delay(i * 17 % kLatestMicroseconds);
    std::optional<Clock::time_point> first;
    const auto signal = [&] {
      if (!tally_->started) return;
      if (!first) first = Clock::now() + delay;
      if (Clock::now() < *first) return;
      kill(pid, SIGUSR1);
      std::this_thread::sleep_for(std::chrono::microseconds(10));
    };
    EXPECT_EQ(testing::FateOfChild(pid, signal), "");
    by_handler += tally_->by_handler;
    ExpectFiles(pid);
  }
  EXPECT_GT(by_handler, 0U);
}

// What is refused sets errno, wherever it is met.
TEST(DroppedIncrementTest, LeavesErrnoAsItWas) {
  const testing::TemporaryDirectory directory;
  Registry registry(directory.PathOf("none"));
  const Instruments instruments = {
      &BuildCounter().Name("calls").Register(registry).Add({}),
      &BuildGauge().Name("level").Register(registry).Add({}),
      &BuildHistogram().Name("size").Register(registry).Add({}, {1})};
  const auto count = [&instruments] {
    errno = EXFULL;
    Count(instruments);
    return errno;
  };
  EXPECT_EQ(count(), EXFULL);
  EXPECT_EQ(registry.DroppedIncrements(), 3U);
  const pid_t pid = testing::ForkChild([&] {
    testing::RequireInChild(count() == EXFULL, "errno was changed");
    testing::RequireInChild(registry.DroppedIncrements() == 3,
                            "increments were not counted as dropped");
  });
  EXPECT_EQ(testing::FateOfChild(pid), "");
}

}  // namespace
}  // namespace promshm
