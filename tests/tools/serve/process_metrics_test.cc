#include "tools/serve/metrics/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "promshm/exposition.h"
#include "promshm/process_report.h"
#include "tests/support/fake_proc.h"
#include "tests/support/temporary_directory.h"
#include "tools/serve/metrics/cpu_tally.h"
#include "tools/serve/metrics/family_snapshot.h"

namespace promshm::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

ProcessReport Report(const std::string& identifier) {
  ProcessReport report;
  report.identifier = identifier;
  report.liveness = Liveness::kAlive;
  FileReport file;
  file.name = "counter_" + identifier + ".db";
  report.files = {file};
  return report;
}

std::string Text(const ProcessFamilies& result) {
  std::string text;
  AppendExposition(result.families, {}, &text);
  return text;
}

// Two workers, 20 and 30, of a directory.
class ProcessMetricsTest : public ::testing::Test {
 protected:
  ProcessMetricsTest() {
    proc_.Add(Worker(20));
    proc_.Add(Worker(30));
  }

  std::string Mapping(const std::string& identifier) const {
    return testing::MapsLine(
        directory_.PathOf("counter_" + identifier + ".db"));
  }

  // Its figures follow from its PID.
  testing::FakeProcess Worker(int pid) const {
    testing::FakeProcess process;
    process.pid = pid;
    process.start_ticks = 10 * pid;
    process.maps = Mapping(std::to_string(pid));
    process.user_ticks = pid;
    process.system_ticks = 100;
    process.threads = pid / 10;
    process.virtual_bytes = static_cast<std::uint64_t>(pid) * 1000;
    process.resident_pages = static_cast<std::uint64_t>(pid);
    process.fds = pid / 10;
    process.max_fds = std::to_string(pid * 100);
    return process;
  }

  ObservedDirectory Observed(const std::vector<std::string>& identifiers,
                             const std::string& name = "web") const {
    std::vector<ProcessReport> reports;
    for (const std::string& identifier : identifiers) {
      reports.push_back(Report(identifier));
    }
    Snapshot snapshot;
    snapshot.SetProcessReports(
        std::make_shared<const std::vector<ProcessReport>>(std::move(reports)));
    return {name, directory_.path(), std::move(snapshot)};
  }

  ProcessMetrics Make(ProcessMetricsMode mode) {
    return {mode, &finder_, proc_.path()};
  }

  static std::string Line(const std::string& series, double value) {
    return series + ' ' + NumberText(value) + '\n';
  }

  const double ticks_ = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page_ = static_cast<double>(sysconf(_SC_PAGESIZE));
  testing::FakeProc proc_;
  testing::TemporaryDirectory directory_;
  ProcessFinder finder_{proc_.path()};
};

TEST_F(ProcessMetricsTest, ReadsItsModes) {
  EXPECT_EQ(ParseProcessMetricsMode("off"), ProcessMetricsMode::kOff);
  EXPECT_EQ(ParseProcessMetricsMode("sum"), ProcessMetricsMode::kSum);
  EXPECT_EQ(ParseProcessMetricsMode("pid"), ProcessMetricsMode::kPid);
  EXPECT_EQ(ParseProcessMetricsMode("Pid"), std::nullopt);
}

TEST_F(ProcessMetricsTest, AddsWorkersUp) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kSum);
  const ProcessFamilies result = metrics.OfOne(Observed({"20", "30"}));
  EXPECT_THAT(result.families, SizeIs(7));
  EXPECT_THAT(result.problems, IsEmpty());
  const std::string text = Text(result);
  EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE process_open_fds gauge\n"));
  EXPECT_THAT(
      text, HasSubstr(Line("process_cpu_seconds_total", (120 + 130) / ticks_)));
  EXPECT_THAT(text,
              HasSubstr(Line("process_resident_memory_bytes", 50 * page_)));
  EXPECT_THAT(text, HasSubstr(Line("process_virtual_memory_bytes", 50000)));
  EXPECT_THAT(text, HasSubstr(Line("process_open_fds", 5)));
  EXPECT_THAT(text, HasSubstr(Line("process_max_fds", 5000)));
  EXPECT_THAT(text, HasSubstr(Line("process_threads", 5)));
  EXPECT_THAT(text,
              HasSubstr(Line("process_start_time_seconds",
                             testing::FakeProc::kBootTime + 200 / ticks_)));
}

TEST_F(ProcessMetricsTest, GivesEveryWorkerASeries) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kPid);
  const std::string one = Text(metrics.OfOne(Observed({"20", "30"})));
  EXPECT_THAT(one, HasSubstr(Line("process_cpu_seconds_total{pid=\"20\"}",
                                  120 / ticks_)));
  EXPECT_THAT(one, HasSubstr(Line("process_cpu_seconds_total{pid=\"30\"}",
                                  130 / ticks_)));
  EXPECT_THAT(one, HasSubstr(Line("process_open_fds{pid=\"30\"}", 3)));
  const std::string all = Text(metrics.OfAll({Observed({"20"})}));
  EXPECT_THAT(
      all, HasSubstr(Line("process_threads{directory=\"web\",pid=\"20\"}", 2)));
}

TEST_F(ProcessMetricsTest, AnIdentifierThatIsNoTextIsSpelledOut) {
  const std::string identifier = "w\xff\n";
  testing::FakeProcess worker = Worker(40);
  worker.maps = Mapping(identifier);
  proc_.Add(worker);
  ProcessMetrics metrics = Make(ProcessMetricsMode::kPid);
  EXPECT_THAT(Text(metrics.OfOne(Observed({identifier}))),
              HasSubstr(Line(R"(process_threads{pid="w\\xff\\x0a"})", 4)));
}

TEST_F(ProcessMetricsTest, GivesNothingWhenOff) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kOff);
  EXPECT_THAT(metrics.OfOne(Observed({"20", "99"})).families, IsEmpty());
  EXPECT_THAT(metrics.OfAll({Observed({"20", "99"})}).problems, IsEmpty());
}

TEST_F(ProcessMetricsTest, GivesNoZeroWhereThereIsNoWorker) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kSum);
  EXPECT_THAT(metrics.OfOne(Observed({})).families, IsEmpty());
  EXPECT_THAT(metrics.OfOne(Observed({})).problems, IsEmpty());
}

TEST_F(ProcessMetricsTest, CountsAProcessOnce) {
  testing::FakeProcess process = Worker(40);
  process.maps = Mapping("a") + Mapping("b");
  proc_.Add(process);
  ProcessMetrics sum = Make(ProcessMetricsMode::kSum);
  EXPECT_THAT(Text(sum.OfOne(Observed({"a", "b"}))),
              HasSubstr(Line("process_open_fds", 4)));
  EXPECT_THAT(Text(sum.OfAll({Observed({"a"}), Observed({"a", "b"}, "jobs")})),
              HasSubstr(Line("process_cpu_seconds_total", 140 / ticks_)));
  ProcessMetrics each = Make(ProcessMetricsMode::kPid);
  const std::string text = Text(each.OfOne(Observed({"a", "b"})));
  EXPECT_THAT(text, HasSubstr(Line("process_open_fds{pid=\"a\"}", 4)));
  EXPECT_THAT(text, HasSubstr(Line("process_open_fds{pid=\"b\"}", 4)));
}

TEST_F(ProcessMetricsTest, KeepsTheTimeOfWorkersThatEnded) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kSum);
  metrics.OfOne(Observed({"20", "30"}));
  proc_.Remove(20);
  std::string text = Text(metrics.OfOne(Observed({"30"})));
  EXPECT_THAT(
      text, HasSubstr(Line("process_cpu_seconds_total", (120 + 130) / ticks_)));
  EXPECT_THAT(text, HasSubstr(Line("process_threads", 3)));
  // A worker with its ID comes after it.
  testing::FakeProcess next = Worker(20);
  next.start_ticks = 999;
  next.user_ticks = 1;
  next.system_ticks = 0;
  proc_.Add(next);
  EXPECT_THAT(
      Text(metrics.OfOne(Observed({"20", "30"}))),
      HasSubstr(Line("process_cpu_seconds_total", (120 + 130 + 1) / ticks_)));
  proc_.Remove(20);
  proc_.Remove(30);
  text = Text(metrics.OfOne(Observed({})));
  EXPECT_THAT(text, HasSubstr(Line("process_cpu_seconds_total",
                                   (120 + 130 + 1) / ticks_)));
  EXPECT_THAT(text, Not(HasSubstr("process_threads")));
}

// A worker that is not seen for a while is not added a second time.
TEST_F(ProcessMetricsTest, KeepsTheTimeOfAWorkerThatComesBack) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kSum);
  for (const std::vector<std::string>& identifiers :
       {std::vector<std::string>{"20", "30"}, {"30"}, {"20", "30"}}) {
    EXPECT_THAT(
        Text(metrics.OfOne(Observed(identifiers))),
        HasSubstr(Line("process_cpu_seconds_total", (120 + 130) / ticks_)));
  }
}

TEST_F(ProcessMetricsTest, CountsForEachPathWhatWasSeenThere) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kSum);
  metrics.OfAll({Observed({"20"}), Observed({"30"}, "jobs")});
  metrics.OfOne(Observed({"20"}));
  proc_.Remove(20);
  EXPECT_THAT(
      Text(metrics.OfAll({Observed({}), Observed({"30"}, "jobs")})),
      HasSubstr(Line("process_cpu_seconds_total", (120 + 130) / ticks_)));
  EXPECT_THAT(Text(metrics.OfOne(Observed({}))),
              HasSubstr(Line("process_cpu_seconds_total", 120 / ticks_)));
  EXPECT_THAT(Text(metrics.OfOne(Observed({"30"}, "jobs"))),
              HasSubstr(Line("process_cpu_seconds_total", 130 / ticks_)));
}

TEST_F(ProcessMetricsTest, GivesNoSumWithoutAWorkerThatIsNotSeen) {
  ProcessMetrics sum = Make(ProcessMetricsMode::kSum);
  const ProcessFamilies nothing = sum.OfOne(Observed({"20", "99"}));
  EXPECT_THAT(nothing.families, IsEmpty());
  ASSERT_THAT(nothing.problems, SizeIs(1));
  EXPECT_EQ(nothing.problems.front(),
            directory_.path() +
                ": process metrics left out: a living worker is not to be seen "
                "in " +
                proc_.path());
  // Its time is counted when it is whole again, with what it has used since.
  testing::FakeProcess later = Worker(20);
  later.user_ticks += 5;
  proc_.Add(later);
  EXPECT_THAT(Text(sum.OfOne(Observed({"20"}))),
              HasSubstr(Line("process_cpu_seconds_total", 125 / ticks_)));
  ProcessMetrics each = Make(ProcessMetricsMode::kPid);
  const ProcessFamilies some = each.OfOne(Observed({"20", "99"}));
  EXPECT_THAT(some.families, SizeIs(7));
  EXPECT_THAT(some.problems.front(),
              HasSubstr(": process metrics incomplete: "));
}

TEST_F(ProcessMetricsTest, GivesNoSumWithoutADirectory) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kSum);
  const Status failure(StatusKind::kIoError, "jobs: not to be read");
  const ProcessFamilies result =
      metrics.OfAll({Observed({"20"}), {"jobs", "/jobs", failure}});
  EXPECT_THAT(result.families, IsEmpty());
  // The collection has told of it.
  EXPECT_THAT(result.problems, IsEmpty());
}

TEST_F(ProcessMetricsTest, LeavesOutAFigureThatMayNotBeRead) {
  testing::FakeProcess other = Worker(30);
  other.max_fds.clear();
  proc_.Add(other);
  ProcessMetrics sum = Make(ProcessMetricsMode::kSum);
  const std::string text = Text(sum.OfOne(Observed({"20", "30"})));
  EXPECT_THAT(text, HasSubstr(Line("process_threads", 5)));
  EXPECT_THAT(text, Not(HasSubstr("_fds")));
  ProcessMetrics each = Make(ProcessMetricsMode::kPid);
  const std::string series = Text(each.OfOne(Observed({"20", "30"})));
  EXPECT_THAT(series, HasSubstr("process_open_fds{pid=\"20\"}"));
  EXPECT_THAT(series, Not(HasSubstr("process_open_fds{pid=\"30\"}")));
  EXPECT_THAT(series, HasSubstr("process_threads{pid=\"30\"}"));
}

TEST_F(ProcessMetricsTest, GivesNoSumOfWhatCannotBeReadNow) {
  ProcessMetrics metrics = Make(ProcessMetricsMode::kSum);
  ASSERT_THAT(metrics.OfOne(Observed({"20"})).families, SizeIs(7));
  std::filesystem::remove(proc_.PathOf(20, "stat"));
  EXPECT_THAT(metrics.OfOne(Observed({"20"})).families, IsEmpty());
  proc_.Add(Worker(20));
}

TEST(CpuTallyTest, DoesNotFallByRounding) {
  CpuTally tally;
  double before = 0;
  for (std::uint64_t pid = 1; pid <= 100; ++pid) {
    tally.See({pid, pid, std::nullopt}, static_cast<double>(pid) / 100 + 0.07);
    EXPECT_GT(tally.seconds(), before);
    before = tally.seconds();
  }
  for (std::uint64_t pid = 100; pid > 0; --pid) {
    tally.Settle([pid](const RunningProcess& process) {
      return process.id % 7 == pid % 7;
    });
    EXPECT_EQ(tally.seconds(), before);
  }
  EXPECT_FALSE(tally.empty());
  EXPECT_EQ(before, 57.5);
}

}  // namespace
}  // namespace promshm::tools
