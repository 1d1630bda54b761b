#include "store/slot_claim.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

class SlotClaimTest : public ::testing::Test {
 protected:
  // The number claimed, or -1.
  int Claim(SlotClaim* claim) const {
    const WriteFailure failure = claim->Claim(directory_.path().c_str());
    return failure.failed() ? -1 : static_cast<int>(claim->number());
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(SlotClaimTest, GivesTheLowestFreeNumber) {
  SlotClaim first;
  SlotClaim second;
  EXPECT_EQ(Claim(&first), 0);
  EXPECT_EQ(Claim(&second), 1);
  first.Release();
  SlotClaim third;
  EXPECT_EQ(Claim(&third), 0);
}

TEST_F(SlotClaimTest, EndsWithItsProcess) {
  const pid_t pid = testing::StartChild([this] {
    SlotClaim claim;
    if (Claim(&claim) != 0) return 1;
    return kill(getpid(), SIGKILL);
  });
  EXPECT_EQ(testing::WaitForChild(pid), 256 + SIGKILL);
  SlotClaim claim;
  EXPECT_EQ(Claim(&claim), 0);
}

TEST_F(SlotClaimTest, IsNotInheritedByAChild) {
  auto claim = std::make_unique<SlotClaim>();
  ASSERT_EQ(Claim(claim.get()), 0);
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t pid = testing::StartChild([&] {
    close(done[1]);
    SlotClaim own;
    const bool other = Claim(&own) == 1;
    char byte = 0;
    if (write(ready[1], &byte, 1) != 1) return 2;
    return read(done[0], &byte, 1) == 0 && other ? 0 : 1;
  });
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  claim.reset();
  SlotClaim again;
  EXPECT_EQ(Claim(&again), 0) << "the child keeps its parent's";
  close(done[1]);
  EXPECT_EQ(testing::WaitForChild(pid), 0);
  for (const int fd : {ready[0], ready[1], done[0]}) close(fd);
}

TEST_F(SlotClaimTest, OutlivesTheClosingOfAllDescriptors) {
  EXPECT_EQ(0, testing::RunInChild([this] {
              SlotClaim claim;
              if (Claim(&claim) != 0) return 1;
              for (int fd = 3; fd < 64; ++fd) close(fd);
              SlotClaim next;
              return Claim(&next) == 1 ? 0 : 2;
            }));
}

TEST_F(SlotClaimTest, NeedsADirectory) {
  SlotClaim claim;
  const WriteFailure failure =
      claim.Claim(directory_.PathOf("missing").c_str());
  EXPECT_STREQ(failure.what, "cannot open the directory");
  EXPECT_EQ(failure.error, ENOENT);
}

}  // namespace
}  // namespace promshm::store
