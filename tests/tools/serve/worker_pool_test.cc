#include "tools/serve/http/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

namespace promshm::tools {
namespace {

TEST(WorkerPoolTest, RunsEveryTask) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool(3);
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pool.Submit([&] { ++done; }));
  }
  EXPECT_EQ(done, 1000);
}

TEST(WorkerPoolTest, RunsAsManyAtOnceAsThereMayBeThreads) {
  WorkerPool pool(4);
  std::latch together(5);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(pool.Submit([&] { together.arrive_and_wait(); }));
  }
  together.arrive_and_wait();
}

TEST(WorkerPoolTest, FurtherTasksWait) {
  std::latch begun(2);
  std::latch may_end(1);
  std::atomic<int> third_at = 0;
  std::atomic<int> ended = 0;
  WorkerPool pool(2);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pool.Submit([&] {
      begun.count_down();
      may_end.wait();
      ++ended;
    }));
  }
  begun.wait();
  ASSERT_TRUE(pool.Submit([&] { third_at = ended + 1; }));
  may_end.count_down();
  pool.Stop();
  EXPECT_GE(third_at, 2);
}

TEST(WorkerPoolTest, AThreadThatIsFreeIsUsedAgain) {
  WorkerPool pool(8);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for (int i = 0; i < 50; ++i) {
    std::latch done(1);
    ASSERT_TRUE(pool.Submit([&] {
      const std::lock_guard<std::mutex> lock(mutex);
      threads.insert(std::this_thread::get_id());
      done.count_down();
    }));
    done.wait();
  }
  // Now and then one is still on its way back when the next task comes.
  EXPECT_LT(threads.size(), 8);
}

TEST(WorkerPoolTest, StopWaitsForWhatIsUnderWayAndWaiting) {
  std::atomic<int> done = 0;
  WorkerPool pool(1);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(pool.Submit([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++done;
    }));
  }
  pool.Stop();
  EXPECT_EQ(done, 20);
  EXPECT_FALSE(pool.Submit([] {}));
}

}  // namespace
}  // namespace promshm::tools
