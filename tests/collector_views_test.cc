#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/exposition.h"
#include "tests/support/metric_directory_writer.h"

// What a Collector leaves out before it merges, and merges otherwise.

namespace promshm {
namespace {

using ::testing::ElementsAre;
using testing::MetricDirectoryWriter;

// Of a family with labels, given as JSON.
std::string Key(const std::string& family, const std::string& labels,
                const std::string& suffix = "") {
  return "[\"" + family + "\", \"" + family + suffix + "\", {" + labels +
         "}, \"h\"]";
}

class CollectorViewsTest : public ::testing::Test {
 protected:
  CollectorViewsTest() { options_.sources = {a_.path()}; }

  // The lines of samples, after the first collection and after the second,
  // which reads in place.
  std::vector<std::string> Samples() {
    Collector collector(options_);
    const std::vector<std::string> first = SamplesOf(&collector);
    EXPECT_EQ(SamplesOf(&collector), first);
    return first;
  }

  std::vector<std::string> IssueLines() const {
    Collector collector(options_);
    const Result<Snapshot> snapshot = collector.Collect();
    std::vector<std::string> lines;
    for (const Issue& issue : snapshot->issues()) {
      lines.push_back(issue.message);
    }
    return lines;
  }

  MetricDirectoryWriter a_;
  MetricDirectoryWriter b_;
  CollectorOptions options_;

 private:
  static std::vector<std::string> SamplesOf(Collector* collector) {
    std::string text;
    EXPECT_TRUE(WriteExposition(*collector->Collect(), {}, &text).empty());
    std::vector<std::string> lines;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      if (text[0] != '#') lines.push_back(text.substr(0, end));
      text.erase(0, end + 1);
    }
    return lines;
  }
};

TEST_F(CollectorViewsTest, KeepsAndDropsFamiliesByPattern) {
  a_.Write("counter_1.db", {{Key("http_requests", "", "_total"), 1},
                            {Key("http_errors", "", "_total"), 2},
                            {Key("jobs", "", "_total"), 3}});
  options_.keep = {"http_*"};
  EXPECT_THAT(Samples(),
              ElementsAre("http_errors_total 2.0", "http_requests_total 1.0"));
  options_.drop = {"*_err?rs_total"};
  EXPECT_THAT(Samples(), ElementsAre("http_requests_total 1.0"));
  options_.keep.clear();
  EXPECT_THAT(Samples(),
              ElementsAre("http_requests_total 1.0", "jobs_total 3.0"));
}

TEST_F(CollectorViewsTest, ADroppedFamilyIsInNobodysWay) {
  a_.Write("counter_1.db", {{Key("x", "", "_total"), 1}});
  a_.Write("gauge_max_1.db", {{Key("x", ""), 5}, {Key("y", ""), 6}});
  EXPECT_EQ(IssueLines().size(), 1U);
  options_.drop = {"x_total"};
  EXPECT_THAT(IssueLines(), ElementsAre());
  EXPECT_THAT(Samples(), ElementsAre("x 5.0", "y 6.0"));
}

TEST_F(CollectorViewsTest, MergesAGaugeInAnotherMode) {
  a_.Write("gauge_all_1.db", {{Key("x", ""), 3}, {Key("y", ""), 1}});
  a_.Write("gauge_all_2.db", {{Key("x", ""), 5}, {Key("y", ""), 2}});
  options_.gauge_modes = {{"x", GaugeMode::kMax}};
  EXPECT_THAT(Samples(),
              ElementsAre("x 5.0", "y{pid=\"1\"} 1.0", "y{pid=\"2\"} 2.0"));
  options_.gauge_modes = {{"x", GaugeMode::kMin}, {"y", GaugeMode::kSum}};
  EXPECT_THAT(Samples(), ElementsAre("x 3.0", "y 3.0"));
}

TEST_F(CollectorViewsTest, MergesAGaugeForEachProcess) {
  a_.Write("gauge_max_1.db", {{Key("x", ""), 3}, {Key("y", ""), 1}});
  a_.Write("gauge_max_2.db", {{Key("x", ""), 5}, {Key("y", ""), 2}});
  options_.gauge_modes = {{"x", GaugeMode::kAll}};
  EXPECT_THAT(Samples(),
              ElementsAre("x{pid=\"1\"} 3.0", "x{pid=\"2\"} 5.0", "y 2.0"));
}

TEST_F(CollectorViewsTest, AMostRecentGaugeKeepsItsTimesBesideOthers) {
  a_.Write("gauge_mostrecent_1.db",
           {{Key("x", ""), 3, 20}, {Key("y", ""), 1, 20}});
  a_.Write("gauge_mostrecent_2.db",
           {{Key("x", ""), 5, 10}, {Key("y", ""), 2, 10}});
  options_.gauge_modes = {{"x", GaugeMode::kSum}};
  EXPECT_THAT(Samples(), ElementsAre("x 8.0", "y 1.0"));
}

TEST_F(CollectorViewsTest, OneModeSettlesAConflictOfModes) {
  a_.Write("gauge_all_1.db", {{Key("x", ""), 3}});
  a_.Write("gauge_min_2.db", {{Key("x", ""), 5}});
  const Result<Snapshot> conflict = Collector(options_).Collect();
  ASSERT_EQ(conflict->issues().size(), 1U);
  EXPECT_EQ(conflict->issues()[0].kind, IssueKind::kModeConflict);
  EXPECT_EQ(conflict->issues()[0].path, a_.path() + "/gauge_min_2.db");
  EXPECT_EQ(conflict->issues()[0].other_path, a_.path() + "/gauge_all_1.db");
  options_.gauge_modes = {{"x", GaugeMode::kSum}};
  EXPECT_THAT(IssueLines(), ElementsAre());
  EXPECT_THAT(Samples(), ElementsAre("x 8.0"));
}

TEST_F(CollectorViewsTest, SeriesThatLoseALabelAreAddedUp) {
  a_.Write("counter_1.db",
           {{Key("x", R"("path": "/a", "code": "200")", "_total"), 1},
            {Key("x", R"("path": "/b", "code": "200")", "_total"), 2}});
  a_.Write("counter_2.db",
           {{Key("x", R"("path": "/c", "code": "500")", "_total"), 4}});
  a_.Write("gauge_max_1.db", {{Key("y", R"("path": "/a")"), 7},
                              {Key("y", R"("path": "/b")"), 8}});
  options_.drop_labels = {"path"};
  EXPECT_THAT(Samples(), ElementsAre("x_total{code=\"200\"} 3.0",
                                     "x_total{code=\"500\"} 4.0", "y 8.0"));
}

TEST_F(CollectorViewsTest, AHistogramThatLosesALabelIsOne) {
  const auto bucket = [](const char* path, const char* le) {
    return Key("h",
               std::string(R"("path": ")") + path + R"(", "le": ")" + le + '"',
               "_bucket");
  };
  a_.Write("histogram_1.db", {{bucket("/a", "1.0"), 1},
                              {bucket("/a", "+Inf"), 2},
                              {Key("h", R"("path": "/a")", "_sum"), 10},
                              {bucket("/b", "1.0"), 4},
                              {bucket("/b", "+Inf"), 8},
                              {Key("h", R"("path": "/b")", "_sum"), 20}});
  options_.drop_labels = {"path"};
  EXPECT_THAT(Samples(), ElementsAre("h_bucket{le=\"1.0\"} 5.0",
                                     "h_bucket{le=\"+Inf\"} 15.0", "h_sum 30.0",
                                     "h_count 15.0"));
}

TEST_F(CollectorViewsTest, GaugesOfEachProcessAreAddedUpWithoutTheirPid) {
  a_.Write("gauge_all_1.db",
           {{Key("x", R"("q": "a")"), 3}, {Key("x", R"("q": "b")"), 4}});
  a_.Write("gauge_liveall_2.db", {{Key("y", ""), 5}});
  a_.Write("gauge_liveall_3.db", {{Key("y", ""), 6}});
  options_.drop_labels = {"q"};
  EXPECT_THAT(Samples(), ElementsAre("x{pid=\"1\"} 7.0", "y{pid=\"2\"} 5.0",
                                     "y{pid=\"3\"} 6.0"));
  options_.drop_labels = {"pid"};
  EXPECT_THAT(Samples(),
              ElementsAre("x{q=\"a\"} 3.0", "x{q=\"b\"} 4.0", "y 11.0"));
  options_.gauge_modes = {{"y", GaugeMode::kMax}};
  EXPECT_THAT(Samples(),
              ElementsAre("x{q=\"a\"} 3.0", "x{q=\"b\"} 4.0", "y 6.0"));
}

TEST_F(CollectorViewsTest, EqualIdentifiersOfTwoDirectoriesStayApart) {
  a_.Write("gauge_all_7.db", {{Key("x", ""), 3}});
  b_.Write("gauge_all_7.db", {{Key("x", ""), 4}});
  a_.Write("gauge_sum_7.db", {{Key("y", ""), 1}});
  b_.Write("gauge_sum_7.db", {{Key("y", ""), 2}});
  options_.sources = {a_.path(), b_.path()};
  options_.source_labels = {"web", "jobs"};
  EXPECT_THAT(Samples(),
              ElementsAre("x{directory=\"jobs\",pid=\"7\"} 4.0",
                          "x{directory=\"web\",pid=\"7\"} 3.0", "y 3.0"));
  options_.drop_labels = {"directory"};
  EXPECT_THAT(Samples(), ElementsAre("x{pid=\"7\"} 7.0", "y 3.0"));
}

TEST_F(CollectorViewsTest, AGaugesOwnLabelOfATakenNameIsReported) {
  a_.Write("gauge_all_7.db", {{Key("x", R"("directory": "/")"), 3}});
  options_.source_labels = {"web"};
  EXPECT_THAT(Samples(), ElementsAre("x{directory=\"web\",pid=\"7\"} 3.0"));
  EXPECT_THAT(IssueLines(),
              ElementsAre("name conflict: label directory of family x is "
                          "dropped, the name is the collector's"));
}

}  // namespace
}  // namespace promshm
