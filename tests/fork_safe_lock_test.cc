#include "store/fork_safe_lock.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "tests/support/child_process.h"

namespace promshm::store {
namespace {

bool IsBlocked(int signal) {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, signal) == 1;
}

TEST(ForkSafeLock, LetsOneThreadInAtATime) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  ForkSafeLock lock;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const ForkSafeLock::Guard guard(&lock);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST(ForkSafeLock, IsNotWaitedForByItsHolder) {
  ForkSafeLock lock;
  const ForkSafeLock::Guard guard(&lock);
  EXPECT_TRUE(guard.holds());
  {
    const ForkSafeLock::Guard again(&lock);
    EXPECT_FALSE(again.holds());
  }
}

TEST(ForkSafeLock, IsFreeInAChildOfAProcessThatHoldsIt) {
  ForkSafeLock lock;
  const ForkSafeLock::Guard guard(&lock);
  EXPECT_EQ(0, testing::RunInChild([&lock] {
              const ForkSafeLock::Guard own(&lock);
              return 0;
            }));
}

TEST(ForkSafeLock, HoldsSignalsBackButNotFaults) {
  ForkSafeLock lock;
  {
    const ForkSafeLock::Guard guard(&lock);
    for (const int signal : {SIGALRM, SIGCHLD, SIGINT, SIGPROF, SIGTERM}) {
      EXPECT_TRUE(IsBlocked(signal)) << signal;
    }
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
      EXPECT_FALSE(IsBlocked(signal)) << signal;
    }
  }
  EXPECT_FALSE(IsBlocked(SIGTERM));
}

TEST(ForkSafeLock, KeepsErrnoAndWhatWasBlocked) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  ForkSafeLock lock;
  errno = ENOSPC;
  {
    const ForkSafeLock::Guard guard(&lock);
    errno = EINTR;
  }
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_TRUE(IsBlocked(SIGUSR1));
  EXPECT_FALSE(IsBlocked(SIGUSR2));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace promshm::store
