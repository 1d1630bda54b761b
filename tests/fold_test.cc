#include "maintain/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "format/dialect.h"
#include "format/entry_cursor.h"
#include "tests/support/file_builder.h"

namespace promshm::maintain {
namespace {

using ::testing::ElementsAre;
using testing::FileBuilder;
using ::testing::IsEmpty;

struct Line {
  std::string key;
  double value;
  double timestamp;

  bool operator==(const Line& other) const {
    const bool both_nan = std::isnan(value) && std::isnan(other.value);
    return key == other.key && (both_nan || value == other.value) &&
           timestamp == other.timestamp;
  }
};

void PrintTo(const Line& line, std::ostream* out) {
  *out << line.key << ' ' << line.value << ' ' << line.timestamp;
}

format::MetricFileName NameOf(const std::string& name) {
  return *format::MetricFileName::Parse(name);
}

class FoldTest : public ::testing::Test {
 protected:
  void Begin(const std::string& name) {
    fold_ = std::make_unique<Fold>(NameOf(name), /*with_living=*/false);
    needs_timestamps_ = format::IsMostRecent(NameOf(name).mode);
  }

  Fold::Added Add(const FileBuilder& file) {
    const std::string bytes = file.Bytes();
    // Aligned as a reader's buffer is.
    const auto copy = std::make_unique<char[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), copy.get());
    std::int32_t used;
    std::memcpy(&used, bytes.data(), sizeof(used));
    const std::string_view view(copy.get(), bytes.size());
    const std::uint64_t entries_end = static_cast<std::uint64_t>(used);
    const store::FileContents contents{view.substr(0, entries_end), entries_end,
                                       std::nullopt};
    return fold_->Add(
        contents,
        format::FindDialect(contents.bytes, contents.used, needs_timestamps_));
  }

  std::vector<Line> Lines(Generation generation = Generation::kCurrent,
                          std::uint32_t value_size = 16) const {
    const Result<Fold::File> file = fold_->Finish(generation);
    EXPECT_TRUE(file.ok()) << file.status().message();
    format::EntryCursor cursor(file->bytes, file->bytes.size(), value_size);
    format::Entry entry;
    std::vector<Line> lines;
    while (cursor.Next(&entry)) {
      lines.push_back({std::string(entry.key), entry.value,
                       value_size == 16 ? entry.timestamp : 0});
    }
    EXPECT_FALSE(cursor.damaged()) << cursor.damage().reason;
    EXPECT_EQ(lines.size(), file->entries);
    return lines;
  }

  std::unique_ptr<Fold> fold_;
  bool needs_timestamps_ = false;
};

constexpr const char* kX = R"(["x", "x_total", {}, "X"])";
constexpr const char* kY = R"(["y", "y_total", {"a": "b"}, "Y"])";

TEST_F(FoldTest, AddsCounters) {
  Begin("counter_promshm.db");
  EXPECT_EQ(Add(FileBuilder().Add(kX, 1, 5).Add(kY, 2)).entries, 2U);
  Add(FileBuilder().Add(kY, 40));
  EXPECT_THAT(Lines(), ElementsAre(Line{kX, 1, 0}, Line{kY, 42, 0}));
  EXPECT_EQ(fold_->series(), 2U);
}

TEST_F(FoldTest, TakesLeastMostAndSumOfGauges) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [mode, expected] :
       {std::pair{"min", -1.0}, {"max", 7.0}, {"sum", 6.0}}) {
    Begin(std::string("gauge_") + mode + "_promshm.db");
    Add(FileBuilder().Add(kX, -1));
    Add(FileBuilder().Add(kX, 7));
    EXPECT_THAT(Lines(), ElementsAre(Line{kX, expected, 0})) << mode;
  }
  Begin("gauge_max_promshm.db");
  Add(FileBuilder().Add(kX, nan).Add(kY, nan));
  Add(FileBuilder().Add(kX, -3).Add(kY, nan));
  EXPECT_THAT(Lines(), ElementsAre(Line{kX, -3, 0}, Line{kY, nan, 0}));
}

TEST_F(FoldTest, KeepsTheMostRecentValueAndItsTime) {
  Begin("gauge_mostrecent_promshm.db");
  Add(FileBuilder().Add(kX, 1, 1000.5).Add(kY, 5, 0));
  Add(FileBuilder().Add(kX, 2, 2000.25));
  Add(FileBuilder().Add(kX, 3, 1500));
  // What was never set is none, but known.
  EXPECT_THAT(Lines(), ElementsAre(Line{kX, 2, 2000.25}, Line{kY, 0, 0}));
}

TEST_F(FoldTest, DoesNotCumulateBuckets) {
  const auto key = [](const char* le) {
    return R"(["h", "h_bucket", {"le": ")" + std::string(le) + R"("}, "H"])";
  };
  const std::string sum = R"(["h", "h_sum", {}, "H"])";
  Begin("histogram_promshm.db");
  Add(FileBuilder().Add(sum, 3).Add(key("1.0"), 2).Add(key("+Inf"), 1));
  // The same bound, spelled otherwise.
  Add(FileBuilder().Add(sum, 4).Add(key("1"), 5).Add(key("+Inf"), 2));
  EXPECT_THAT(Lines(), ElementsAre(Line{sum, 7, 0}, Line{key("1.0"), 7, 0},
                                   Line{key("+Inf"), 3, 0}));
}

TEST_F(FoldTest, MergesKeysThatMeanTheSameSeries) {
  const char* other_help = R"(["x", "x_total", {}, "another"])";
  const char* spaced = R"([ "x","x_total",{},"X"])";
  Begin("counter_promshm.db");
  Add(FileBuilder().Add(kX, 1));
  Add(FileBuilder().Add(other_help, 2));
  Add(FileBuilder().Add(spaced, 4));
  EXPECT_THAT(Lines(), ElementsAre(Line{kX, 7, 0}));
}

TEST_F(FoldTest, WritesTheGenerationAskedFor) {
  for (const testing::Generation& generation :
       {testing::kWithoutTimestamp, testing::kWithoutHelp, testing::kArrays}) {
    Begin("counter_promshm.db");
    Add(FileBuilder(generation).Add(generation.Key("x", "x_total", "v"), 1));
    Add(FileBuilder(generation).Add(generation.Key("x", "x_total", "v"), 2));
    const bool has_help = generation.help;
    EXPECT_THAT(Lines(),
                ElementsAre(Line{has_help ? generation.Key("x", "x_total", "v")
                                          : R"(["x", "x_total", {"k": "v"}, )"
                                            R"("Multiprocess metric"])",
                                 3, 0}))
        << generation;
    EXPECT_THAT(
        Lines(Generation::kWithoutHelp, 8),
        ElementsAre(Line{testing::kWithoutHelp.Key("x", "x_total", "v"), 3, 0}))
        << generation;
  }
}

TEST_F(FoldTest, TakesAFamilysHelpFromWhereThereIsOne) {
  Begin("counter_promshm.db");
  Add(FileBuilder(testing::kWithoutHelp)
          .Add(R"(["x", "x_total", {"k": "1"}])", 1));
  Add(FileBuilder().Add(R"(["x", "x_total", {"k": "2"}, "X"])", 2));
  EXPECT_EQ(fold_->newest(), Generation::kCurrent);
  EXPECT_THAT(Lines(),
              ElementsAre(Line{R"(["x", "x_total", {"k": "1"}, "X"])", 1, 0},
                          Line{R"(["x", "x_total", {"k": "2"}, "X"])", 2, 0}));
}

TEST_F(FoldTest, UncumulatesRubysBuckets) {
  const auto key = [](const char* sample, const char* names,
                      const char* values) {
    return std::string(R"(["h",")") + sample + "\"," + names + ',' + values +
           ']';
  };
  const auto bucket = [&key](const char* le) {
    return key("h_bucket", R"(["le"])",
               (R"([")" + std::string(le) + R"("])").c_str());
  };
  const auto python = [](const char* le) {
    return R"(["h", "h_bucket", {"le": ")" + std::string(le) +
           R"("}, "Multiprocess metric"])";
  };
  Begin("histogram_promshm.db");
  for (int i = 0; i < 2; ++i) {
    Add(FileBuilder(testing::kRuby)
            .Add(bucket("1"), 2)
            .Add(bucket("5"), 3)
            .Add(bucket("+Inf"), 7)
            .Add(key("h_count", "[]", "[]"), 7)
            .Add(key("h_sum", "[]", "[]"), 20));
  }
  EXPECT_THAT(
      Lines(),
      ElementsAre(Line{python("1"), 4, 0}, Line{python("5"), 2, 0},
                  Line{python("+Inf"), 8, 0},
                  Line{R"(["h", "h_sum", {}, "Multiprocess metric"])", 40, 0}));
  // Where the last bucket is not stored, the count says what lies there.
  Begin("histogram_promshm.db");
  Add(FileBuilder(testing::kRuby)
          .Add(bucket("1"), 2)
          .Add(key("h_count", "[]", "[]"), 5));
  EXPECT_THAT(Lines(),
              ElementsAre(Line{python("1"), 2, 0}, Line{python("+Inf"), 3, 0}));
}

TEST_F(FoldTest, SaysWhatItCouldNotTake) {
  Begin("histogram_promshm.db");
  const char* no_bound = R"(["h", "h_bucket", {"le": "x"}, "H"])";
  EXPECT_FALSE(Add(FileBuilder().Add(no_bound, 1)).is_whole);
  EXPECT_THAT(Lines(), IsEmpty());
  Begin("counter_promshm.db");
  const Fold::Added damaged =
      Add(FileBuilder().Add(kX, 1).AddBytes(std::string(40, '\xff')));
  EXPECT_FALSE(damaged.is_whole);
  EXPECT_EQ(damaged.entries, 1U);
  EXPECT_TRUE(Add(FileBuilder().Add(kX, 2)).is_whole);
  EXPECT_THAT(Lines(), ElementsAre(Line{kX, 3, 0}));
}

TEST_F(FoldTest, KnowsTheGenerationOfAFile) {
  const auto generation_of = [](const testing::Generation& generation) {
    const std::string bytes = testing::CounterFile(generation, {1, 2}).Bytes();
    return GenerationOf({bytes, bytes.size(), std::nullopt}, false);
  };
  EXPECT_EQ(generation_of(testing::kArrays), Generation::kArrays);
  EXPECT_EQ(generation_of(testing::kRuby), Generation::kRuby);
  EXPECT_EQ(generation_of(testing::kWithoutHelp), Generation::kWithoutHelp);
  EXPECT_EQ(generation_of(testing::kWithoutTimestamp),
            Generation::kWithoutTimestamp);
  EXPECT_EQ(generation_of(testing::kCurrent), Generation::kCurrent);
  const std::string empty = FileBuilder().Bytes();
  EXPECT_EQ(GenerationOf({empty, empty.size(), std::nullopt}, false),
            std::nullopt);
}

}  // namespace
}  // namespace promshm::maintain
