#include <dlfcn.h>
#include <gtest/gtest.h>

#include "promshm/registry.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

// Makes sure that the tests beside it in the same run show what they are meant
// to show. Fails without the preloaded no_wipeonfork.cc.
TEST(NoWipeOnForkTest, LibraryIsRefusedWhatItAsks) {
  const auto refused = reinterpret_cast<int (*)()>(
      dlsym(RTLD_DEFAULT, "promshm_refused_wipeonfork"));
  ASSERT_NE(refused, nullptr);
  const testing::TemporaryDirectory directory;
  Registry registry(directory.path());
  BuildCounter().Name("calls").Register(registry).Add({}).Increment();
  EXPECT_EQ(registry.DroppedIncrements(), 0U);
  EXPECT_GT(refused(), 0);
}

}  // namespace
}  // namespace promshm
