#include "tools/serve/metrics/own_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/exposition.h"
#include "promshm/process_report.h"
#include "promshm/version.h"
#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"
#include "tools/serve/metrics/family_snapshot.h"

namespace promshm::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Text(const std::vector<prometheus::MetricFamily>& families) {
  std::string text;
  AppendExposition(families, {}, &text);
  return text;
}

std::string CollectText(const OwnMetrics& metrics,
                        const std::vector<ObservedDirectory>& directories) {
  return Text(metrics.Collect(directories, std::chrono::milliseconds(250)));
}

ProcessReport Report(const std::string& identifier, Liveness liveness) {
  ProcessReport report;
  report.identifier = identifier;
  report.liveness = liveness;
  FileReport counter;
  counter.entries = 3;
  counter.bytes = 100;
  FileReport gauge;
  gauge.entries = 2;
  gauge.bytes = 50;
  gauge.is_damaged = true;
  report.files = {counter, gauge};
  return report;
}

Snapshot WithReports(std::vector<ProcessReport> reports,
                     std::vector<Issue> issues = {}) {
  auto layout = std::make_shared<SnapshotLayout>();
  MetricFamily family;
  family.name = "app";
  family.sample_names = {"app"};
  family.series = {{{{"k", "a"}}, {Sample{}}}, {{{"k", "b"}}, {Sample{}}}};
  layout->families = {family};
  Snapshot snapshot(std::move(layout), {1}, {1}, std::move(issues));
  snapshot.SetProcessReports(
      std::make_shared<const std::vector<ProcessReport>>(std::move(reports)));
  return snapshot;
}

TEST(OwnMetricsTest, TellsOfTheProgramWithoutADirectory) {
  EXPECT_EQ(CollectText({}, {}),
            "# HELP promshm_build_info 1, with the version of promshm-serve as "
            "a label.\n"
            "# TYPE promshm_build_info gauge\n"
            "promshm_build_info{version=\"" PROMSHM_VERSION
            "\"} 1.0\n"
            "# HELP promshm_scrape_duration_seconds How long it took to "
            "collect what this scrape shows.\n"
            "# TYPE promshm_scrape_duration_seconds gauge\n"
            "promshm_scrape_duration_seconds 0.25\n");
}

TEST(OwnMetricsTest, TellsWhatIsInADirectory) {
  const testing::TemporaryDirectory directory;
  ProcessReport merged = Report("merged", Liveness::kUnknown);
  merged.is_merged = true;
  std::vector<Issue> issues;
  for (const IssueKind kind :
       {IssueKind::kTypeConflict, IssueKind::kModeConflict,
        IssueKind::kHelpConflict, IssueKind::kNameConflict,
        IssueKind::kDamaged}) {
    Issue issue;
    issue.kind = kind;
    issues.push_back(issue);
  }
  const std::string text =
      CollectText({}, {{"web", directory.path(),
                        WithReports({Report("1", Liveness::kAlive),
                                     Report("2", Liveness::kAlive),
                                     Report("3", Liveness::kDead),
                                     Report("4", Liveness::kUnknown), merged},
                                    issues)}});
  for (const char* line :
       {"promshm_files{directory=\"web\"} 10.0\n",
        "promshm_entries{directory=\"web\"} 25.0\n",
        "promshm_series{directory=\"web\"} 2.0\n",
        "promshm_processes{directory=\"web\",state=\"alive\"} 2.0\n",
        "promshm_processes{directory=\"web\",state=\"dead\"} 1.0\n",
        "promshm_processes{directory=\"web\",state=\"unknown\"} 1.0\n",
        "promshm_damaged_files{directory=\"web\"} 5.0\n",
        "promshm_conflicts{directory=\"web\"} 4.0\n",
        "promshm_file_bytes{directory=\"web\"} 750.0\n",
        "promshm_compactions_total{directory=\"web\"} 0.0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(OwnMetricsTest, TellsOfTheFileSystem) {
  struct statvfs info {};
  ASSERT_EQ(statvfs("/proc/self/../..", &info), 0);
  const std::string text = CollectText({}, {{"web", "/", WithReports({})}});
  EXPECT_THAT(text,
              HasSubstr("promshm_filesystem_size_bytes{directory=\"web\"} " +
                        NumberText(static_cast<double>(info.f_blocks) *
                                   static_cast<double>(info.f_frsize)) +
                        "\n"));
  EXPECT_THAT(text, HasSubstr("promshm_filesystem_avail_bytes{"));
  EXPECT_THAT(text, HasSubstr("promshm_filesystem_files_free{"));
}

TEST(OwnMetricsTest, TellsNothingOfADirectoryThatCannotBeRead) {
  const std::string text = CollectText(
      {}, {{"web", "/nowhere/at/all",
            Status(StatusKind::kNotFound, "/nowhere/at/all: not there")}});
  EXPECT_THAT(text, HasSubstr("promshm_build_info{"));
  EXPECT_THAT(text, Not(HasSubstr("promshm_files")));
  EXPECT_THAT(text, Not(HasSubstr("promshm_filesystem")));
}

TEST(OwnMetricsTest, CountsCompactions) {
  OwnMetrics metrics;
  metrics.CountCompaction("web", 12);
  metrics.CountCompaction("web", 0);
  metrics.CountFailedCompaction("web");
  metrics.CountCompaction("gone", 1);
  const std::string text = CollectText(
      metrics, {{"web", "/", WithReports({})}, {"jobs", "/", WithReports({})}});
  for (const char* line :
       {"promshm_compactions_total{directory=\"web\"} 2.0\n",
        "promshm_compaction_failures_total{directory=\"web\"} 1.0\n",
        "promshm_compacted_files_total{directory=\"web\"} 12.0\n",
        "promshm_compacted_files_total{directory=\"jobs\"} 0.0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("gone")));
}

TEST(OwnMetricsTest, CountsWhatACollectorFinds) {
  const testing::TemporaryDirectory directory;
  directory.Write("counter_1.db",
                  testing::CounterFile(testing::kCurrent, {1, 2}).Bytes(4096));
  CollectOptions options;
  options.with_processes = true;
  const std::string text =
      CollectText({}, {{"web", directory.path(),
                        Collector(directory.path()).Collect(options)}});
  EXPECT_THAT(text, HasSubstr("promshm_files{directory=\"web\"} 1.0\n"));
  EXPECT_THAT(text, HasSubstr("promshm_entries{directory=\"web\"} 2.0\n"));
  EXPECT_THAT(text, HasSubstr("promshm_series{directory=\"web\"} 2.0\n"));
}

}  // namespace
}  // namespace promshm::tools
