#include "format/dialect.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "format/entry_cursor.h"
#include "tests/support/file_builder.h"
#include "tests/support/golden.h"

namespace promshm::format {
namespace {

using testing::CounterFile;
using testing::FileBuilder;
using testing::Generation;
using testing::kGenerations;

Dialect Find(std::string_view file, bool timestamps_needed = false) {
  std::int32_t used = 0;
  std::memcpy(&used, file.data(), sizeof(used));
  const auto size = static_cast<std::uint64_t>(used);
  return FindDialect(file.substr(0, size), size, timestamps_needed);
}

// What the dialect found makes of the file.
std::vector<double> Values(std::string_view file) {
  std::int32_t used = 0;
  std::memcpy(&used, file.data(), sizeof(used));
  EntryCursor cursor(file, static_cast<std::uint64_t>(used),
                     Find(file).value_size);
  std::vector<double> values;
  for (Entry entry; cursor.Next(&entry);) values.push_back(entry.value);
  return values;
}

double FromBits(std::uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// Numbers whose bytes could be taken for something else: an entry's length, a
// key's first bytes, a timestamp.
const std::vector<double>& OddValues() {
  static const std::vector<double> values = {
      0.0,
      -0.0,
      1.0,
      std::numeric_limits<double>::quiet_NaN(),
      std::numeric_limits<double>::infinity(),
      -std::numeric_limits<double>::infinity(),
      1700000000.25,
      5e-324,
      FromBits(0x0000000200000002),
      FromBits(0x225b000000000012),  // length 18, then [" at byte 6
      FromBits(0x0000225b00000012),  // length 18, then ["
      FromBits(0x6122225b00000002),
      FromBits(0x5d5d5d5d5d5d5d5d),
      FromBits(0x5b5b5b5b5b5b5b5b),
      FromBits(0x2020202020202020),
      FromBits(0xffffffffffffffff),
      FromBits(0x00000000ffffffff),
      FromBits(0x000000007fffffff),
  };
  return values;
}

class GenerationTest : public ::testing::TestWithParam<Generation> {};

TEST_P(GenerationTest, FilesOfOneEntryAndMoreAreTold) {
  for (std::size_t entries = 1; entries < 10; ++entries) {
    const std::string file =
        CounterFile(GetParam(), std::vector<double>(entries, 1.5)).Bytes(4096);
    const Dialect dialect = Find(file);
    EXPECT_EQ(dialect.value_size, GetParam().value_size) << entries;
    EXPECT_EQ(dialect.key_shape, GetParam().key_shape) << entries;
    EXPECT_EQ(dialect.has_timestamps(), GetParam().value_size == 16);
  }
}

TEST_P(GenerationTest, ValuesThatLookLikeAnythingChangeNothing) {
  for (const double first : OddValues()) {
    for (const double second : OddValues()) {
      const std::string one = CounterFile(GetParam(), {first}).Bytes(1024);
      EXPECT_EQ(Find(one).value_size, GetParam().value_size);
      const std::string two =
          CounterFile(GetParam(), {first, second}).Bytes(1024);
      EXPECT_EQ(Find(two).value_size, GetParam().value_size);
      EXPECT_EQ(Values(two).size(), 2U);
    }
  }
}

TEST_P(GenerationTest, RubbishAfterTheFirstEntryCostsNothing) {
  for (const char byte : {'\0', '\xff', 'x'}) {
    FileBuilder file = CounterFile(GetParam(), {1.5});
    file.AddBytes(std::string(64, byte));
    EXPECT_EQ(Values(file.Bytes()), std::vector<double>{1.5});
    // Zeros might be a timestamp, where the key does not rule that out.
    if (byte == '\0' && GetParam().key_shape == KeyShape::kObject) {
      EXPECT_EQ(Find(file.Bytes()).value_size, 16U);
    } else if (byte != '\0') {
      EXPECT_EQ(Find(file.Bytes()).value_size, GetParam().value_size);
    }
  }
}

TEST_P(GenerationTest, DamagedSecondEntryChangesNothing) {
  const FileBuilder whole = CounterFile(GetParam(), {1, 2, 3});
  const std::string bytes = whole.Bytes();
  for (std::uint64_t at = whole.offsets()[1]; at < whole.offsets()[2]; ++at) {
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string damaged = bytes;
      damaged[at] = byte;
      EXPECT_EQ(Find(damaged).value_size, GetParam().value_size)
          << "byte " << at;
    }
  }
}

TEST_P(GenerationTest, FilesCutBehindTheSecondEntryAreTold) {
  const FileBuilder whole = CounterFile(GetParam(), {1, 2, 3});
  for (std::uint64_t size = whole.offsets()[2]; size <= whole.size(); ++size) {
    const Dialect dialect =
        FindDialect(whole.Bytes().substr(0, size), whole.size(), false);
    EXPECT_EQ(dialect.value_size, GetParam().value_size) << size;
    EXPECT_EQ(dialect.key_shape, GetParam().key_shape) << size;
  }
}

TEST_P(GenerationTest, FilesOfAKindThatNeedsTimestampsHaveThem) {
  const std::string file = CounterFile(GetParam(), {1, 2}).Bytes();
  EXPECT_EQ(Find(file, /*timestamps_needed=*/true).value_size, 16U);
  EXPECT_EQ(Find(file, /*timestamps_needed=*/true).key_shape,
            GetParam().key_shape);
}

TEST_P(GenerationTest, BracketsAndCommasInNamesChangeNothing) {
  for (const char* name : {"a,[b", "a, {b", "[[[", "{", ",,,", "]", "\\\",[",
                           "\\\\", "a\\\", {"}) {
    FileBuilder file(GetParam());
    file.Add(GetParam().Key(name, name, name), 1)
        .Add(GetParam().Key("x", "x", "1"), 2);
    EXPECT_EQ(Find(file.Bytes()).key_shape, GetParam().key_shape) << name;
    EXPECT_EQ(Find(file.Bytes()).value_size, GetParam().value_size) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Dialect, GenerationTest,
                         ::testing::ValuesIn(kGenerations),
                         [](const auto& info) { return info.param.name; });

TEST(DialectTest, TimestampsThatLookLikeAnythingChangeNothing) {
  for (const double timestamp : OddValues()) {
    FileBuilder file(testing::kCurrent);
    file.Add(testing::kCurrent.Key("x", "x", "0"), 1, timestamp);
    EXPECT_EQ(Find(file.Bytes()).value_size, 16U);
    file.Add(testing::kCurrent.Key("x", "x", "1"), 2, timestamp);
    EXPECT_EQ(Find(file.Bytes()).value_size, 16U);
    EXPECT_EQ(Values(file.Bytes()), (std::vector<double>{1, 2}));
  }
}

TEST(DialectTest, FileWithoutEntriesIsTakenForACurrentOne) {
  for (const std::string& file :
       {std::string(8, '\0'), FileBuilder().Bytes(), FileBuilder().Bytes(4096),
        FileBuilder().ClaimUsed(1000000).Bytes()}) {
    EXPECT_EQ(Find(file).value_size, 16U);
    EXPECT_EQ(Find(file).key_shape, KeyShape::kObject);
  }
}

TEST(DialectTest, EveryGoldenFileIsTold) {
  for (const testing::GoldenFile& file : testing::ReadAllGolden()) {
    if (file.entries.empty()) continue;
    const Dialect dialect = Find(testing::ReadBytes(file.path));
    EXPECT_EQ(dialect.value_size, file.directory == "legacy016" ? 8U : 16U)
        << file.path;
    EXPECT_EQ(dialect.key_shape, KeyShape::kObject) << file.path;
  }
}

TEST(DialectTest, RubysGoldenFilesAreTold) {
  for (const char* name :
       {"db/counter_worker_0-0.db", "db/histogram_worker_0-0.db"}) {
    const std::string file =
        testing::ReadBytes(testing::GoldenPath("ruby", name));
    ASSERT_FALSE(file.empty()) << name;
    const Dialect dialect = Find(file);
    EXPECT_EQ(dialect.value_size, 8U);
    EXPECT_TRUE(dialect.is_ruby());
  }
}

// A file cut right after the value of its first entry fits both generations:
// nothing is better than a number that may be invented. Six bytes more tell.
TEST(DialectTest, FileCutRightAfterItsFirstValueGivesNothing) {
  for (const Generation& generation :
       {testing::kCurrent, testing::kWithoutTimestamp}) {
    const FileBuilder whole = CounterFile(generation, {1, 2});
    const std::uint64_t value_end =
        whole.offsets()[1] - generation.value_size + 8;
    for (std::uint64_t more = 0; more < 8; ++more) {
      const bool told = generation.value_size == 8 && more >= 6;
      EXPECT_EQ(Values(whole.Bytes().substr(0, value_end + more)),
                told ? std::vector<double>{1} : std::vector<double>{})
          << generation << ' ' << more;
    }
  }
}

}  // namespace
}  // namespace promshm::format
