#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "promshm/entries.h"
#include "promshm/registry.h"
#include "tests/stress/stress_child.h"
#include "tests/stress/totals.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using ::testing::IsEmpty;
using testing::Totals;

// Ten times a thousand forks. Each round begins anew: fork() takes the longer
// the more a process holds.
constexpr int kTimes = 10;
constexpr int kRounds = 10;
constexpr int kForksARound = 100;
constexpr std::size_t kChildrenAtOnce = 16;

// Far more than a round has time for, unless a child hangs.
constexpr std::uint64_t kMostAdded = 200'000;

constexpr double kBound = 1;
constexpr std::uint64_t kHistogramEntries = 3;  // the sum, two buckets

// What a child does, by turns.
enum class ChildKind { kIdle, kExecs, kCounts, kAdds, kCountsAndAdds };
constexpr int kChildKinds = 5;

struct Child {
  ChildKind kind;
  pid_t pid;
};

// Purpose: a process whose threads count and add label sets while it forks.
//
// Thread safety: needs external locking.
class Storm {
 public:
  Storm()
      : registry_(directory_.path()),
        calls_(BuildCounter().Name("calls").Register(registry_)),
        sizes_(BuildHistogram().Name("size").Register(registry_)),
        call_(calls_.Add({{"by", "parent"}})),
        size_(sizes_.Add({{"by", "parent"}}, {kBound})) {}

  // Forks every child and checks what it left.
  void Run() {
    std::thread adder([this] { AddLabelSets(); });
    std::thread counter([this] { Count(); });
    const std::uint64_t added_before = added_;
    const std::uint64_t counted_before = counted_;
    ForkChildren();
    EXPECT_GT(added_, added_before);
    EXPECT_GT(counted_, counted_before);
    stopping_ = true;
    adder.join();
    counter.join();
    EXPECT_EQ(registry_.DroppedIncrements(), 0U);
    CheckFiles();
  }

 private:
  void AddLabelSets() {
    for (; !stopping_ && added_ < kMostAdded; ++added_) {
      const Labels labels = {{"by", "parent"}, {"n", std::to_string(added_)}};
      calls_.Add(labels);
      sizes_.Add(labels, {kBound});
    }
  }

  void Count() {
    while (!stopping_) {
      for (int i = 0; i < 1000; ++i) {
        call_.Increment();
        size_.Observe(0.5);
        ++counted_;
      }
      // Leaves the processor to those that fork and add.
      testing::SleepBriefly();
    }
  }

  void ForkChildren() {
    std::deque<Child> running;
    const auto wait = [&running] {
      EXPECT_EQ(testing::FateOfChild(running.front().pid), "");
      running.pop_front();
    };
    for (int i = 0; i < kForksARound; ++i) {
      const auto kind = static_cast<ChildKind>(i % kChildKinds);
      const pid_t pid = testing::ForkChild([this, kind] { RunChild(kind); });
      children_.push_back({kind, pid});
      running.push_back(children_.back());
      if (running.size() == kChildrenAtOnce) wait();
    }
    while (!running.empty()) wait();
  }

  void RunChild(ChildKind kind) {
    if (kind == ChildKind::kExecs) {
      execl("/bin/true", "true", nullptr);
      testing::RequireInChild(false, "cannot execute /bin/true");
    }
    if (kind == ChildKind::kCounts || kind == ChildKind::kCountsAndAdds) {
      call_.Increment();
      size_.Observe(0.5);
    }
    if (kind == ChildKind::kAdds || kind == ChildKind::kCountsAndAdds) {
      const Labels labels = {{"by", "child"}};
      calls_.Add(labels).Increment();
      sizes_.Add(labels, {kBound}).Observe(0.5);
    }
    testing::RequireInChild(registry_.DroppedIncrements() == 0,
                            "increments were dropped");
  }

  static Totals Expected(const Labels& labels, double times) {
    const auto bucket = [&labels](const char* bound) {
      Labels all = labels;
      all["le"] = bound;
      return testing::SeriesName("size_bucket", all);
    };
    return {{testing::SeriesName("calls_total", labels), times},
            {bucket("1.0"), times},
            {bucket("+Inf"), times},
            {testing::SeriesName("size_count", labels), times},
            {testing::SeriesName("size_sum", labels), times * 0.5}};
  }

  static Totals ExpectedOf(ChildKind kind) {
    Totals totals;
    if (kind != ChildKind::kAdds) totals = Expected({{"by", "parent"}}, 1);
    if (kind != ChildKind::kCounts) {
      totals.merge(Expected({{"by", "child"}}, 1));
    }
    return totals;
  }

  std::vector<std::string> FilesOf(pid_t pid) const {
    const std::string end = '_' + std::to_string(pid) + ".db";
    return {directory_.PathOf("counter" + end),
            directory_.PathOf("histogram" + end)};
  }

  // A whole file, without the time it takes to make totals of its label sets.
  static void ExpectEntries(const std::string& file, std::uint64_t count,
                            double sum) {
    std::uint64_t found = 0;
    double found_sum = 0;
    const auto visit = [&](const FileEntry& entry) {
      ++found;
      found_sum += entry.value;
    };
    const Result<std::vector<Issue>> issues = ReadEntries(file, visit);
    ASSERT_TRUE(issues.ok()) << issues.status().message();
    for (const Issue& issue : *issues) ADD_FAILURE() << issue.ToString();
    EXPECT_EQ(found, count);
    EXPECT_EQ(found_sum, sum);
  }

  void CheckFiles() const {
    std::set<std::string> expected_files;
    for (const Child& child : children_) {
      if (child.kind == ChildKind::kIdle || child.kind == ChildKind::kExecs) {
        continue;
      }
      const std::vector<std::string> files = FilesOf(child.pid);
      expected_files.insert(files.begin(), files.end());
      EXPECT_THAT(testing::Differences(testing::CollectTotals(files),
                                       ExpectedOf(child.kind)),
                  IsEmpty());
    }
    const std::vector<std::string> own = FilesOf(getpid());
    expected_files.insert(own.begin(), own.end());
    const auto counted = static_cast<double>(counted_);
    ExpectEntries(own[0], added_ + 1, counted);
    ExpectEntries(own[1], kHistogramEntries * (added_ + 1), 1.5 * counted);
    std::set<std::string> files;
    for (const auto& file :
         std::filesystem::directory_iterator(directory_.path())) {
      files.insert(file.path());
    }
    EXPECT_EQ(files, expected_files);
  }

  const testing::TemporaryDirectory directory_;
  Registry registry_;
  Family<Counter>& calls_;
  Family<Histogram>& sizes_;
  Counter& call_;
  Histogram& size_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> added_{0};
  std::atomic<std::uint64_t> counted_{0};
  std::vector<Child> children_;
};

class ForkStormTest : public ::testing::TestWithParam<int> {};

TEST_P(ForkStormTest, ForksWhileOtherThreadsAddLabelSetsAndCount) {
  if (testing::kSanitized) GTEST_SKIP() << testing::kSanitizersAndFork;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Storm().Run();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Times, ForkStormTest, ::testing::Range(0, kTimes));

}  // namespace
}  // namespace promshm
