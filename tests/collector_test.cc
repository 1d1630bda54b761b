#include "promshm/collector.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "promshm/exposition.h"
#include "tests/support/metric_directory_writer.h"

namespace promshm {
namespace {

using testing::MetricDirectoryWriter;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A directory, what is written into it, and what a scrape says of it: its
// sample lines in order, without the comments.
class CollectorTest : public ::testing::Test {
 protected:
  using Entries = MetricDirectoryWriter::Entries;

  void Write(const std::string& file, const Entries& entries) {
    directory_.Write(file, entries);
  }

  static std::string Key(const std::string& sample,
                         const std::string& labels = "{}",
                         const std::string& help = "h",
                         std::string family = {}) {
    if (family.empty()) family = sample;
    return "[\"" + family + "\", \"" + sample + "\", " + labels + ", \"" +
           help + "\"]";
  }

  Snapshot Collect(const CollectOptions& options = {}) {
    Result<Snapshot> snapshot = collector_.Collect(options);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
    return snapshot.ok() ? *std::move(snapshot) : Snapshot();
  }

  static std::vector<std::string> Lines(const Snapshot& snapshot,
                                        bool comments = false) {
    std::string text;
    EXPECT_THAT(WriteExposition(snapshot, {}, &text), IsEmpty());
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      const std::string line = text.substr(begin, end - begin);
      if (comments == line.starts_with('#')) lines.push_back(line);
      begin = end + 1;
    }
    return lines;
  }

  std::vector<std::string> Lines() { return Lines(Collect()); }

  static std::vector<IssueKind> Kinds(const Snapshot& snapshot) {
    std::vector<IssueKind> kinds;
    for (const Issue& issue : snapshot.issues()) kinds.push_back(issue.kind);
    return kinds;
  }

  MetricDirectoryWriter directory_;
  Collector collector_{directory_.path()};
};

TEST_F(CollectorTest, EmptyDirectoryHasNothing) {
  const Snapshot snapshot = Collect();
  EXPECT_THAT(snapshot.families(), IsEmpty());
  EXPECT_THAT(snapshot.issues(), IsEmpty());
}

TEST_F(CollectorTest, CountersAndSummariesAreSummed) {
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1.5}});
  Write("counter_2.db", {{Key("c_total", "{}", "h", "c"), 2}});
  Write("summary_1.db", {{Key("s_count", "{}", "h", "s"), 1},
                         {Key("s_sum", "{}", "h", "s"), 0.5}});
  Write("summary_2.db", {{Key("s_count", "{}", "h", "s"), 2},
                         {Key("s_sum", "{}", "h", "s"), 0.25}});
  EXPECT_THAT(Lines(), ElementsAre("c_total 3.5", "s_sum 0.75", "s_count 3.0"));
}

TEST_F(CollectorTest, SumsStartAtZeroSoThatNoNegativeZeroIsLeft) {
  Write("gauge_sum_1.db", {{Key("g"), -0.0}});
  EXPECT_THAT(Lines(), ElementsAre("g 0.0"));
}

TEST_F(CollectorTest, OneSeriesIsOneWhateverItsKeyLooksLike) {
  Write("counter_1.db",
        {{R"(["c", "c_total", {"a": "\u00e9", "b": "x"}, "h"])", 1},
         {R"(["c", "c_total", {"b": "x", "a": "é"}, "h"])", 2},
         {R"(["c","c_total",{"a":"é","b":"\u0078"},"h"])", 4}});
  EXPECT_THAT(Lines(), ElementsAre("c_total{a=\"é\",b=\"x\"} 7.0"));
}

TEST_F(CollectorTest, HistogramsAreCumulatedInOrderOfTheirBounds) {
  const auto bucket = [](const char* le) {
    return Key("h_bucket", std::string("{\"le\": \"") + le + "\"}", "h", "h");
  };
  Write("histogram_1.db", {{Key("h_sum", "{}", "h", "h"), 10},
                           {bucket("10.0"), 1},
                           {bucket("2.5"), 2},
                           {bucket("+Inf"), 4}});
  Write("histogram_2.db", {{Key("h_sum", "{}", "h", "h"), 20},
                           {bucket("2.5"), 8},
                           {bucket("10"), 16},
                           {bucket("Inf"), 32}});
  EXPECT_THAT(
      Lines(),
      ElementsAre("h_bucket{le=\"2.5\"} 10.0", "h_bucket{le=\"10.0\"} 27.0",
                  "h_bucket{le=\"+Inf\"} 63.0", "h_sum 30.0", "h_count 63.0"));
}

TEST_F(CollectorTest, HistogramStillBeingRegisteredIsComplete) {
  Write("histogram_1.db", {{Key("h_sum", "{}", "h", "h"), 0}});
  EXPECT_THAT(Lines(), ElementsAre("h_bucket{le=\"+Inf\"} 0.0", "h_sum 0.0",
                                   "h_count 0.0"));
}

TEST_F(CollectorTest, BucketWhoseBoundIsNoNumberIsLeftOutAndReported) {
  Write("histogram_1.db",
        {{Key("h_bucket", R"({"le": "wide"})", "h", "h"), 1},
         {Key("h_bucket", R"({"le": "nan"})", "h", "h"), 2},
         {Key("h_bucket", R"({"le": "+Inf"})", "h", "h"), 4}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot),
              ElementsAre("h_bucket{le=\"+Inf\"} 4.0", "h_count 4.0"));
  EXPECT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kInvalidBound));
}

struct GaugeCase {
  const char* mode;
  const char* expected;
};

TEST_F(CollectorTest, GaugesMergeByTheirMode) {
  const GaugeCase cases[] = {
      {"min", "g -2.0"},        {"livemin", "g -2.0"},
      {"max", "g 7.0"},         {"livemax", "g 7.0"},
      {"sum", "g 8.0"},         {"livesum", "g 8.0"},
      {"mostrecent", "g -2.0"}, {"livemostrecent", "g -2.0"},
  };
  for (const GaugeCase& test : cases) {
    MetricDirectoryWriter directory;
    const std::string prefix = std::string("gauge_") + test.mode;
    directory.Write(prefix + "_1.db", {{Key("g"), 3, 100}});
    directory.Write(prefix + "_2.db", {{Key("g"), -2, 300}});
    directory.Write(prefix + "_3.db", {{Key("g"), 7, 200}});
    const Result<Snapshot> snapshot = Collector(directory.path()).Collect();
    ASSERT_TRUE(snapshot.ok());
    EXPECT_THAT(Lines(*snapshot), ElementsAre(test.expected)) << test.mode;
  }
}

TEST_F(CollectorTest, GaugesOfModeAllKeepTheProcessesApart) {
  Write("gauge_all_12.db", {{Key("g", R"({"z": "1"})"), 1}});
  Write("gauge_all_host-3.db", {{Key("g", R"({"z": "1"})"), 2}});
  Write("gauge_liveall_a_b.db", {{Key("l", R"({"a": "1"})"), 3}});
  EXPECT_THAT(Lines(), ElementsAre("g{pid=\"12\",z=\"1\"} 1.0",
                                   "g{pid=\"host-3\",z=\"1\"} 2.0",
                                   "l{a=\"1\",pid=\"a_b\"} 3.0"));
}

TEST_F(CollectorTest, NotANumberLosesUnlessThereIsNothingElse) {
  Write("gauge_min_1.db", {{Key("low"), kNaN}, {Key("none"), kNaN}});
  Write("gauge_min_2.db", {{Key("low"), 5}, {Key("none"), kNaN}});
  Write("gauge_max_1.db", {{Key("high"), 5}});
  Write("gauge_max_2.db", {{Key("high"), kNaN}});
  EXPECT_THAT(Lines(), ElementsAre("high 5.0", "low 5.0", "none NaN"));
}

TEST_F(CollectorTest, MostRecentGaugeThatWasNeverSetHasNoSample) {
  Write("gauge_mostrecent_1.db", {{Key("set"), 1, 5}, {Key("unset"), 0, 0}});
  Write("gauge_mostrecent_2.db", {{Key("set"), 0, 0}, {Key("unset"), 0, 0}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("set 1.0"));
  EXPECT_THAT(Lines(snapshot, /*comments=*/true),
              ElementsAre("# HELP set h", "# TYPE set gauge", "# HELP unset h",
                          "# TYPE unset gauge"));
}

TEST_F(CollectorTest, MostRecentOfEqualTimesIsTheFirst) {
  Write("gauge_mostrecent_1.db", {{Key("g"), 1, 5}});
  Write("gauge_mostrecent_2.db", {{Key("g"), kInfinity, 5}});
  EXPECT_THAT(Lines(), ElementsAre("g 1.0"));
}

TEST_F(CollectorTest, FirstTypeOfAFamilyIsKept) {
  Write("counter_9.db", {{Key("x_total", "{}", "h", "x"), 1}});
  Write("gauge_sum_1.db", {{Key("x"), 2}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("x_total 1.0"));
  ASSERT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kTypeConflict));
  EXPECT_THAT(snapshot.issues()[0].path, HasSubstr("gauge_sum_1.db"));
  EXPECT_THAT(snapshot.issues()[0].message, HasSubstr("counter_9.db"));
}

TEST_F(CollectorTest, FirstModeOfAGaugeIsKept) {
  Write("gauge_max_1.db", {{Key("g"), 4}});
  Write("gauge_sum_1.db", {{Key("g"), 1}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("g 4.0"));
  EXPECT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kModeConflict));
}

TEST_F(CollectorTest, FirstHelpIsKeptAndTheSamplesStillMerge) {
  Write("counter_1.db", {{Key("c_total", "{}", "one", "c"), 1}});
  Write("counter_2.db", {{Key("c_total", "{}", "two", "c"), 2}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("c_total 3.0"));
  EXPECT_THAT(Lines(snapshot, /*comments=*/true),
              ElementsAre("# HELP c_total one", "# TYPE c_total counter"));
  EXPECT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kHelpConflict));
}

TEST_F(CollectorTest, SampleOfOneFamilyMayNotBeNamedLikeAnothers) {
  Write("counter_1.db", {{R"(["h_count", "h_count", {}, "h"])", 7}});
  Write("histogram_1.db",
        {{Key("h_bucket", R"({"le": "+Inf"})", "h", "h"), 1}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("h_count 7.0"));
  EXPECT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kNameConflict));
}

TEST_F(CollectorTest, OwnPidLabelOfAGaugeIsDroppedAndReported) {
  Write("gauge_sum_1.db",
        {{Key("g", R"({"pid": "7"})"), 1}, {Key("g", R"({"pid": "8"})"), 2}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("g 3.0"));
  EXPECT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kNameConflict));
}

TEST_F(CollectorTest, LabelValueThatIsNoUnicodeIsReplaced) {
  Write("counter_1.db", {{Key("c_total",
                              "{\"v\": \"a\xff"
                              "b\"}",
                              "h", "c"),
                          1},
                         {Key("c_total", R"({"v": "\ud800"})", "h", "c"), 2}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("c_total{v=\"a\uFFFDb\"} 1.0",
                                           "c_total{v=\"\uFFFD\"} 2.0"));
  EXPECT_THAT(snapshot.issues(), IsEmpty());
}

TEST_F(CollectorTest, NameThatIsNoUnicodeIsDamage) {
  Write("counter_1.db", {{Key("a_total", "{}", "h", "a"), 1},
                         {"[\"b\xff\", \"b\xff_total\", {}, \"h\"]", 2},
                         {Key("c_total", "{}", "h", "c"), 4}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("a_total 1.0"));
  EXPECT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kDamaged));
  EXPECT_TRUE(snapshot.issues()[0].offset.has_value());
}

TEST_F(CollectorTest, FilterKeepsWholeFamiliesByAnyOfTheirNames) {
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1}});
  Write("gauge_sum_1.db", {{Key("g"), 2}});
  Write("histogram_1.db", {{Key("h_bucket", R"({"le": "+Inf"})", "h", "h"), 4},
                           {Key("h_sum", "{}", "h", "h"), 8}});
  EXPECT_THAT(Lines(Collect({{"c"}})), ElementsAre("c_total 1.0"));
  EXPECT_THAT(Lines(Collect({{"c_total", "g"}})),
              ElementsAre("c_total 1.0", "g 2.0"));
  EXPECT_THAT(Lines(Collect({{"h_sum"}})), SizeIs(3));
  EXPECT_THAT(Lines(Collect({{"nothing"}})), IsEmpty());
  EXPECT_THAT(Lines(), SizeIs(5));
}

TEST_F(CollectorTest, FilterTakesNamesAsTheyWereEscaped) {
  Write("counter_1.db", {{Key("h.r_total", "{}", "h", "h.r"), 1}});
  for (const char* name : {"h.r", "h.r_total", "h_r", "h_r_total"}) {
    EXPECT_THAT(Lines(Collect({{name}})), ElementsAre("h_r_total 1.0")) << name;
  }
}

TEST_F(CollectorTest, HelpThatIsNoneIsNoDamage) {
  Write("counter_1.db", {{R"(["a", "a_total", {}, null])", 1},
                         {Key("b_total", "{}", "h", "b"), 2}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("a_total 1.0", "b_total 2.0"));
  EXPECT_THAT(snapshot.issues(), IsEmpty());
}

TEST_F(CollectorTest, FamilyMayNotBeNamedLikeAnothersSample) {
  Write("counter_1.db", {{Key("h_count_total", "{}", "h", "h_count"), 7}});
  Write("histogram_1.db",
        {{Key("h_bucket", R"({"le": "+Inf"})", "h", "h"), 1}});
  const Snapshot snapshot = Collect();
  EXPECT_THAT(Lines(snapshot), ElementsAre("h_count_total 7.0"));
  EXPECT_THAT(Kinds(snapshot), ElementsAre(IssueKind::kNameConflict));
}

TEST_F(CollectorTest, FileInPlaceOfTheDirectoryFails) {
  Write("counter_1.db", {});
  Collector file(directory_.path() + "/counter_1.db");
  EXPECT_EQ(file.Collect().status().kind(), StatusKind::kNotFound);
}

TEST_F(CollectorTest, FilesComeAndGrowAndGoBetweenScrapes) {
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1}});
  EXPECT_THAT(Lines(), ElementsAre("c_total 1.0"));
  Write("counter_2.db", {{Key("c_total", "{}", "h", "c"), 2},
                         {Key("d_total", "{}", "h", "d"), 3}});
  EXPECT_THAT(Lines(), ElementsAre("c_total 3.0", "d_total 3.0"));
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 10}});
  directory_.Remove("counter_2.db");
  EXPECT_THAT(Lines(), ElementsAre("c_total 10.0"));
}

TEST_F(CollectorTest, MemoryDoesNotDecideConflicts) {
  Write("gauge_sum_1.db", {{Key("x"), 2}});
  EXPECT_THAT(Lines(), ElementsAre("x 2.0"));
  Write("counter_1.db", {{Key("x_total", "{}", "h", "x"), 1}});
  EXPECT_THAT(Lines(), ElementsAre("x_total 1.0"));
  directory_.Remove("counter_1.db");
  EXPECT_THAT(Lines(), ElementsAre("x 2.0"));
}

TEST_F(CollectorTest, SnapshotOutlivesItsCollectorAndLaterScrapes) {
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1}});
  const Snapshot before = Collect();
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 5}});
  EXPECT_THAT(Lines(), ElementsAre("c_total 5.0"));
  collector_ = Collector(directory_.path());
  EXPECT_THAT(Lines(before), ElementsAre("c_total 1.0"));
}

TEST_F(CollectorTest, ForgetsKeysWhoseFilesAreGone) {
  for (int round = 0; round < 3; ++round) {
    Entries entries;
    for (int i = 0; i < 6000; ++i) {
      const std::string name = "c" + std::to_string(round * 6000 + i);
      entries.push_back({Key(name + "_total", "{}", "h", name), 1});
    }
    Write("counter_1.db", entries);
    EXPECT_THAT(Lines(), SizeIs(6000));
  }
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1}});
  EXPECT_THAT(Lines(), ElementsAre("c_total 1.0"));
  EXPECT_THAT(Lines(), ElementsAre("c_total 1.0"));
}

TEST_F(CollectorTest, MissingDirectoryFailsAndComesBack) {
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1}});
  const std::string aside = directory_.path() + ".aside";
  std::filesystem::rename(directory_.path(), aside);
  const Result<Snapshot> missing = collector_.Collect();
  std::filesystem::rename(aside, directory_.path());
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().kind(), StatusKind::kNotFound);
  EXPECT_EQ(missing.status().message(),
            directory_.path() + ": cannot open: no such file or directory");
  EXPECT_THAT(Lines(), ElementsAre("c_total 1.0"));
}

TEST_F(CollectorTest, SeveralSourcesAreOneDirectory) {
  MetricDirectoryWriter other;
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1}});
  other.Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 2}});
  other.Write("counter_2.db", {{Key("c_total", "{}", "h", "c"), 4}});
  Collector both({directory_.path(), other.path() + "/counter_2.db"});
  const Result<Snapshot> snapshot = both.Collect();
  ASSERT_TRUE(snapshot.ok());
  EXPECT_THAT(Lines(*snapshot), ElementsAre("c_total 5.0"));
}

TEST_F(CollectorTest, CountsTheProcessesOfAFamily) {
  Write("gauge_sum_1.db",
        {{Key("g", R"({"a": "1"})"), 1}, {Key("g", R"({"a": "2"})"), 1}});
  Write("gauge_sum_2.db", {{Key("g", R"({"a": "1"})"), 1}});
  Write("gauge_sum_3.db", {{Key("other"), 1}});
  const Snapshot snapshot = Collect();
  EXPECT_EQ(snapshot.processes(snapshot.families().at(0)), 2);
}

TEST_F(CollectorTest, MayBeAskedFromSeveralThreads) {
  Write("counter_1.db", {{Key("c_total", "{}", "h", "c"), 1}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        EXPECT_THAT(Lines(), ElementsAre("c_total 1.0"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CollectorTest, ScrapesWaitForALockedDirectorySideBySide) {
  const int folder = open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(flock(folder, LOCK_EX), 0);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(collector_.Collect().status().kind(), StatusKind::kBusy);
    });
  }
  for (std::thread& thread : threads) thread.join();
  // One after the other they would take four times the two seconds.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(6));
  close(folder);
}

}  // namespace
}  // namespace promshm
