#include "collect/scrape.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/metric_directory_writer.h"

namespace promshm::collect {
namespace {

using testing::MetricDirectoryWriter;

class ScrapeTest : public ::testing::Test {
 protected:
  // Reads the directory once more; true when it should be forgotten.
  bool IsOutgrown() {
    Result<store::MetricDirectory> opened =
        store::MetricDirectory::Open(directory_.path());
    Scrape scrape(++number_, {}, &knowledge_);
    EXPECT_TRUE(opened.ok() && scrape.Read(&*opened, &reader_).ok());
    scrape.Finish();
    return scrape.IsOutgrown();
  }

  MetricDirectoryWriter directory_;
  store::MetricFileReader reader_;
  Knowledge knowledge_;
  std::uint64_t number_ = 0;
};

TEST_F(ScrapeTest, KeysOfVanishedFilesAreTooMuch) {
  MetricDirectoryWriter::Entries entries;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "c" + std::to_string(i);
    entries.push_back(
        {"[\"" + name + "\", \"" + name + "_total\", {}, \"h\"]", 1, 0});
  }
  directory_.Write("counter_1.db", entries);
  EXPECT_FALSE(IsOutgrown());
  EXPECT_FALSE(IsOutgrown());
  directory_.Remove("counter_1.db");
  EXPECT_TRUE(IsOutgrown());
}

TEST_F(ScrapeTest, ProcessesWithoutAnEntryAreTooManyOnceTheyAreGone) {
  for (int i = 0; i < 300; ++i) {
    directory_.Write("gauge_all_" + std::to_string(i) + ".db", {});
  }
  EXPECT_FALSE(IsOutgrown());
  for (int i = 0; i < 300; ++i) {
    directory_.Remove("gauge_all_" + std::to_string(i) + ".db");
  }
  EXPECT_TRUE(IsOutgrown());
}

}  // namespace
}  // namespace promshm::collect
