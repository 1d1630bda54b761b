#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/process_report.h"
#include "tests/support/child_process.h"
#include "tests/support/directory_hold.h"
#include "tests/support/living_file.h"
#include "tests/support/metric_directory_writer.h"

namespace promshm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::LivingFile;
using testing::MetricDirectoryWriter;
using ::testing::SizeIs;

std::string Key(const std::string& family, const std::string& suffix = "") {
  return "[\"" + family + "\", \"" + family + suffix + "\", {}, \"h\"]";
}

class ProcessReportsTest : public ::testing::Test {
 protected:
  ProcessReportsTest() { options_.sources = {directory_.path()}; }

  LivingFile Open(const std::string& file) const {
    return *LivingFile::Open(directory_.path() + "/" + file, 16,
                             LivingFile::Descriptor::kKept);
  }

  static std::vector<ProcessReport> Reports(Collector* collector) {
    CollectOptions options;
    options.with_processes = true;
    const Result<Snapshot> snapshot = collector->Collect(options);
    return snapshot->process_reports();
  }

  static std::vector<std::string> Families(Collector* collector) {
    std::vector<std::string> names;
    const Result<Snapshot> snapshot = collector->Collect();
    for (const MetricFamily& family : snapshot->families()) {
      names.push_back(family.name + ' ' +
                      std::to_string(snapshot->processes(family)));
    }
    return names;
  }

  MetricDirectoryWriter directory_;
  CollectorOptions options_;
};

TEST_F(ProcessReportsTest, ThereAreNoneUnlessTheyAreAskedFor) {
  directory_.Write("counter_1.db", {{Key("x", "_total"), 1}});
  Collector collector(options_);
  EXPECT_THAT(collector.Collect()->process_reports(), IsEmpty());
  EXPECT_THAT(Reports(&collector), SizeIs(1));
  EXPECT_THAT(Snapshot().process_reports(), IsEmpty());
}

TEST_F(ProcessReportsTest, TellsWhatEachProcessHolds) {
  directory_.Write("counter_2.db",
                   {{Key("x", "_total"), 1}, {Key("y", "_total"), 1}});
  directory_.Write("gauge_livesum_2.db", {{Key("z"), 1}});
  directory_.Write("histogram_10.db",
                   {{R"(["h", "h_bucket", {"le": "1.0"}, "h"])", 1},
                    {R"(["h", "h_bucket", {"le": "+Inf"}, "h"])", 1},
                    {Key("h", "_sum"), 1}});
  directory_.Write("counter_promshm-2.db", {{Key("x", "_total"), 1}});
  const LivingFile alive = Open("histogram_10.db");
  Collector collector(options_);
  // The first from what is looked at for it, the others from what passes saw.
  for (int i = 0; i < 3; ++i) {
    const std::vector<ProcessReport> reports = Reports(&collector);
    ASSERT_THAT(reports, SizeIs(3));
    EXPECT_EQ(reports[0].identifier, "10");
    EXPECT_EQ(reports[0].liveness, Liveness::kAlive);
    EXPECT_EQ(reports[0].evidence, Evidence::kWriter);
    EXPECT_EQ(reports[0].series, 1U);
    ASSERT_THAT(reports[0].files, SizeIs(1));
    EXPECT_EQ(reports[0].files[0].entries, 3U);
    EXPECT_EQ(reports[1].identifier, "2");
    EXPECT_FALSE(reports[1].is_merged);
    EXPECT_EQ(reports[1].liveness, Liveness::kDead);
    EXPECT_EQ(reports[1].evidence, Evidence::kNoWriter);
    EXPECT_EQ(reports[1].series, 3U);
    ASSERT_THAT(reports[1].files, SizeIs(2));
    EXPECT_EQ(reports[1].files[0].name, "counter_2.db");
    EXPECT_EQ(reports[1].files[0].type, FamilyType::kCounter);
    EXPECT_EQ(reports[1].files[1].mode, "livesum");
    EXPECT_EQ(reports[1].files[1].bytes, 8U + 4 + 20 + 16);
    EXPECT_EQ(reports[2].identifier, "promshm-2");
    EXPECT_TRUE(reports[2].is_merged);
  }
}

TEST_F(ProcessReportsTest, AProcessDiesAndComesBack) {
  directory_.Write("counter_1.db", {{Key("x", "_total"), 1}});
  Collector collector(options_);
  for (int i = 0; i < 2; ++i) {
    {
      const LivingFile alive = Open("counter_1.db");
      EXPECT_EQ(Reports(&collector)[0].liveness, Liveness::kAlive);
      EXPECT_EQ(Reports(&collector)[0].liveness, Liveness::kAlive);
    }
    EXPECT_EQ(Reports(&collector)[0].liveness, Liveness::kDead);
    EXPECT_EQ(Reports(&collector)[0].liveness, Liveness::kDead);
  }
}

TEST_F(ProcessReportsTest, DamageIsTold) {
  directory_.Write("counter_1.db", {{"no key", 1}});
  std::filesystem::create_directory(directory_.path() + "/counter_2.db");
  Collector collector(options_);
  for (int i = 0; i < 3; ++i) {
    const std::vector<ProcessReport> reports = Reports(&collector);
    ASSERT_FALSE(reports.empty());
    EXPECT_TRUE(reports[0].files[0].is_damaged);
    EXPECT_EQ(reports[0].liveness, Liveness::kDead);
  }
}

TEST_F(ProcessReportsTest, LiveGaugesOfTheDeadAreLeftOut) {
  directory_.Write("gauge_livesum_1.db", {{Key("live"), 1}});
  directory_.Write("gauge_sum_1.db", {{Key("kept"), 1}});
  directory_.Write("counter_1.db", {{Key("x", "_total"), 1}});
  directory_.Write("gauge_livesum_2.db", {{Key("live"), 2}});
  options_.leave_out_dead = true;
  Collector collector(options_);
  std::optional<LivingFile> first = Open("gauge_livesum_1.db");
  std::optional<LivingFile> second = Open("gauge_livesum_2.db");
  const auto live = [&collector] {
    const Result<Snapshot> snapshot = collector.Collect();
    for (const MetricFamily& family : snapshot->families()) {
      if (family.name == "live") {
        return snapshot->value(family.series[0].samples[0]);
      }
    }
    return -1.0;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(live(), 3);
  EXPECT_THAT(Families(&collector), ElementsAre("kept 1", "live 2", "x 1"));
  first.reset();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(live(), 2);
  EXPECT_THAT(Families(&collector), ElementsAre("kept 1", "live 1", "x 1"));
  EXPECT_TRUE(Reports(&collector)[0].files[1].is_left_out);
  second.reset();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(live(), -1);
  EXPECT_THAT(Families(&collector), ElementsAre("kept 1", "x 1"));
  first = Open("gauge_livesum_1.db");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(live(), 1);
  first->Store(0, 5);
  EXPECT_EQ(live(), 5);
}

TEST_F(ProcessReportsTest, TheFirstCollectionLeavesThemOut) {
  directory_.Write("gauge_livesum_1.db", {{Key("live"), 1}});
  options_.leave_out_dead = true;
  Collector collector(options_);
  EXPECT_THAT(Families(&collector), IsEmpty());
  EXPECT_TRUE(
      std::filesystem::exists(directory_.path() + "/gauge_livesum_1.db"));
}

// Nothing is read in place, nor watched, where another program's handler for
// faults came later.
TEST_F(ProcessReportsTest, WhereNothingIsWatchedFilesAreLookedAtForIt) {
  directory_.Write("gauge_livesum_1.db", {{Key("live"), 1}});
  directory_.Write("gauge_livesum_2.db", {{Key("live"), 2}});
  directory_.Write("counter_2.db", {{Key("x", "_total"), 1}});
  options_.leave_out_dead = true;
  EXPECT_EQ(testing::RunInChild([&] {
              const LivingFile alive = Open("gauge_livesum_2.db");
              Collector collector(options_);
              if (!collector.Collect().ok()) return 1;
              signal(SIGBUS, [](int /*number*/) { _exit(2); });
              for (int i = 0; i < 3; ++i) {
                const std::vector<ProcessReport> reports = Reports(&collector);
                if (reports.size() != 2 ||
                    reports[0].liveness != Liveness::kDead ||
                    !reports[0].files[0].is_left_out ||
                    reports[1].liveness != Liveness::kAlive ||
                    reports[1].files[1].is_left_out) {
                  return 3;
                }
                const Result<Snapshot> snapshot = collector.Collect();
                const MetricFamily& live = snapshot->families()[0];
                if (snapshot->value(live.series[0].samples[0]) != 2) return 4;
              }
              return 0;
            }),
            0);
}

TEST_F(ProcessReportsTest, ACollectionGivesUpAtItsDeadline) {
  directory_.Write("counter_1.db", {{Key("x", "_total"), 1}});
  Collector collector(options_);
  testing::DirectoryHold hold(directory_.path());
  CollectOptions options;
  options.deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  const Result<Snapshot> late = collector.Collect(options);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.status().kind(), StatusKind::kBusy);
  hold.Release();
  EXPECT_TRUE(collector.Collect(options).ok());
}

}  // namespace
}  // namespace promshm
