#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "promshm/registry.h"
#include "tests/stress/stress_child.h"
#include "tests/stress/totals.h"
#include "tests/support/temporary_directory.h"

// Children that do not come from fork().

namespace promshm {
namespace {

using testing::FateOfChild;
using ::testing::IsEmpty;
using testing::Totals;
using ::testing::UnorderedElementsAre;

class SpawnedChildrenTest : public ::testing::Test {
 protected:
  SpawnedChildrenTest() { counter_.Increment(10); }

  std::string FileOf(pid_t pid) const {
    return directory_.PathOf("counter_" + std::to_string(pid) + ".db");
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& file :
         std::filesystem::directory_iterator(directory_.path())) {
      files.push_back(file.path());
    }
    return files;
  }

  static void ExpectCount(const std::string& file, double count) {
    EXPECT_THAT(testing::Differences(testing::CollectTotals({file}),
                                     Totals{{"calls_total", count}}),
                IsEmpty());
  }

  // The child left nothing, and the parent counts on.
  void ExpectNoTrace() {
    counter_.Increment(0.5);
    EXPECT_EQ(registry_.DroppedIncrements(), 0U);
    EXPECT_THAT(Files(), UnorderedElementsAre(FileOf(getpid())));
    ExpectCount(FileOf(getpid()), 10.5);
  }

  const testing::TemporaryDirectory directory_;
  Registry registry_{directory_.path()};
  Counter& counter_ = BuildCounter().Name("calls").Register(registry_).Add({});
};

// fork() runs handlers in the child; the system call alone does not.
TEST_F(SpawnedChildrenTest, RawCloneCountsInAFileOfItsOwn) {
  const auto pid = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    for (int i = 0; i < 3; ++i) counter_.Increment();
    testing::RequireInChild(registry_.DroppedIncrements() == 0,
                            "increments were dropped");
    testing::RequireInChild(counter_.Value() == 3, "wrong value");
    _exit(0);
  }
  EXPECT_EQ(FateOfChild(pid), "");
  counter_.Increment(0.5);
  EXPECT_THAT(Files(), UnorderedElementsAre(FileOf(getpid()), FileOf(pid)));
  ExpectCount(FileOf(getpid()), 10.5);
  ExpectCount(FileOf(pid), 3);
}

TEST_F(SpawnedChildrenTest, VforkAndExecLeaveNoTrace) {
  const pid_t pid = vfork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    execl("/bin/true", "true", nullptr);
    _exit(127);
  }
  EXPECT_EQ(FateOfChild(pid), "");
  ExpectNoTrace();
}

TEST_F(SpawnedChildrenTest, PosixSpawnLeavesNoTrace) {
  std::string name = "true";
  char* const arguments[] = {name.data(), nullptr};
  pid_t pid = 0;
  ASSERT_EQ(
      posix_spawn(&pid, "/bin/true", nullptr, nullptr, arguments, environ), 0);
  EXPECT_EQ(FateOfChild(pid), "");
  ExpectNoTrace();
}

}  // namespace
}  // namespace promshm
