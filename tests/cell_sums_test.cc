#include "collect/cell_sums.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "collect/entry_finder.h"
#include "tests/support/dice.h"
#include "tests/support/file_builder.h"
#include "tests/support/random_metrics.h"

namespace promshm::collect {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

FileKind GaugeOf(GaugeMode mode) { return {FamilyType::kGauge, mode, false}; }

constexpr FileKind kCounter = {FamilyType::kCounter, GaugeMode::kAll, false};
constexpr FileKind kHistogram = {FamilyType::kHistogram, GaugeMode::kAll,
                                 false};

struct Value {
  double value = 0;
  double timestamp = 0;
};

// Bits, so that -0.0 is not 0.0, and NaN is NaN.
std::vector<std::uint64_t> Bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> bits;
  for (const double value : values) {
    bits.push_back(std::isnan(value) ? 1 : std::bit_cast<std::uint64_t>(value));
  }
  return bits;
}

class CellSumsTest : public ::testing::Test {
 protected:
  // A file with one key, and its entries.
  struct File {
    std::string bytes;
    EntryList entries;
  };

  File Make(const FileKind& kind, const std::vector<Value>& values,
            const std::string& key = "[\"x\", \"x\", {}, \"h\"]") {
    testing::FileBuilder file;
    for (const Value& value : values) {
      file.Add(key, value.value, value.timestamp);
    }
    File made{file.Bytes(), {}};
    made.entries = finder_
                       .Find(index_.FindKeySet(kind, "1"), made.bytes,
                             made.bytes.size(), {16})
                       .entries;
    return made;
  }

  // What the values merge to when each stands in a file of its own.
  double Merged(const FileKind& kind, const std::vector<Value>& values) {
    const Merge merge = MergeOf(kind);
    std::vector<File> files;
    for (const Value& value : values) files.push_back(Make(kind, {value}));
    const std::uint32_t key = files.front().entries.keys->front();
    const std::uint32_t cell = index_.keys()[key].cell;
    sums_.Begin();
    for (const File& file : files) {
      sums_.Add(merge, file.entries, file.bytes.data());
    }
    const double in_place = sums_.values()[cell];
    const bool is_set = sums_.IsSet(cell);
    sums_.Begin();
    for (const File& file : files) {
      sums_.Add(merge, file.entries,
                CellSums::Keep(merge, file.entries, file.bytes.data()));
    }
    EXPECT_EQ(Bits({sums_.values()[cell]}), Bits({in_place}));
    EXPECT_EQ(sums_.IsSet(cell), is_set);
    is_set_ = is_set;
    return in_place;
  }

  SeriesIndex index_;
  EntryFinder finder_{&index_};
  CellSums sums_{&index_};
  bool is_set_ = false;
};

TEST_F(CellSumsTest, AddsUp) {
  EXPECT_EQ(Merged(kCounter, {{0.1}, {0.2}, {0.3}}), 0.1 + 0.2 + 0.3);
  EXPECT_EQ(Merged(kCounter, {{0.3}, {0.2}, {0.1}}), 0.3 + 0.2 + 0.1);
  EXPECT_EQ(Merged(GaugeOf(GaugeMode::kLiveSum), {{1}, {-kInfinity}}),
            -kInfinity);
  EXPECT_TRUE(std::isnan(Merged(kCounter, {{1}, {kNaN}, {2}})));
}

TEST_F(CellSumsTest, TakesTheLeastAndTheMost) {
  const FileKind min = GaugeOf(GaugeMode::kMin);
  const FileKind max = GaugeOf(GaugeMode::kLiveMax);
  EXPECT_EQ(Merged(min, {{3}, {-1.5}, {2}}), -1.5);
  EXPECT_EQ(Merged(max, {{-3}, {-1.5}, {-2}}), -1.5);
  EXPECT_EQ(Merged(min, {{kNaN}, {5}, {kNaN}}), 5);
  EXPECT_EQ(Merged(max, {{kNaN}, {-kInfinity}, {kNaN}}), -kInfinity);
  EXPECT_TRUE(std::isnan(Merged(min, {{kNaN}, {kNaN}})));
  EXPECT_TRUE(std::isnan(Merged(max, {{kNaN}})));
}

TEST_F(CellSumsTest, TakesTheMostRecent) {
  const FileKind recent = GaugeOf(GaugeMode::kMostRecent);
  EXPECT_EQ(Merged(recent, {{1, 10}, {2, 30}, {3, 20}}), 2);
  EXPECT_TRUE(is_set_);
  // The first of two.
  EXPECT_EQ(Merged(recent, {{1, 10}, {2, 10}}), 1);
  EXPECT_EQ(Merged(recent, {{1, 0}, {2, 0.5}, {3, -1}}), 2);
  Merged(recent, {{1, 0}, {2, -5}, {3, kNaN}});
  EXPECT_FALSE(is_set_);
}

TEST_F(CellSumsTest, TakesTheLast) {
  const FileKind all = GaugeOf(GaugeMode::kLiveAll);
  EXPECT_EQ(Merged(all, {{1, 30}, {2, 20}, {3, 10}}), 3);
  EXPECT_TRUE(std::isnan(Merged(all, {{1}, {kNaN}})));
}

TEST_F(CellSumsTest, BeginsAnew) {
  const File file = Make(kCounter, {{2}, {3}});
  const std::uint32_t cell = index_.keys()[file.entries.keys->front()].cell;
  for (int i = 0; i < 3; ++i) {
    sums_.Begin();
    EXPECT_EQ(sums_.values()[cell], 0);
    sums_.Add(Merge::kSum, file.entries, file.bytes.data());
    EXPECT_EQ(sums_.values()[cell], 5);
  }
}

TEST_F(CellSumsTest, LearnsOfCellsInTheMiddle) {
  sums_.Begin();
  const File first = Make(kCounter, {{2}});
  sums_.Add(Merge::kSum, first.entries, first.bytes.data());
  const FileKind min = GaugeOf(GaugeMode::kMin);
  const File second = Make(min, {{7}}, "[\"y\", \"y\", {}, \"h\"]");
  sums_.Add(Merge::kMin, second.entries, second.bytes.data());
  EXPECT_EQ(sums_.values()[index_.keys()[(*first.entries.keys)[0]].cell], 2);
  EXPECT_EQ(sums_.values()[index_.keys()[(*second.entries.keys)[0]].cell], 7);
}

TEST_F(CellSumsTest, WhatHasNoCellChangesNoOther) {
  const File file = Make(kHistogram, {{2}});
  const std::uint32_t cell = index_.keys()[file.entries.keys->front()].cell;
  const File bad =
      Make(kHistogram, {{100}}, R"(["x", "x_bucket", {"le": "wide"}, "h"])");
  EXPECT_EQ(index_.keys()[bad.entries.keys->front()].cell, kNoCell);
  sums_.Begin();
  sums_.Add(Merge::kSum, bad.entries, bad.bytes.data());
  sums_.Add(Merge::kSum, file.entries, file.bytes.data());
  EXPECT_EQ(sums_.values()[cell], 2);
}

TEST_F(CellSumsTest, KeptValuesAreACopy) {
  File file = Make(kCounter, {{2}});
  const KeptValues kept =
      CellSums::Keep(Merge::kSum, file.entries, file.bytes.data());
  file.bytes.assign(file.bytes.size(), '\xff');
  // The offsets are of no use any more.
  file.entries.offsets.reset();
  sums_.Begin();
  sums_.Add(Merge::kSum, file.entries, kept);
  EXPECT_EQ(sums_.values()[index_.keys()[(*file.entries.keys)[0]].cell], 2);
}

TEST_F(CellSumsTest, KeptValuesMergeAsThoseInTheFile) {
  testing::Dice dice(1);
  const std::vector<FileKind> kinds = {
      kCounter, GaugeOf(GaugeMode::kMin), GaugeOf(GaugeMode::kMax),
      GaugeOf(GaugeMode::kMostRecent), GaugeOf(GaugeMode::kAll)};
  for (int round = 0; round < 300; ++round) {
    const FileKind& kind = dice.Pick(kinds);
    const Merge merge = MergeOf(kind);
    std::vector<File> files;
    for (std::size_t i = dice.Below(5); i > 0; --i) {
      const testing::FileBuilder built = testing::RandomFile(
          "gauge_all_1.db", testing::kCurrent, dice.Below(30), &dice);
      File& file = files.emplace_back(File{built.Bytes(), {}});
      file.entries = finder_
                         .Find(index_.FindKeySet(kind, "1"), file.bytes,
                               file.bytes.size(), {16})
                         .entries;
    }
    sums_.Begin();
    for (const File& file : files) {
      sums_.Add(merge, file.entries, file.bytes.data());
    }
    const std::vector<std::uint64_t> in_place = Bits(sums_.values());
    sums_.Begin();
    for (const File& file : files) {
      sums_.Add(merge, file.entries,
                CellSums::Keep(merge, file.entries, file.bytes.data()));
    }
    ASSERT_EQ(Bits(sums_.values()), in_place) << "round " << round;
  }
}

}  // namespace
}  // namespace promshm::collect
