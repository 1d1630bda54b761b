#include "store/process_generation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "tests/support/child_process.h"

namespace promshm::store {
namespace {

using testing::RunInChild;
using testing::StartChildRaw;
using testing::WaitForChild;

TEST(ProcessGeneration, StaysInAProcess) {
  const std::uint32_t generation = EnterProcess();
  EXPECT_NE(generation, 0U);
  EXPECT_EQ(EnterProcess(), generation);
  EXPECT_EQ(ProcessGeneration().load(), generation);
  std::thread([&] { EXPECT_EQ(EnterProcess(), generation); }).join();
}

TEST(ProcessGeneration, IsAnotherInEachDescendant) {
  const std::uint32_t parent = EnterProcess();
  EXPECT_EQ(0, RunInChild([parent] {
              if (ProcessGeneration().load() != 0) return 1;
              const std::uint32_t child = EnterProcess();
              if (child == 0 || child == parent) return 2;
              return RunInChild([parent, child] {
                if (ProcessGeneration().load() != 0) return 3;
                const std::uint32_t own = EnterProcess();
                return own == 0 || own == parent || own == child ? 4 : 0;
              });
            }));
  EXPECT_EQ(EnterProcess(), parent);
}

TEST(ProcessGeneration, NoticesAChildThatForkDidNotMake) {
  EnterProcess();
  EXPECT_EQ(0, WaitForChild(StartChildRaw(
                   [] { return ProcessGeneration().load() == 0 ? 0 : 1; })));
}

TEST(ProcessGeneration, KnowsTheProcess) {
  EXPECT_EQ(ProcessId(), static_cast<std::uint64_t>(getpid()));
}

}  // namespace
}  // namespace promshm::store
