#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "tests/support/collected.h"
#include "tests/support/dice.h"
#include "tests/support/random_directory.h"
#include "tests/support/temporary_directory.h"

// Whatever happens to a directory, a Collector that remembers it says the same
// as one that sees it for the first time. PROMSHM_RANDOM_STEPS makes the tests
// longer, PROMSHM_RANDOM_SEED takes other seeds.

namespace promshm {
namespace {

using testing::Collected;
using testing::Dice;
using testing::RandomDirectory;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Some directories, and what was done to them lately.
class Sources {
 public:
  Sources(const std::string& root, const std::vector<std::string>& names,
          Dice* dice)
      : dice_(*dice) {
    for (const std::string& name : names) {
      directories_.emplace_back(root + '/' + name, dice);
    }
  }

  void Step() {
    const std::size_t directory = dice_.Below(directories_.size());
    steps_.push_back(std::to_string(directory) + ' ' +
                     directories_[directory].Step());
    constexpr std::size_t kRemembered = 40;
    if (steps_.size() > kRemembered) steps_.pop_front();
  }

  std::string Lately() const {
    std::string text;
    for (const std::string& step : steps_) text += "  " + step + '\n';
    return text;
  }

 private:
  Dice& dice_;
  std::deque<RandomDirectory> directories_;
  std::deque<std::string> steps_;
};

CollectOptions SomeNames(Dice* dice) {
  if (!dice->OneIn(4)) return {};
  const std::array<CollectOptions, 4> choices = {
      CollectOptions{{"counter0_total"}},
      CollectOptions{{"shared", "gauge_all1"}},
      CollectOptions{{"histogram0_bucket", "gauge_mostrecent0"}},
      CollectOptions{{"gauge_mostrecent.x1", "nobody"}}};
  return dice->Pick(choices);
}

// Whoever opens a file for the first look makes the one who remembers look
// again: so that is not done in every step.
void ExpectEqualAfterEachStep(std::uint64_t seed, std::uint64_t steps,
                              const std::vector<std::string>& names) {
  const testing::TemporaryDirectory root;
  Dice dice(seed);
  Sources sources(root.path(), names, &dice);
  std::vector<std::string> paths;
  for (const std::string& name : names) paths.push_back(root.PathOf(name));
  Collector kept(paths);
  for (std::uint64_t step = 0; step < steps; ++step) {
    sources.Step();
    const CollectOptions options = SomeNames(&dice);
    const std::string remembered = Collected(&kept, options);
    if (dice.OneIn(3)) continue;
    Collector fresh(paths);
    const std::string seen = Collected(&fresh, options);
    ASSERT_EQ(remembered, seen)
        << "seed " << seed << ", step " << step << '\n'
        << testing::FirstDifference(remembered, seen) << "\nafter\n"
        << sources.Lately();
  }
}

class CollectorMemoryTest : public ::testing::TestWithParam<int> {
 protected:
  static std::uint64_t Seed() {
    return FromEnvironment("PROMSHM_RANDOM_SEED", 1) +
           static_cast<std::uint64_t>(GetParam());
  }
  static std::uint64_t Steps() {
    return FromEnvironment("PROMSHM_RANDOM_STEPS", 400);
  }
};

TEST_P(CollectorMemoryTest, EqualsAFirstLook) {
  ExpectEqualAfterEachStep(Seed(), Steps(), {"metrics"});
}

TEST_P(CollectorMemoryTest, EqualsAFirstLookAtSeveralDirectories) {
  ExpectEqualAfterEachStep(Seed(), Steps(), {"a", "b", "c"});
}

INSTANTIATE_TEST_SUITE_P(Seeds, CollectorMemoryTest, ::testing::Range(0, 4));

}  // namespace
}  // namespace promshm
