#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>

#include "promshm/collector.h"
#include "tests/support/collected.h"
#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

// Whichever allocation fails in a Collect(), it says so, and those after it say
// what a new Collector says.

namespace {

// How many allocations still succeed; negative: all.
long left = -1;
// Whether those after the first that fails succeed again.
bool fails_once = true;

void* Allocate(std::size_t size) {
  if (left == 0) {
    if (fails_once) left = -1;
    throw std::bad_alloc();
  }
  if (left > 0) --left;
  void* const memory = std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace promshm {
namespace {

std::string Key(const std::string& family, const std::string& labels) {
  return "[\"" + family + "\", \"" + family + "\", {" + labels + "}, \"h\"]";
}

class OutOfMemoryTest : public ::testing::TestWithParam<bool> {
 protected:
  void Write(const std::string& name, int entries, double value) const {
    testing::FileBuilder file(testing::kCurrent);
    for (int i = 0; i < entries; ++i) {
      file.Add(Key(name, "\"n\": \"" + std::to_string(i) + "\""), value, 1);
    }
    file.Add(Key(name, R"("le": "1.0")"), value, 1);
    directory_.Write(name + "_1.db", file.Bytes());
  }

  void WriteBefore() const {
    std::filesystem::remove(directory_.PathOf("gauge_all_1.db"));
    Write("counter", 3, 1);
    Write("histogram", 1, 2);
    Write("gauge_mostrecent", 2, 3);
  }

  void WriteAfter() const {
    Write("counter", 9, 4);
    Write("gauge_all", 4, 5);
    Write("gauge_mostrecent", 3, 6);
  }

  const testing::TemporaryDirectory directory_;
};

TEST_P(OutOfMemoryTest, LaterScrapesAreRight) {
  fails_once = GetParam();
  for (int passes_before = 0; passes_before < 3; ++passes_before) {
    int failed = 0;
    bool is_enough = false;
    constexpr long kMost = 5000;
    // To close a watch takes the kernel long.
    const long step = fails_once && passes_before == 2 ? 1 : 5;
    for (long allocations = 0; !is_enough && allocations < kMost;
         allocations += step) {
      WriteBefore();
      Collector kept(directory_.path());
      for (int i = 0; i < passes_before; ++i) ASSERT_TRUE(kept.Collect().ok());
      WriteAfter();
      left = allocations;
      const Result<Snapshot> snapshot = kept.Collect();
      is_enough = left > 0;
      left = -1;
      if (!snapshot.ok()) {
        ++failed;
        EXPECT_EQ(snapshot.status().message(), "out of memory");
      }
      const std::string second = testing::Collected(&kept);
      const std::string third = testing::Collected(&kept);
      Collector fresh(directory_.path());
      const std::string right = testing::Collected(&fresh);
      ASSERT_TRUE(second == right && third == right)
          << allocations << " allocations after " << passes_before
          << " passes\n"
          << second << third << right;
    }
    EXPECT_TRUE(is_enough);
    EXPECT_GT(failed, 20);
  }
}

INSTANTIATE_TEST_SUITE_P(Fails, OutOfMemoryTest, ::testing::Bool(),
                         [](const auto& once) {
                           return once.param ? "Once" : "FromThereOn";
                         });

}  // namespace
}  // namespace promshm
