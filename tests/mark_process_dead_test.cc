#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/maintain.h"
#include "promshm/registry.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MarkProcessDeadTest : public ::testing::Test {
 protected:
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  void Touch(const std::string& name) const {
    directory_.Write(name, std::string(64, '\0'));
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(MarkProcessDeadTest, RemovesLiveGaugesOfThatProcessOnly) {
  for (const char* name :
       {"counter_12.db", "gauge_all_12.db", "gauge_liveall_12.db",
        "gauge_livemostrecent_12.db", "gauge_livesum_12.db",
        "gauge_livesum_12-2.db", "gauge_livesum_12-x.db",
        "gauge_livesum_123.db", "gauge_livesum_1.db", "gauge_livesum_12.db.bak",
        "histogram_12.db", "notes.txt"}) {
    Touch(name);
  }
  const Status status = MarkProcessDead(12, directory_.path());
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_THAT(
      Names(),
      ElementsAre("counter_12.db", "gauge_all_12.db", "gauge_livesum_1.db",
                  "gauge_livesum_12-x.db", "gauge_livesum_12.db.bak",
                  "gauge_livesum_123.db", "histogram_12.db", "notes.txt"));
}

TEST_F(MarkProcessDeadTest, FinishesWhatARealProcessLeft) {
  const auto body = [&] {
    Registry registry(directory_.path());
    BuildGauge().Name("g").Mode(GaugeMode::kLiveSum).Register(registry).Add({});
    BuildCounter().Name("c").Register(registry).Add({}).Increment();
    return 0;
  };
  const pid_t pid = testing::StartChild(body);
  ASSERT_EQ(testing::WaitForChild(pid), 0);
  ASSERT_EQ(Names().size(), 2U);
  ASSERT_TRUE(
      MarkProcessDead(static_cast<std::uint64_t>(pid), directory_.path()).ok());
  EXPECT_THAT(Names(), ElementsAre("counter_" + std::to_string(pid) + ".db"));
}

TEST_F(MarkProcessDeadTest, LeavesWhatALivingProcessHasOpen) {
  Registry registry(directory_.path());
  BuildGauge().Name("g").Mode(GaugeMode::kLiveSum).Register(registry).Add({});
  const std::vector<std::string> before = Names();
  const auto own = static_cast<std::uint64_t>(getpid());
  EXPECT_TRUE(MarkProcessDead(own, directory_.path()).ok());
  EXPECT_EQ(Names(), before);
}

TEST_F(MarkProcessDeadTest, SaysWhatFails) {
  const Status status = MarkProcessDead(12, directory_.PathOf("missing"));
  EXPECT_EQ(status.kind(), StatusKind::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("missing: cannot open: no such"));

  ASSERT_EQ(mkdir(directory_.PathOf("gauge_livesum_12.db").c_str(), 0700), 0);
  Touch("gauge_livesum_12-2.db");
  EXPECT_THAT(MarkProcessDead(12, directory_.path()).message(),
              HasSubstr("gauge_livesum_12.db: cannot remove: "));
  EXPECT_THAT(Names(), ElementsAre("gauge_livesum_12.db"));
}

TEST_F(MarkProcessDeadTest, WaitsForWhoReadsTheDirectory) {
  Touch("gauge_livesum_12.db");
  const int reader = open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_GE(reader, 0);
  ASSERT_EQ(flock(reader, LOCK_SH), 0);
  EXPECT_EQ(MarkProcessDead(12, directory_.path()).kind(), StatusKind::kBusy);
  EXPECT_THAT(Names(), ElementsAre("gauge_livesum_12.db"));
  close(reader);
  EXPECT_TRUE(MarkProcessDead(12, directory_.path()).ok());
  EXPECT_EQ(Names().size(), 0U);
}

TEST_F(MarkProcessDeadTest, TakesTheDirectoryFromTheEnvironment) {
  Touch("gauge_livesum_12.db");
  const auto body = [&] {
    setenv("PROMETHEUS_MULTIPROC_DIR", directory_.path().c_str(), 1);
    const bool collects = MultiProcessRegistry().Collect().ok();
    const bool removes = MarkProcessDead(12).ok();
    unsetenv("PROMETHEUS_MULTIPROC_DIR");
    unsetenv("prometheus_multiproc_dir");
    const bool fails =
        !MarkProcessDead(12).ok() && !MultiProcessRegistry().Collect().ok();
    return collects && removes && fails ? 0 : 1;
  };
  EXPECT_EQ(testing::RunInChild(body), 0);
  EXPECT_EQ(Names().size(), 0U);
}

}  // namespace
}  // namespace promshm
