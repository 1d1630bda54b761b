#include "store/read_ahead.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

constexpr std::size_t kFiles = 300;

// Every file says another thing.
class ReadAheadTest : public ::testing::Test {
 protected:
  ReadAheadTest() {
    for (std::size_t i = 0; i < kFiles; ++i) {
      testing::FileBuilder file(testing::kCurrent);
      // From nearly nothing to what fills the window alone.
      const std::size_t entries = i % 50 == 7 ? 12'000 : i % 90;
      const std::string text = std::to_string(i);
      for (std::size_t entry = 0; entry < entries; ++entry) {
        file.Add("[\"c\", \"c_total\", {\"file\": \"" + text + "\", \"n\": \"" +
                     std::to_string(entry) + "\"}, \"h\"]",
                 static_cast<double>(i));
      }
      const std::string name = "counter_" + std::to_string(1000 + i) + ".db";
      directory_.Write(name, file.Bytes(file.size() + 100));
      bytes_.push_back(file.Bytes(file.size()));
    }
  }

  MetricDirectory Open() {
    Result<MetricDirectory> opened = MetricDirectory::Open(directory_.path());
    EXPECT_TRUE(opened.ok());
    return *std::move(opened);
  }

  // How many files were given as they are, one after the other.
  std::size_t CountRight(std::size_t most = kFiles) {
    MetricDirectory opened = Open();
    ReadAhead ahead(&opened);
    for (std::size_t i = 0; i < most; ++i) {
      const Result<FileContents> contents = ahead.Next();
      if (!contents.ok() || contents->bytes != bytes_[i]) return i;
    }
    return most;
  }

  testing::TemporaryDirectory directory_;
  std::vector<std::string> bytes_;
};

TEST_F(ReadAheadTest, GivesTheFilesInTheirOrder) {
  EXPECT_EQ(CountRight(), kFiles);
}

TEST_F(ReadAheadTest, NeedNotBeReadToTheEnd) {
  for (const std::size_t most : {0, 1, 7, 20}) {
    EXPECT_EQ(CountRight(most), most);
  }
}

TEST_F(ReadAheadTest, OneProcessorIsEnough) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &here);
  ASSERT_EQ(sched_setaffinity(0, sizeof(here), &here), 0);
  EXPECT_EQ(CountRight(), kFiles);
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

// Then a thread may have to wait long in the middle of a file.
TEST_F(ReadAheadTest, OthersMayKeepTheProcessorsBusy) {
  std::atomic<bool> is_stopping{false};
  std::vector<std::thread> others;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
    others.emplace_back([&] {
      while (!is_stopping) {
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(CountRight(), kFiles);
  is_stopping = true;
  for (std::thread& other : others) other.join();
}

TEST_F(ReadAheadTest, SaysWhichFileIsNone) {
  directory_.Write("counter_1010.db", "");
  MetricDirectory opened = Open();
  ReadAhead ahead(&opened);
  for (std::size_t i = 0; i < kFiles; ++i) {
    const Result<FileContents> contents = ahead.Next();
    ASSERT_TRUE(contents.ok());
    EXPECT_EQ(contents->issue.has_value(), i == 10) << i;
  }
}

}  // namespace
}  // namespace promshm::store
