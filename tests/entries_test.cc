#include "promshm/entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/file_builder.h"
#include "tests/support/golden.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using testing::CounterFile;
using ::testing::ElementsAre;
using testing::FileBuilder;
using ::testing::IsEmpty;

// A FileEntry that owns its texts.
struct OwnedEntry {
  std::string path;
  std::uint64_t offset = 0;
  std::string key;
  double value = 0;
  std::optional<double> timestamp;
};

class EntriesTest : public ::testing::Test {
 protected:
  void Read(const std::string& source) {
    entries_.clear();
    issues_.clear();
    Result<std::vector<Issue>> issues =
        ReadEntries(source, [this](const FileEntry& entry) {
          entries_.push_back({std::string(entry.path), entry.offset,
                              std::string(entry.key), entry.value,
                              entry.timestamp});
        });
    ASSERT_TRUE(issues.ok()) << issues.status().message();
    issues_ = *std::move(issues);
  }

  std::vector<std::string> Issues() const {
    std::vector<std::string> texts;
    for (const Issue& issue : issues_) texts.push_back(issue.ToString());
    return texts;
  }

  std::vector<double> Values() const {
    std::vector<double> values;
    for (const OwnedEntry& entry : entries_) values.push_back(entry.value);
    return values;
  }

  testing::TemporaryDirectory directory_;
  std::vector<OwnedEntry> entries_;
  std::vector<Issue> issues_;
};

TEST_F(EntriesTest, EntriesComeInTheOrderOfFilesAndOffsets) {
  directory_.Write("counter_2.db", CounterFile(testing::kCurrent, {3}).Bytes());
  directory_.Write("counter_10.db",
                   CounterFile(testing::kCurrent, {1, 2}).Bytes());
  Read(directory_.path());
  EXPECT_THAT(Values(), ElementsAre(1, 2, 3));
  EXPECT_EQ(entries_[0].path, directory_.PathOf("counter_10.db"));
  EXPECT_EQ(entries_[0].offset, 8U);
  EXPECT_EQ(entries_[0].key, R"(["x", "x_total", {"k": "0"}, "Help"])");
  EXPECT_EQ(entries_[0].timestamp, 0.0);
  EXPECT_EQ(entries_[2].path, directory_.PathOf("counter_2.db"));
  EXPECT_THAT(issues_, IsEmpty());
}

TEST_F(EntriesTest, TimestampIsAbsentWhereTheFileStoresNone) {
  directory_.Write("counter_1.db",
                   CounterFile(testing::kWithoutTimestamp, {1}).Bytes());
  Read(directory_.path());
  ASSERT_EQ(entries_.size(), 1U);
  EXPECT_EQ(entries_[0].timestamp, std::nullopt);
}

TEST_F(EntriesTest, OneFileIsASource) {
  const std::string path = directory_.Write(
      "counter_1.db", CounterFile(testing::kCurrent, {1}).Bytes());
  directory_.Write("counter_2.db", CounterFile(testing::kCurrent, {2}).Bytes());
  Read(path);
  EXPECT_THAT(Values(), ElementsAre(1));
  EXPECT_EQ(entries_[0].path, path);
}

TEST_F(EntriesTest, EntriesBeforeTheDamageAreVisited) {
  FileBuilder file(16);
  file.Add(testing::kCurrent.Key("x", "x_total", "0"), 1)
      .AddWithLength(1919251561, testing::kCurrent.Key("x", "x_total", "1"), 2)
      .Add(testing::kCurrent.Key("x", "x_total", "2"), 3);
  const std::string path = directory_.Write("counter_1.db", file.Bytes());
  directory_.Write("counter_2.db", CounterFile(testing::kCurrent, {4}).Bytes());
  Read(directory_.path());
  EXPECT_THAT(Values(), ElementsAre(1, 4));
  ASSERT_EQ(issues_.size(), 1U);
  EXPECT_EQ(issues_[0].kind, IssueKind::kDamaged);
  EXPECT_EQ(issues_[0].path, path);
  EXPECT_EQ(issues_[0].offset, file.offsets()[1]);
}

TEST_F(EntriesTest, KeyThatIsNoKeyIsDamageWhereTheKeyStands) {
  for (const std::string_view key :
       {"[not JSON]", R"(["f"])", "[\"f\xff\", \"s\", {}, \"h\"]"}) {
    FileBuilder file(16);
    file.Add(testing::kCurrent.Key("x", "x_total", "0"), 1)
        .Add(key, 2)
        .Add(testing::kCurrent.Key("x", "x_total", "2"), 3);
    directory_.Write("counter_1.db", file.Bytes());
    Read(directory_.path());
    EXPECT_THAT(Values(), ElementsAre(1)) << key;
    ASSERT_EQ(issues_.size(), 1U);
    EXPECT_EQ(issues_[0].kind, IssueKind::kDamaged);
    EXPECT_EQ(issues_[0].offset, file.offsets()[1] + 4);
  }
}

// The bytes of the first value, zeros, stand between the two keys.
TEST_F(EntriesTest, LengthThatSpansTwoKeysIsDamage) {
  const std::string first = testing::kRuby.Key("x", "x_total", "0");
  const std::string second = testing::kRuby.Key("y", "y_total", "1");
  for (const char* between : {" ", "", "\n"}) {
    FileBuilder file(8);
    std::string both = first + between;
    both += std::string(8, '\0') + second;
    file.Add(both, 7);
    directory_.Write("counter_1.db", file.Bytes());
    Read(directory_.path());
    EXPECT_THAT(entries_, IsEmpty());
    ASSERT_EQ(issues_.size(), 1U);
    EXPECT_EQ(issues_[0].kind, IssueKind::kDamaged);
    EXPECT_EQ(issues_[0].offset, 12U);
  }
}

TEST_F(EntriesTest, FilesThatAreNoMetricFilesAreNamed) {
  directory_.Write("cache.db", "SQLite format 3");
  directory_.Write("counter_1.db", CounterFile(testing::kCurrent, {1}).Bytes());
  directory_.Write("readme.txt", "not a .db");
  Read(directory_.path());
  EXPECT_THAT(Values(), ElementsAre(1));
  ASSERT_EQ(issues_.size(), 1U);
  EXPECT_EQ(issues_[0].kind, IssueKind::kNotMetricFile);
  EXPECT_EQ(issues_[0].path, directory_.PathOf("cache.db"));
}

TEST_F(EntriesTest, MostRecentGaugesAlwaysHaveTimestamps) {
  FileBuilder file(16);
  file.Add(R"(["g", "g", {}, "h"])", 1, 1700000000.5);
  directory_.Write("gauge_mostrecent_1.db", file.Bytes());
  Read(directory_.path());
  ASSERT_EQ(entries_.size(), 1U);
  EXPECT_EQ(entries_[0].timestamp, 1700000000.5);
}

TEST_F(EntriesTest, MissingSourceIsNotFound) {
  const auto none =
      ReadEntries(directory_.PathOf("none"), [](const FileEntry&) { FAIL(); });
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().kind(), StatusKind::kNotFound);
  EXPECT_EQ(none.status().message(), directory_.PathOf("none") +
                                         ": cannot open: no such file or "
                                         "directory");
}

TEST_F(EntriesTest, ExceptionOfTheVisitorPassesThrough) {
  directory_.Write("counter_1.db",
                   CounterFile(testing::kCurrent, {1, 2}).Bytes());
  int visited = 0;
  const auto visit = [&visited](const FileEntry&) {
    ++visited;
    throw std::runtime_error("enough");
  };
  EXPECT_THROW((void)ReadEntries(directory_.path(), visit), std::runtime_error);
  EXPECT_EQ(visited, 1);
}

void ExpectSameNumber(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) {
    EXPECT_TRUE(std::isnan(a) && std::isnan(b));
  } else {
    EXPECT_EQ(a, b);
    EXPECT_EQ(std::signbit(a), std::signbit(b));
  }
}

TEST_F(EntriesTest, GoldenDirectoriesGiveWhatTheirWritersSay) {
  for (const testing::GoldenFile& file : testing::ReadAllGolden()) {
    SCOPED_TRACE(file.path);
    Read(file.path);
    EXPECT_THAT(Issues(), IsEmpty());
    ASSERT_EQ(entries_.size(), file.entries.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      EXPECT_EQ(entries_[i].key, file.entries[i].key);
      ExpectSameNumber(entries_[i].value, file.entries[i].value);
      EXPECT_EQ(entries_[i].timestamp, file.entries[i].timestamp);
    }
  }
}

}  // namespace
}  // namespace promshm
