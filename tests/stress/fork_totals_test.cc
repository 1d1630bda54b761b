#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "promshm/registry.h"
#include "tests/stress/scrape_watch.h"
#include "tests/stress/stress_child.h"
#include "tests/stress/totals.h"
#include "tests/stress/workload.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using testing::ForkChild;
using ::testing::IsEmpty;
using testing::ScrapeWatch;
using testing::Totals;
using testing::Workload;

constexpr int kChildren = 8;
constexpr int kThreads = 4;
constexpr std::uint64_t kIncrements = 1'000'000;
constexpr int kChanges = 20;  // that the reader has to see

void CountInThreads(const Workload& workload, const Registry& registry) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&workload] { workload.Count(kIncrements); });
  }
  for (std::thread& thread : threads) thread.join();
  testing::RequireInChild(registry.DroppedIncrements() == 0,
                          "increments were dropped");
}

// Purpose: threads of the parent that are counting when it is made, until they
// are told to stop.
//
// Thread safety: needs external locking.
class ParentThreads {
 public:
  explicit ParentThreads(const Workload& workload) {
    for (int i = 0; i < 2; ++i) {
      threads_.emplace_back([this, &workload] {
        while (!stopping_) {
          workload.Count(kRound);
          ++rounds_;
        }
      });
    }
    while (rounds_ == 0) std::this_thread::yield();
  }

  ~ParentThreads() { Stop(); }
  ParentThreads(const ParentThreads&) = delete;
  ParentThreads& operator=(const ParentThreads&) = delete;

  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::uint64_t rounds() const { return rounds_; }

  Totals Expected() const {
    Totals totals;
    testing::AddTimes(Workload::Expected(kRound), static_cast<double>(rounds_),
                      &totals);
    return totals;
  }

 private:
  static constexpr std::uint64_t kRound = 900;

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> rounds_{0};
  std::vector<std::thread> threads_;
};

std::vector<std::string> FilesOf(pid_t pid,
                                 const testing::TemporaryDirectory& directory) {
  const std::string end = '_' + std::to_string(pid) + ".db";
  return {directory.PathOf("counter" + end),
          directory.PathOf("histogram" + end)};
}

void ExpectTotals(const std::vector<std::string>& files,
                  const Totals& expected) {
  EXPECT_THAT(testing::Differences(testing::CollectTotals(files), expected),
              IsEmpty());
}

TEST(ForkTotalsTest, NoIncrementIsLostWhileAReaderScrapes) {
  if (testing::kSanitized) GTEST_SKIP() << testing::kSanitizersAndFork;
  const testing::TemporaryDirectory directory;
  Registry registry(directory.path());
  const Workload workload(&registry);
  ScrapeWatch watch(directory.path(), Workload::kUnit);
  ParentThreads parent(workload);

  std::vector<pid_t> children;
  std::uint64_t rounds_at_last_fork = 0;
  std::thread forker([&] {
    for (int i = 0; i < kChildren; ++i) {
      rounds_at_last_fork = parent.rounds();
      children.push_back(
          ForkChild([&] { CountInThreads(workload, registry); }));
    }
  });
  forker.join();
  for (const pid_t child : children) {
    EXPECT_EQ(testing::FateOfChild(child), "");
  }
  watch.WaitForChanges(kChanges);
  parent.Stop();
  watch.Stop();

  EXPECT_THAT(watch.findings(), IsEmpty());
  EXPECT_GE(watch.changes(), kChanges);
  EXPECT_GT(parent.rounds(), rounds_at_last_fork);
  EXPECT_EQ(registry.DroppedIncrements(), 0U);
  ExpectTotals(FilesOf(getpid(), directory), parent.Expected());
  Totals expected = parent.Expected();
  for (const pid_t child : children) {
    Totals own;
    testing::AddTimes(Workload::Expected(kIncrements), kThreads, &own);
    ExpectTotals(FilesOf(child, directory), own);
    testing::AddTimes(own, 1, &expected);
  }
  EXPECT_THAT(testing::Differences(watch.totals(), expected), IsEmpty());
}

}  // namespace
}  // namespace promshm
