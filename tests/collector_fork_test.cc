#include <gtest/gtest.h>
#include <sys/types.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "promshm/collector.h"
#include "tests/support/child_process.h"
#include "tests/support/collected.h"
#include "tests/support/file_builder.h"
#include "tests/support/living_file.h"
#include "tests/support/temporary_directory.h"

// A process is forked that has a Collector with a memory: mapped files, kept
// values and a watch.

namespace promshm {
namespace {

using testing::Collected;
using testing::LivingFile;

constexpr int kFine = 0;

// How a child is made: with or without the library being told.
using Start = pid_t (*)(const std::function<int()>& body);
constexpr std::array<Start, 2> kStarts = {&testing::StartChild,
                                          &testing::StartChildRaw};

class CollectorForkTest : public ::testing::Test {
 protected:
  CollectorForkTest() {
    Write("living", 1);
    Write("dead", 1);
    living_ = Open("living");
    for (int i = 0; i < 3; ++i) Collected(&*kept_);
  }

  void Write(const std::string& name, double value) const {
    testing::FileBuilder file(testing::kCurrent);
    file.Add("[\"" + name + "\", \"" + name + "_total\", {}, \"h\"]", value);
    directory_.Write("counter_" + name + ".db", file.Bytes(4096));
  }

  LivingFile Open(const std::string& name) const {
    return *LivingFile::Open(directory_.PathOf("counter_" + name + ".db"), 16,
                             LivingFile::Descriptor::kKept);
  }

  // Whether the Collector says that these are the values. Nobody else looks at
  // the files, which would be told to everybody.
  bool Sees(double living, double dead) {
    return Collected(&*kept_) == TextOf(living, dead);
  }

  static std::string TextOf(double living, double dead) {
    const testing::TemporaryDirectory directory;
    testing::FileBuilder file(testing::kCurrent);
    file.Add(R"(["dead", "dead_total", {}, "h"])", dead);
    file.Add(R"(["living", "living_total", {}, "h"])", living);
    directory.Write("counter_1.db", file.Bytes());
    Collector fresh(directory.path());
    return Collected(&fresh);
  }

  const testing::TemporaryDirectory directory_;
  std::optional<LivingFile> living_;
  std::optional<Collector> kept_{directory_.path()};
};

TEST_F(CollectorForkTest, BothSeeWhatBothDo) {
  for (const Start start : kStarts) {
    living_->Store(0, 2);
    Open("dead").Store(0, 3);
    ASSERT_TRUE(Sees(2, 3));
    ASSERT_TRUE(Sees(2, 3));
    living_->Store(0, 4);
    const pid_t child = start([&] {
      if (!Sees(4, 3) || !Sees(4, 3)) return 1;
      living_->Store(0, 5);
      Open("dead").Store(0, 6);
      if (!Sees(5, 6) || !Sees(5, 6)) return 2;
      living_->Store(0, 7);
      return Sees(7, 6) ? kFine : 3;
    });
    EXPECT_EQ(testing::WaitForChild(child), kFine);
    EXPECT_TRUE(Sees(7, 6));
    living_->Store(0, 8);
    Open("dead").Store(0, 9);
    EXPECT_TRUE(Sees(8, 9));
  }
}

TEST_F(CollectorForkTest, TheChildsCopyGoesAndTheParentsStays) {
  for (const Start start : kStarts) {
    const pid_t child = start([&] {
      // Its mappings may lie where the parent has others.
      Collector own(directory_.path());
      for (int i = 0; i < 3; ++i) Collected(&own);
      kept_ = std::move(own);
      living_->Store(0, 2);
      return Sees(2, 1) ? kFine : 1;
    });
    EXPECT_EQ(testing::WaitForChild(child), kFine);
    living_->Store(0, 8);
    EXPECT_TRUE(Sees(8, 1));
  }
}

}  // namespace
}  // namespace promshm
