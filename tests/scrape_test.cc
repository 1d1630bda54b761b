#include "collect/scrape.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "collect/view.h"
#include "promshm/exposition.h"
#include "store/file_descriptor.h"
#include "tests/support/collected.h"
#include "tests/support/metric_directory_writer.h"
#include "tests/support/temporary_directory.h"

namespace promshm::collect {
namespace {

using testing::MetricDirectoryWriter;

std::string Key(const std::string& name) {
  return "[\"" + name + "\", \"" + name + "_total\", {}, \"h\"]";
}

class ScrapeTest : public ::testing::Test {
 protected:
  // Passes once more; true when everything should be forgotten.
  bool IsOutgrown() {
    Pass();
    View view({});
    view.Take(scrape_);
    return scrape_.IsOutgrown(view.keys());
  }

  // What the pass has cost.
  ScrapeCosts Pass() {
    const ScrapeCosts before = scrape_.costs();
    const Status status = scrape_.Pass();
    EXPECT_TRUE(status.ok()) << status.message();
    const ScrapeCosts after = scrape_.costs();
    return {after.files_read - before.files_read,
            after.bytes_read - before.bytes_read,
            after.keys_looked_up - before.keys_looked_up};
  }

  std::string Text() {
    View view({});
    std::string text;
    EXPECT_TRUE(WriteExposition(view.Take(scrape_), {}, &text).empty());
    return text;
  }

  // Somebody who could write to the file.
  store::FileDescriptor OpenForWriting(const std::string& file) {
    const std::string path = directory_.path() + "/" + file;
    store::FileDescriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_TRUE(fd.valid());
    return fd;
  }

  static void StoreAt(const store::FileDescriptor& fd, off_t offset,
                      double value) {
    void* memory =
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(memory, MAP_FAILED);
    *reinterpret_cast<double*>(static_cast<char*>(memory) + offset) = value;
    munmap(memory, 4096);
  }

  static off_t OffsetOfFirstValue() {
    return static_cast<off_t>(8 + 4 + Key("a").size() + 8 -
                              (Key("a").size() + 4) % 8);
  }

  MetricDirectoryWriter directory_;
  Scrape scrape_{testing::OptionsFor(directory_.path())};
};

TEST_F(ScrapeTest, PassAfterPassReadsAndLooksUpNothing) {
  directory_.Write("counter_1.db", {{Key("a"), 1}, {Key("b"), 2}});
  directory_.Write("counter_2.db", {{Key("a"), 1}, {Key("b"), 2}});
  directory_.Write("counter_3.db", {{Key("a"), 1}, {Key("b"), 2}});
  const store::FileDescriptor living = OpenForWriting("counter_2.db");
  const ScrapeCosts first = Pass();
  EXPECT_EQ(first.files_read, 3);
  EXPECT_EQ(first.keys_looked_up, 2);
  // From here on the directory is watched.
  const ScrapeCosts second = Pass();
  EXPECT_EQ(second.files_read, 3);
  EXPECT_EQ(second.keys_looked_up, 0);
  for (int i = 0; i < 3; ++i) {
    const ScrapeCosts costs = Pass();
    EXPECT_EQ(costs.files_read, 0);
    EXPECT_EQ(costs.bytes_read, 0);
    EXPECT_EQ(costs.keys_looked_up, 0);
  }
  EXPECT_NE(Text().find("\na_total 3.0\n"), std::string::npos) << Text();
}

TEST_F(ScrapeTest, StoresAreSeenWithoutReading) {
  directory_.Write("counter_1.db", {{Key("a"), 1}});
  const store::FileDescriptor living = OpenForWriting("counter_1.db");
  Pass();
  Pass();
  StoreAt(living, OffsetOfFirstValue(), 42);
  EXPECT_EQ(Pass().bytes_read, 0);
  EXPECT_NE(Text().find("\na_total 42.0\n"), std::string::npos) << Text();
}

TEST_F(ScrapeTest, WriterThatComesBackToADeadFileIsNoticed) {
  directory_.Write("counter_1.db", {{Key("a"), 1}});
  Pass();
  Pass();
  EXPECT_EQ(Pass().files_read, 0);
  const auto offset = static_cast<off_t>(8 + 4 + Key("a").size() + 8 -
                                         (Key("a").size() + 4) % 8);
  {
    const store::FileDescriptor back = OpenForWriting("counter_1.db");
    StoreAt(back, offset, 5);
    EXPECT_EQ(Pass().files_read, 1);
    StoreAt(back, offset, 6);
    EXPECT_EQ(Pass().files_read, 0);
    EXPECT_NE(Text().find("\na_total 6.0\n"), std::string::npos) << Text();
    StoreAt(back, offset, 7);
  }
  // Closed: dead again, with what was stored last.
  EXPECT_EQ(Pass().files_read, 1);
  EXPECT_EQ(Pass().files_read, 0);
  EXPECT_NE(Text().find("\na_total 7.0\n"), std::string::npos) << Text();
}

// Of what is opened by a name elsewhere the directory's watch does not tell.
TEST_F(ScrapeTest, AFileWithAnotherNameIsReadInPlace) {
  directory_.Write("counter_1.db", {{Key("a"), 1}});
  const testing::TemporaryDirectory elsewhere;
  const std::string other = elsewhere.PathOf("other");
  ASSERT_EQ(link((directory_.path() + "/counter_1.db").c_str(), other.c_str()),
            0);
  Pass();
  Pass();
  const store::FileDescriptor writer(open(other.c_str(), O_RDWR | O_CLOEXEC));
  StoreAt(writer, OffsetOfFirstValue(), 42);
  EXPECT_EQ(Pass().files_read, 0);
  EXPECT_NE(Text().find("\na_total 42.0\n"), std::string::npos) << Text();
}

TEST_F(ScrapeTest, ReadersLetEachOtherRest) {
  directory_.Write("counter_1.db", {{Key("a"), 1}});
  directory_.Write("counter_2.db", {{Key("a"), 1}});
  Scrape other(testing::OptionsFor(directory_.path()));
  for (int i = 0; i < 3; ++i) {
    Pass();
    ASSERT_TRUE(other.Pass().ok());
  }
  const std::uint64_t before = other.costs().files_read;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Pass().files_read, 0);
    ASSERT_TRUE(other.Pass().ok());
  }
  EXPECT_EQ(other.costs().files_read, before);
  // A writer that comes and goes is noticed all the same.
  StoreAt(OpenForWriting("counter_1.db"), OffsetOfFirstValue(), 42);
  Pass();
  EXPECT_NE(Text().find("\na_total 43.0\n"), std::string::npos) << Text();
}

TEST_F(ScrapeTest, WhatStaysBadIsNoNews) {
  directory_.Write("counter_1.db", {{Key("a"), 1}});
  const std::string empty = directory_.path() + "/counter_2.db";
  ASSERT_TRUE(store::FileDescriptor(open(empty.c_str(), O_CREAT | O_RDWR, 0600))
                  .valid());
  Pass();
  Pass();
  const std::uint64_t version = scrape_.version();
  Pass();
  EXPECT_EQ(scrape_.version(), version);
}

TEST_F(ScrapeTest, KeysOfVanishedFilesAreTooMuch) {
  MetricDirectoryWriter::Entries entries;
  for (int i = 0; i < 5000; ++i) {
    entries.push_back({Key("c" + std::to_string(i)), 1, 0});
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
