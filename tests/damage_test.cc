#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/entries.h"
#include "promshm/exposition.h"
#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

// Files are cut at every length and bytes are overwritten one at a time; then
// they take the whole way that a scrape takes. Whatever happens to a file, no
// entry may come out that did not go in, and no loss may pass in silence.

namespace promshm {
namespace {

using ::testing::Contains;
using testing::FileBuilder;
using ::testing::Property;

struct Case {
  std::string name;
  std::string file_name;
  FileBuilder file;
};

struct SeenEntry {
  std::uint64_t offset = 0;
  std::string key;
  double value = 0;
  std::optional<double> timestamp;

  bool operator==(const SeenEntry&) const = default;
};

struct Reading {
  std::vector<SeenEntry> entries;
  std::vector<Issue> issues;
};

std::vector<Case> MakeCases() {
  std::vector<Case> cases;
  for (const testing::Generation& generation : testing::kGenerations) {
    FileBuilder file(generation);
    file.Add(generation.Key("x", "x_total", "0"), 1.5, 1700000000.25)
        .Add(generation.Key("x", "x_total", "second"), 2.25, 1700000001.5)
        .Add(generation.Key("y", "y_total", "3"), 4);
    cases.push_back({generation.name, "counter_1.db", file});
  }
  FileBuilder recent(16);
  recent.Add(R"(["g", "g", {}, ""])", 1, 1700000000.25)
      .Add(R"(["h", "h", {"a": "\u00e9", "b": ""}, "H"])", 2, 1700000001);
  cases.push_back({"MostRecent", "gauge_mostrecent_1.db", recent});
  FileBuilder histogram(16);
  histogram.Add(R"(["h", "h_sum", {}, ""])", 3)
      .Add(R"(["h", "h_bucket", {"le": "0.5"}, ""])", 1)
      .Add(R"(["h", "h_bucket", {"le": "+Inf"}, ""])", 2);
  cases.push_back({"Histogram", "histogram_1.db", histogram});
  return cases;
}

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = MakeCases();
  return cases;
}

std::int32_t UsedOf(std::string_view bytes) {
  std::int32_t used = 0;
  std::memcpy(&used, bytes.data(), sizeof(used));
  return used;
}

class DamageTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  const Case& Original() const { return Cases()[GetParam()]; }

  Reading Read(std::string_view bytes) {
    const std::string path = directory_.Write(Original().file_name, bytes);
    Reading reading;
    Result<std::vector<Issue>> issues =
        ReadEntries(directory_.path(), [&](const FileEntry& entry) {
          EXPECT_EQ(entry.path, path);
          reading.entries.push_back({entry.offset, std::string(entry.key),
                                     entry.value, entry.timestamp});
        });
    EXPECT_TRUE(issues.ok()) << issues.status().message();
    if (issues.ok()) reading.issues = *std::move(issues);
    return reading;
  }

  // One collector sees every version of the file, and a new one sees only
  // this: what either remembers must not show.
  Snapshot Collect() {
    Result<Snapshot> remembered = collector_.Collect();
    Result<Snapshot> fresh = Collector(directory_.path()).Collect();
    EXPECT_TRUE(remembered.ok()) << remembered.status().message();
    EXPECT_TRUE(fresh.ok()) << fresh.status().message();
    if (!remembered.ok() || !fresh.ok()) return {};
    EXPECT_EQ(Values(*remembered), Values(*fresh));
    return *std::move(fresh);
  }

  // As texts: NaN is like NaN.
  static std::vector<std::string> Values(const Snapshot& snapshot) {
    std::vector<std::string> values;
    for (const MetricFamily& family : snapshot.families()) {
      for (const Series& series : family.series) {
        for (const Sample& sample : series.samples) {
          values.push_back(NumberText(snapshot.value(sample)));
        }
      }
    }
    return values;
  }

  // The sums a collector must come to: each entry is a series of its own.
  void ExpectSumsOf(const Snapshot& snapshot, const Reading& reading) {
    if (Original().file_name != "counter_1.db") return;
    std::vector<std::string> expected;
    for (const SeenEntry& entry : reading.entries) {
      expected.push_back(NumberText(entry.value));
    }
    EXPECT_THAT(Values(snapshot),
                ::testing::UnorderedElementsAreArray(expected));
  }

  // That the file's one issue says where the damage is, and that the collector
  // says the same.
  void ExpectReported(const Reading& reading, const Snapshot& snapshot,
                      std::uint64_t file_size) {
    ASSERT_EQ(reading.issues.size(), 1U);
    const Issue& issue = reading.issues[0];
    EXPECT_EQ(issue.kind, IssueKind::kDamaged);
    EXPECT_EQ(issue.path, directory_.PathOf(Original().file_name));
    ASSERT_TRUE(issue.offset.has_value());
    EXPECT_LE(*issue.offset, file_size);
    if (!reading.entries.empty()) {
      EXPECT_GT(*issue.offset, reading.entries.back().offset);
    }
    EXPECT_THAT(snapshot.issues(),
                Contains(Property(&Issue::ToString, issue.ToString())));
  }

  // Whether the file, cut here, may belong to two generations: right after
  // the value of its first entry.
  bool IsAmbiguousCut(std::uint64_t size) const {
    const std::uint64_t second = Original().file.offsets()[1];
    return size < second + 8 && size + 8 >= second;
  }

  testing::TemporaryDirectory directory_;
  Collector collector_{directory_.path()};
};

TEST_P(DamageTest, WholeFileIsReadWithoutIssue) {
  const Reading whole = Read(Original().file.Bytes());
  EXPECT_EQ(whole.entries.size(), Original().file.offsets().size());
  EXPECT_TRUE(whole.issues.empty());
  const Snapshot snapshot = Collect();
  EXPECT_TRUE(snapshot.issues().empty());
  ExpectSumsOf(snapshot, whole);
}

TEST_P(DamageTest, CutFileGivesThePrefixOfItsEntries) {
  const std::string bytes = Original().file.Bytes();
  const Reading whole = Read(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE("cut at " + std::to_string(size));
    const Reading cut = Read(std::string_view(bytes).substr(0, size));
    ASSERT_LE(cut.entries.size(), whole.entries.size());
    for (std::size_t i = 0; i < cut.entries.size(); ++i) {
      EXPECT_EQ(cut.entries[i], whole.entries[i]);
    }
    std::size_t complete = 0;
    while (complete + 1 < whole.entries.size() &&
           whole.entries[complete + 1].offset <= size) {
      ++complete;
    }
    if (!IsAmbiguousCut(size)) {
      EXPECT_EQ(cut.entries.size(), complete);
    }
    const Snapshot snapshot = Collect();
    ExpectReported(cut, snapshot, size);
    ExpectSumsOf(snapshot, cut);
  }
}

// As after a crash: the file has its size, the last pages never came.
TEST_P(DamageTest, FileWhoseTailIsZeroGivesOnlyTrueKeys) {
  const std::string bytes = Original().file.Bytes();
  const Reading whole = Read(bytes);
  for (std::size_t size = 8; size < bytes.size(); ++size) {
    SCOPED_TRACE("zero from " + std::to_string(size));
    std::string zeroed = bytes;
    std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(size), zeroed.end(),
              '\0');
    const Reading reading = Read(zeroed);
    ASSERT_LE(reading.entries.size(), whole.entries.size());
    for (std::size_t i = 0; i < reading.entries.size(); ++i) {
      EXPECT_EQ(reading.entries[i].offset, whole.entries[i].offset);
      EXPECT_EQ(reading.entries[i].key, whole.entries[i].key);
    }
    const Snapshot snapshot = Collect();
    if (reading.entries.size() < whole.entries.size()) {
      ExpectReported(reading, snapshot, bytes.size());
    }
    ExpectSumsOf(snapshot, reading);
  }
}

// What may be said of a file with one byte overwritten at `at`.
TEST_P(DamageTest, OverwrittenByteInventsNoEntry) {
  const FileBuilder& file = Original().file;
  const std::string bytes = file.Bytes();
  const std::vector<std::uint64_t>& offsets = file.offsets();
  const Reading whole = Read(bytes);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      SCOPED_TRACE("byte " + std::to_string(at) + " = " +
                   std::to_string(static_cast<unsigned char>(byte)));
      std::string changed = bytes;
      changed[at] = byte;
      const Reading reading = Read(changed);
      ASSERT_LE(reading.entries.size(), whole.entries.size());
      for (std::size_t i = 0; i < reading.entries.size(); ++i) {
        const SeenEntry& entry = reading.entries[i];
        const std::uint64_t end =
            i + 1 < offsets.size() ? offsets[i + 1] : bytes.size();
        ASSERT_EQ(entry.offset, offsets[i]);
        EXPECT_EQ(entry.key, changed.substr(entry.offset + 4,
                                            whole.entries[i].key.size()));
        if (at < entry.offset || at >= end) {
          EXPECT_EQ(entry, whole.entries[i]);
        }
      }
      const Snapshot snapshot = Collect();
      // A header that says less on the border of two entries is the truth as
      // far as anybody can know.
      const auto used = static_cast<std::uint64_t>(UsedOf(changed));
      const bool credible =
          at < 4 && (used == 0 || std::find(offsets.begin(), offsets.end(),
                                            used) != offsets.end());
      if (reading.entries.size() < whole.entries.size() && !credible) {
        ExpectReported(reading, snapshot, bytes.size());
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DamageTest,
                         ::testing::Range(std::size_t{0}, Cases().size()),
                         [](const auto& info) {
                           return Cases()[info.param].name;
                         });

}  // namespace
}  // namespace promshm
