#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/exposition.h"
#include "tests/stress/scrape_watch.h"
#include "tests/stress/totals.h"
#include "tests/support/living_file.h"
#include "tests/support/temporary_directory.h"

// Many threads use one Collector while processes come and go.

namespace promshm {
namespace {

using ::testing::IsEmpty;
using testing::LivingFile;
using testing::ScrapeWatch;
using testing::Totals;

constexpr int kCollectors = 8;
constexpr int kWorkers = 3;
constexpr double kUnit = 0.25;

// Purpose: processes that come, count, grow, die and come back, one after the
// other. No two workers have a series in common.
//
// Thread safety: needs external locking.
class Worker {
 public:
  Worker(int number, const std::string& directory)
      : number_(std::to_string(number)), directory_(directory) {}

  // Ends the process that is there and has the next one count, which stays.
  // Several come before the first comes back.
  void Live() {
    file_.reset();
    const std::size_t process = lives_++ % values_.size();
    const std::string path = Provide(process);
    // Without a descriptor a file does not grow.
    file_ = LivingFile::Open(path, 16,
                             lives_ % 3 == 0 ? LivingFile::Descriptor::kClosed
                                             : LivingFile::Descriptor::kKept);
    ASSERT_TRUE(file_) << path;
    const int rounds = lives_ % 5 == 0 ? 20 : 1;
    for (int i = 0; i < rounds; ++i) {
      Grow(&values_[process]);
      Count(&values_[process]);
    }
  }

  std::size_t lives() const { return lives_; }

  // Adds what all its processes have counted.
  void AddTo(Totals* totals) const {
    for (const std::vector<double>& values : values_) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        (*totals)[testing::SeriesName(
            "c_total", {{"n", std::to_string(i)}, {"worker", number_}})] +=
            values[i];
      }
    }
  }

 private:
  static constexpr std::size_t kProcesses = 16;

  // A writer's file is there as a whole.
  std::string Provide(std::size_t process) const {
    const std::string name =
        "counter_" + number_ + 'x' + std::to_string(process) + ".db";
    const std::string path = directory_ + '/' + name;
    if (lives_ <= kProcesses) {
      std::filesystem::rename(aside_.Write(name, std::string(4096, '\0')),
                              path);
    }
    return path;
  }

  std::string KeyOf(std::size_t entry) const {
    return R"(["c", "c_total", {"n": ")" + std::to_string(entry) +
           R"(", "worker": ")" + number_ + R"("}, "help"])";
  }

  // By some entries, up to more than a page of them.
  void Grow(std::vector<double>* values) {
    constexpr std::size_t kStep = 2;
    constexpr std::size_t kMost = 60;
    const std::size_t size = std::min(values->size() + kStep, kMost);
    while (values->size() < size && file_->Add(KeyOf(values->size()), kUnit)) {
      values->push_back(kUnit);
    }
  }

  void Count(std::vector<double>* values) {
    constexpr std::size_t kTimes = 100;
    for (std::size_t i = 0; i < kTimes; ++i) {
      double& value = (*values)[i % values->size()];
      value += kUnit;
      file_->Store(i % values->size(), value);
    }
  }

  const std::string number_;
  const std::string directory_;
  const testing::TemporaryDirectory aside_;
  std::size_t lives_ = 0;
  std::optional<LivingFile> file_;
  std::array<std::vector<double>, kProcesses> values_;
};

// Purpose: workers, each in a thread of its own.
//
// Thread safety: needs external locking.
class Workers {
 public:
  explicit Workers(const std::string& directory) {
    for (int i = 0; i < kWorkers; ++i) {
      Worker& worker = workers_.emplace_back(i, directory);
      threads_.emplace_back([this, &worker] {
        while (!stopping_ || worker.lives() < kLives) worker.Live();
      });
    }
  }
  ~Workers() { Stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // When enough processes have lived.
  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // Of those that have stopped.
  Totals Expected() const {
    Totals totals;
    for (const Worker& worker : workers_) worker.AddTo(&totals);
    return totals;
  }

 private:
  // Every process comes back, and every file grows.
  static constexpr std::size_t kLives = 200;

  std::deque<Worker> workers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
};

TEST(CollectorThreadsTest, NoThreadSeesAValueFall) {
  constexpr int kChanges = 100;
  const testing::TemporaryDirectory directory;
  Collector collector(directory.path());
  Workers workers(directory.path());
  std::deque<ScrapeWatch> watches;
  for (int i = 0; i < kCollectors; ++i) watches.emplace_back(&collector, kUnit);
  for (const ScrapeWatch& watch : watches) watch.WaitForChanges(kChanges);
  workers.Stop();
  for (ScrapeWatch& watch : watches) watch.Stop();
  const Totals expected = workers.Expected();
  for (const ScrapeWatch& watch : watches) {
    EXPECT_THAT(watch.findings(), IsEmpty());
    EXPECT_GE(watch.changes(), kChanges);
    EXPECT_THAT(testing::Differences(watch.totals(), expected), IsEmpty());
  }
  EXPECT_THAT(testing::Differences(testing::CollectTotals({directory.path()}),
                                   expected),
              IsEmpty());
}

// Of `all`, what `some` has.
Totals Restricted(const Totals& all, const Totals& some) {
  Totals restricted;
  for (const auto& [name, unused] : some) {
    const auto found = all.find(name);
    if (found != all.end()) restricted.insert(*found);
  }
  return restricted;
}

// Also where the pass over the files was another thread's.
TEST(CollectorThreadsTest, EachThreadSeesWhatItHasDone) {
  constexpr int kLives = 100;
  const testing::TemporaryDirectory directory;
  Collector collector(directory.path());
  std::vector<std::thread> threads;
  for (int i = 0; i < kCollectors; ++i) {
    threads.emplace_back([&collector, &directory, i] {
      Worker worker(i, directory.path());
      for (int life = 0; life < kLives; ++life) {
        worker.Live();
        Totals expected;
        worker.AddTo(&expected);
        const Result<Snapshot> snapshot = collector.Collect();
        ASSERT_TRUE(snapshot.ok()) << snapshot.status().message();
        const Totals seen = testing::TotalsOf(*snapshot);
        ASSERT_THAT(testing::Differences(Restricted(seen, expected), expected),
                    IsEmpty());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(CollectorThreadsTest, CollectorsComeAndGo) {
  constexpr int kLives = 20;
  constexpr int kRounds = 30;
  const testing::TemporaryDirectory directory;
  std::deque<Worker> workers;
  Totals expected;
  for (int i = 0; i < kWorkers; ++i) {
    Worker& worker = workers.emplace_back(i, directory.path());
    for (int life = 0; life < kLives; ++life) worker.Live();
    worker.AddTo(&expected);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kCollectors; ++i) {
    threads.emplace_back([&directory, &expected] {
      for (int round = 0; round < kRounds; ++round) {
        Collector collector(directory.path());
        for (int time = 0; time < 3; ++time) {
          const Result<Snapshot> snapshot = collector.Collect();
          ASSERT_TRUE(snapshot.ok()) << snapshot.status().message();
          ASSERT_THAT(
              testing::Differences(testing::TotalsOf(*snapshot), expected),
              IsEmpty());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// A snapshot and what it said when it was new.
struct Seen {
  Snapshot snapshot;
  Totals totals;
  std::string text;
};

std::string TextOf(const Snapshot& snapshot) {
  std::string text;
  EXPECT_THAT(
      WriteExposition(
          snapshot, {TextFormat::kOpenMetrics100, Escaping::kAllowUtf8}, &text),
      IsEmpty());
  return text;
}

// Purpose: the last snapshots that threads have taken, for others to look at.
//
// Thread safety: safe.
class Shelf {
 public:
  // Takes what is new, and gives the oldest for it.
  std::shared_ptr<const Seen> Exchange(std::shared_ptr<const Seen> seen) {
    const std::lock_guard<std::mutex> lock(mutex_);
    places_.push_back(std::move(seen));
    std::shared_ptr<const Seen> oldest = places_.front();
    if (places_.size() > kPlaces) places_.pop_front();
    return oldest;
  }

 private:
  static constexpr std::size_t kPlaces = 50;

  std::mutex mutex_;
  std::deque<std::shared_ptr<const Seen>> places_;
};

TEST(CollectorThreadsTest, SnapshotsStayAsTheyAreWhileOthersAreTaken) {
  constexpr int kRounds = 80;
  const testing::TemporaryDirectory directory;
  Collector collector(directory.path());
  Workers workers(directory.path());
  Shelf shelf;
  std::vector<std::thread> threads;
  for (int i = 0; i < kCollectors; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const Result<Snapshot> snapshot = collector.Collect();
        ASSERT_TRUE(snapshot.ok()) << snapshot.status().message();
        const auto seen = shelf.Exchange(std::make_shared<const Seen>(
            Seen{*snapshot, testing::TotalsOf(*snapshot), TextOf(*snapshot)}));
        ASSERT_THAT(testing::Differences(testing::TotalsOf(seen->snapshot),
                                         seen->totals),
                    IsEmpty());
        ASSERT_EQ(TextOf(seen->snapshot), seen->text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace promshm
