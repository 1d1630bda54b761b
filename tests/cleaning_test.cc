#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "promshm/collector.h"
#include "promshm/maintain.h"
#include "store/file_descriptor.h"
#include "store/merge_workspace.h"
#include "tests/support/collected.h"
#include "tests/support/dice.h"
#include "tests/support/file_builder.h"
#include "tests/support/living_file.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::FileBuilder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LivingFile;

constexpr const char* kCounter = R"(["x", "x_total", {}, "X"])";
constexpr const char* kGauge = R"(["g", "g", {}, "G"])";

CleaningOptions Folding() {
  CleaningOptions options;
  options.fold = true;
  return options;
}

class CleaningTest : public ::testing::Test {
 protected:
  void Counter(const std::string& identifier, double value) const {
    directory_.Write("counter_" + identifier + ".db",
                     FileBuilder().Add(kCounter, value).Bytes(4096));
  }

  void Gauge(const std::string& mode, const std::string& identifier,
             double value) const {
    directory_.Write("gauge_" + mode + '_' + identifier + ".db",
                     FileBuilder().Add(kGauge, value, 1000).Bytes(4096));
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  CleaningPlan Plan(const CleaningOptions& options) const {
    Result<CleaningPlan> plan = PlanCleaning(directory_.path(), options);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    return plan.ok() ? *plan : CleaningPlan();
  }

  CleaningReport Clean(const CleaningOptions& options) const {
    Result<CleaningReport> report = promshm::Clean(Plan(options));
    EXPECT_TRUE(report.ok()) << report.status().message();
    return report.ok() ? *report : CleaningReport();
  }

  // Of the counter.
  double Sum() const {
    Collector collector(directory_.path());
    const Result<Snapshot> snapshot = collector.Collect();
    EXPECT_TRUE(snapshot.ok());
    double sum = 0;
    for (const MetricFamily& family : snapshot->families()) {
      if (family.type == FamilyType::kCounter) {
        sum += snapshot->value(family.series[0].samples[0]);
      }
    }
    return sum;
  }

  static std::vector<std::string> Lines(const std::vector<Issue>& issues) {
    std::vector<std::string> lines;
    for (const Issue& issue : issues) lines.push_back(issue.ToString());
    return lines;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(CleaningTest, DoesNothingUnlessAsked) {
  Counter("1", 1);
  Gauge("livesum", "1", 1);
  EXPECT_TRUE(Plan({}).is_empty());
  Clean({});
  EXPECT_THAT(Names(), ElementsAre("counter_1.db", "gauge_livesum_1.db"));
}

TEST_F(CleaningTest, RemovesLiveGaugesOfTheDeadOnly) {
  Counter("1", 1);
  for (const char* mode : {"livesum", "liveall", "all", "sum"}) {
    Gauge(mode, "1", 1);
    Gauge(mode, "2", 1);
  }
  const auto living = LivingFile::Open(directory_.PathOf("gauge_all_2.db"), 16,
                                       LivingFile::Descriptor::kClosed);
  CleaningOptions options;
  options.remove_live_gauges = true;
  const CleaningPlan plan = Plan(options);
  ASSERT_EQ(plan.processes.size(), 2U);
  EXPECT_EQ(plan.processes[0].identifier, "1");
  EXPECT_EQ(plan.processes[0].evidence, Evidence::kNoWriter);
  EXPECT_EQ(plan.processes[1].liveness, Liveness::kAlive);
  EXPECT_EQ(plan.processes[1].evidence, Evidence::kWriter);
  const CleaningReport report = Clean(options);
  EXPECT_EQ(report.processes, 1U);
  EXPECT_EQ(report.removed.files, 2U);
  EXPECT_EQ(report.removed.bytes, 8192U);
  EXPECT_THAT(Names(),
              ElementsAre("counter_1.db", "gauge_all_1.db", "gauge_all_2.db",
                          "gauge_liveall_2.db", "gauge_livesum_2.db",
                          "gauge_sum_1.db", "gauge_sum_2.db"));
  options.remove_all_gauges = true;
  Clean(options);
  EXPECT_THAT(Names(), ElementsAre("counter_1.db", "gauge_all_2.db",
                                   "gauge_liveall_2.db", "gauge_livesum_2.db",
                                   "gauge_sum_1.db", "gauge_sum_2.db"));
}

TEST_F(CleaningTest, FoldsWhatCounts) {
  Counter("1", 1);
  Counter("2", 2);
  Counter("3", 4);
  Gauge("max", "1", 5);
  Gauge("max", "2", 7);
  Gauge("all", "1", 1);
  Gauge("livemax", "1", 9);
  const auto living = LivingFile::Open(directory_.PathOf("counter_3.db"), 16,
                                       LivingFile::Descriptor::kKept);
  const CleaningReport report = Clean(Folding());
  EXPECT_THAT(Names(), ElementsAre("counter_3.db", "counter_promshm.db",
                                   "gauge_all_1.db", "gauge_livemax_1.db",
                                   "gauge_max_promshm.db"));
  EXPECT_EQ(Sum(), 7);
  EXPECT_EQ(report.processes, 2U);
  EXPECT_EQ(report.folded.files, 4U);
  EXPECT_EQ(report.folded.entries, 4U);
  EXPECT_EQ(report.made.files, 2U);
  EXPECT_EQ(report.made.entries, 2U);
  EXPECT_EQ(report.made.series, 2U);
  EXPECT_THAT(report.issues, IsEmpty());
  EXPECT_TRUE(Plan(Folding()).is_empty());
}

TEST_F(CleaningTest, TellsWhichFilesWereMergedBefore) {
  Counter("1", 1);
  Counter("2", 2);
  EXPECT_EQ(Clean(Folding()).folded_again, 0U);
  Counter("3", 4);
  const CleaningReport report = Clean(Folding());
  EXPECT_EQ(report.folded.files, 2U);
  EXPECT_EQ(report.folded_again, 1U);
  EXPECT_EQ(Sum(), 7);
}

// Nobody finds another file by a name that he has listed.
TEST_F(CleaningTest, GivesNoNameTwice) {
  for (int i = 1; i <= 3; ++i) {
    Counter(std::to_string(i), 1);
    Clean(Folding());
    EXPECT_THAT(Names(), ElementsAre(i == 1 ? "counter_promshm.db"
                                            : "counter_promshm-" +
                                                  std::to_string(i) + ".db"));
    EXPECT_EQ(Sum(), i);
  }
}

TEST_F(CleaningTest, RehearsesWithoutTouchingAnything) {
  Counter("1", 1);
  Counter("2", 2);
  Gauge("livesum", "1", 1);
  CleaningOptions options = Folding();
  options.remove_live_gauges = true;
  const CleaningPlan plan = Plan(options);
  const Result<CleaningReport> rehearsed = RehearseCleaning(plan);
  ASSERT_TRUE(rehearsed.ok());
  EXPECT_THAT(Names(), ElementsAre("counter_1.db", "counter_2.db",
                                   "gauge_livesum_1.db"));
  const Result<CleaningReport> done = promshm::Clean(plan);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(rehearsed->processes, done->processes);
  EXPECT_EQ(rehearsed->removed.files, done->removed.files);
  EXPECT_EQ(rehearsed->folded.entries, done->folded.entries);
  EXPECT_EQ(rehearsed->made.bytes, done->made.bytes);
  EXPECT_EQ(rehearsed->made.series, done->made.series);
}

TEST_F(CleaningTest, RemovesEverythingOfTheDead) {
  Counter("1", 1);
  Counter("2", 2);
  Counter("promshm-7", 4);
  Gauge("all", "1", 1);
  directory_.Write("counter_9.db.damaged", "x");
  directory_.Write(".promshm-12-3-4.new", "x");
  directory_.Write("notes.txt", "x");
  directory_.Write("app.db", "x");
  const auto living = LivingFile::Open(directory_.PathOf("counter_2.db"), 16,
                                       LivingFile::Descriptor::kKept);
  CleaningOptions options;
  options.remove_everything = true;
  Clean(options);
  EXPECT_THAT(Names(), ElementsAre("app.db", "counter_2.db", "notes.txt"));
}

TEST_F(CleaningTest, ActsForOneProcessOnly) {
  for (const char* identifier : {"12", "12-2", "12-x", "123", "1"}) {
    Gauge("livesum", identifier, 1);
  }
  CleaningOptions options;
  options.remove_live_gauges = true;
  options.pid = 12;
  Clean(options);
  EXPECT_THAT(Names(),
              ElementsAre("gauge_livesum_1.db", "gauge_livesum_12-x.db",
                          "gauge_livesum_123.db"));
}

TEST_F(CleaningTest, DoesNotBelieveThatALivingProcessHasEnded) {
  Gauge("livesum", "12", 1);
  const auto living = LivingFile::Open(directory_.PathOf("gauge_livesum_12.db"),
                                       16, LivingFile::Descriptor::kKept);
  CleaningOptions options;
  options.remove_live_gauges = true;
  options.pid = 12;
  EXPECT_THAT(Lines(Plan(options).issues),
              ElementsAre(EndsWith("gauge_livesum_12.db: left alone: its "
                                   "process lives: a process has its files "
                                   "open for writing")));
  Clean(options);
  EXPECT_THAT(Names(), ElementsAre("gauge_livesum_12.db"));
}

TEST_F(CleaningTest, SparesYoungFiles) {
  Counter("1", 1);
  CleaningOptions options = Folding();
  options.min_age = std::chrono::hours(1);
  const CleaningPlan plan = Plan(options);
  EXPECT_TRUE(plan.is_empty());
  EXPECT_EQ(plan.processes[0].files[0].reason, "it is too young");
  // What a file says of its last change is nothing to go by.
  const auto long_ago =
      fs::file_time_type::clock::now() - std::chrono::hours(9);
  fs::last_write_time(directory_.PathOf("counter_1.db"), long_ago);
  EXPECT_TRUE(Plan(options).is_empty());
  options.min_age = std::chrono::seconds(0);
  EXPECT_FALSE(Plan(options).is_empty());
}

TEST_F(CleaningTest, RefusesADirectoryThatEverybodyMayWriteTo) {
  Counter("1", 1);
  ASSERT_EQ(chmod(directory_.path().c_str(), 0777), 0);
  const Result<CleaningPlan> plan = PlanCleaning(directory_.path(), Folding());
  EXPECT_EQ(plan.status().kind(), StatusKind::kPermissionDenied);
  EXPECT_THAT(plan.status().message(),
              HasSubstr(": unsafe: everybody may write to it"));
  CleaningOptions forced = Folding();
  forced.force = true;
  EXPECT_TRUE(PlanCleaning(directory_.path(), forced).ok());
  ASSERT_EQ(chmod(directory_.path().c_str(), 01777), 0);
  EXPECT_TRUE(PlanCleaning(directory_.path(), Folding()).ok());
}

TEST_F(CleaningTest, LeavesWhatIsNoFileOfItsOwn) {
  const testing::TemporaryDirectory elsewhere;
  const std::string target =
      elsewhere.Write("counter_5.db", FileBuilder().Add(kCounter, 1).Bytes());
  fs::create_symlink(target, directory_.PathOf("counter_1.db"));
  fs::create_directory(directory_.PathOf("counter_2.db"));
  ASSERT_EQ(mkfifo(directory_.PathOf("counter_3.db").c_str(), 0644), 0);
  Counter("4", 1);
  CleaningOptions options;
  options.remove_everything = true;
  Clean(options);
  EXPECT_THAT(Names(),
              ElementsAre("counter_1.db", "counter_2.db", "counter_3.db"));
  EXPECT_TRUE(fs::exists(target));
}

TEST_F(CleaningTest, LeavesOtherUsersFiles) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to make two users' files";
  Counter("1", 1);
  Counter("b", 2);
  for (const char* name : {"counter_1.db", "counter_b.db"}) {
    ASSERT_EQ(chmod(directory_.PathOf(name).c_str(), 0644), 0);
  }
  ASSERT_EQ(chown(directory_.PathOf("counter_b.db").c_str(), 1234, 1234), 0);
  ASSERT_EQ(chown(directory_.path().c_str(), 65534, 65534), 0);
  ASSERT_EQ(chown(directory_.PathOf("counter_1.db").c_str(), 65534, 65534), 0);
  ASSERT_EQ(seteuid(65534), 0);
  const CleaningPlan plan = Plan(Folding());
  const Result<CleaningReport> report = promshm::Clean(plan);
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(Lines(plan.issues),
              ElementsAre(directory_.PathOf("counter_b.db") +
                          ": left alone: it is another user's"));
  EXPECT_THAT(Names(), ElementsAre("counter_b.db", "counter_promshm.db"));
  EXPECT_EQ(Sum(), 3);
}

// Whoever could read all the files can read the merged one.
TEST_F(CleaningTest, GivesTheMergedFileToTheOldOnesOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  Counter("1", 1);
  Counter("2", 2);
  for (const char* name : {"counter_1.db", "counter_2.db"}) {
    ASSERT_EQ(chown(directory_.PathOf(name).c_str(), 1000, 1001), 0);
    ASSERT_EQ(chmod(directory_.PathOf(name).c_str(), 0640), 0);
  }
  const mode_t before = umask(077);
  Clean(Folding());
  umask(before);
  struct stat info;
  ASSERT_EQ(stat(directory_.PathOf("counter_promshm.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 1000U);
  EXPECT_EQ(info.st_gid, 1001U);
  EXPECT_EQ(info.st_mode & 07777U, 0640U);
}

TEST_F(CleaningTest, KeepsDamagedFilesForPeople) {
  directory_.Write(
      "counter_1.db",
      FileBuilder().Add(kCounter, 1).AddBytes(std::string(64, '\xff')).Bytes());
  directory_.Write("counter_2.db", "");
  const CleaningReport report = Clean(Folding());
  EXPECT_THAT(Names(),
              ElementsAre("counter_1.db.damaged", "counter_promshm.db"));
  EXPECT_EQ(Sum(), 1);
  EXPECT_THAT(Lines(report.issues),
              ElementsAre(EndsWith("counter_1.db: damaged: what can be read is "
                                   "merged; kept as counter_1.db.damaged")));
}

// An application's own collector has to read what is made.
TEST_F(CleaningTest, WritesTheGenerationOfTheDirectory) {
  for (const testing::Generation& generation : testing::kGenerations) {
    for (const char* name : {"counter_1.db", "counter_2.db"}) {
      directory_.Write(name, CounterFile(generation, {1, 2}).Bytes(4096));
    }
    const bool is_python_of_today =
        generation.key_shape == format::KeyShape::kObject;
    const CleaningReport report = Clean(Folding());
    if (!is_python_of_today) {
      EXPECT_THAT(Names(), ElementsAre("counter_1.db", "counter_2.db"));
      EXPECT_THAT(
          Lines(report.issues),
          ElementsAre(directory_.path() +
                      ": left alone: the client that writes here could not "
                      "read merged files"));
      CleaningOptions forced = Folding();
      forced.force = true;
      Clean(forced);
    }
    ASSERT_THAT(Names(), ElementsAre("counter_promshm.db")) << generation;
    const std::string expected =
        CounterFile(is_python_of_today ? generation : testing::kCurrent, {2, 4})
            .Bytes(4096);
    std::ifstream file(directory_.PathOf("counter_promshm.db"),
                       std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    if (is_python_of_today) {
      EXPECT_EQ(bytes, expected) << generation;
    } else {
      EXPECT_EQ(Sum(), 2) << generation;
    }
    fs::remove(directory_.PathOf("counter_promshm.db"));
  }
}

// Where one process is of today, so is who reads.
TEST_F(CleaningTest, WritesTheNewestGenerationThatIsThere) {
  directory_.Write("counter_1.db",
                   CounterFile(testing::kWithoutTimestamp, {1}).Bytes());
  Gauge("livesum", "2", 1);
  Clean(Folding());
  std::ifstream file(directory_.PathOf("counter_promshm.db"), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(bytes, CounterFile(testing::kCurrent, {1}).Bytes(4096));
}

TEST_F(CleaningTest, IsBusyWhileAnotherIsAtWork) {
  Counter("1", 1);
  const CleaningPlan plan = Plan(Folding());
  const store::FileDescriptor fd(
      open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto other = store::MergeWorkspace::Open(&fd, directory_.path(),
                                           std::chrono::seconds(0));
  ASSERT_TRUE(other.ok());
  const Result<CleaningReport> report = promshm::Clean(plan);
  EXPECT_EQ(report.status().kind(), StatusKind::kBusy);
  EXPECT_EQ(report.status().message(),
            directory_.path() + ": busy: another cleaner is at work");
  ASSERT_TRUE(other->Discard().ok());
  EXPECT_TRUE(promshm::Clean(plan).ok());
}

TEST_F(CleaningTest, LeavesAFileWhoseWriterIsBackSinceThePlan) {
  Counter("1", 1);
  Counter("2", 2);
  const CleaningPlan plan = Plan(Folding());
  const auto back = LivingFile::Open(directory_.PathOf("counter_2.db"), 16,
                                     LivingFile::Descriptor::kKept);
  const Result<CleaningReport> report = promshm::Clean(plan);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Lines(report->issues),
              ElementsAre(EndsWith("counter_2.db: left alone: its writer is "
                                   "back")));
  EXPECT_THAT(Names(), ElementsAre("counter_2.db", "counter_promshm.db"));
  back->Store(0, 3);
  EXPECT_EQ(Sum(), 4);
}

// Sums of fractions depend on the order, and a counter must not fall, be it by
// its last digit.
TEST_F(CleaningTest, LetsNoSumOfFractionsFall) {
  constexpr int kSeries = 200;
  constexpr int kProcesses = 12;
  testing::Dice dice(7);
  std::vector<std::optional<LivingFile>> living;
  for (int process = 0; process < kProcesses; ++process) {
    FileBuilder file;
    for (int i = 0; i < kSeries; ++i) {
      const std::string key =
          R"(["x", "x_total", {"i": ")" + std::to_string(i) + R"("}, "X"])";
      file.Add(key, 0.1 * static_cast<double>(1 + dice.Below(1000)));
    }
    const std::string path = directory_.Write(
        "counter_" + std::to_string(process) + ".db", file.Bytes());
    if (process % 2 == 0) {
      living.push_back(
          LivingFile::Open(path, 16, LivingFile::Descriptor::kKept));
    }
  }
  Collector collector(directory_.path());
  const auto values = [&collector] {
    const Result<Snapshot> snapshot = collector.Collect();
    std::vector<double> all;
    for (const Series& series : snapshot->families()[0].series) {
      all.push_back(snapshot->value(series.samples[0]));
    }
    return all;
  };
  // One after the other, merged files of before included.
  std::vector<double> before = values();
  while (!living.empty()) {
    Clean(Folding());
    const std::vector<double> after = values();
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      EXPECT_GE(after[i], before[i]) << i;
      EXPECT_LT(after[i], before[i] * (1 + 1e-14)) << i;
    }
    before = after;
    living.pop_back();
  }
}

// Opens a file as prometheus_client does, adds 1 to its only value and goes.
void CountOnce(const std::string& path) {
  const store::FileDescriptor fd(
      open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_TRUE(fd.valid());
  struct stat info;
  ASSERT_EQ(fstat(fd.get(), &info), 0);
  const std::string empty = FileBuilder().Add(kCounter, 0).Bytes(4096);
  if (info.st_size == 0) {
    ASSERT_EQ(pwrite(fd.get(), empty.data(), empty.size(), 0),
              static_cast<ssize_t>(empty.size()));
  }
  FileBuilder layout;
  layout.Add(kCounter, 0);
  const auto place = static_cast<off_t>(layout.size() - 2 * sizeof(double));
  double value = 0;
  ASSERT_EQ(pread(fd.get(), &value, sizeof(value), place),
            static_cast<ssize_t>(sizeof(value)));
  ++value;
  ASSERT_EQ(pwrite(fd.get(), &value, sizeof(value), place),
            static_cast<ssize_t>(sizeof(value)));
}

TEST_F(CleaningTest, LosesNothingOfAWriterThatComesAndGoes) {
  constexpr int kMerges = 20;
  std::atomic<bool> stop{false};
  int counted = 0;
  std::thread writer([&] {
    const std::string path = directory_.PathOf("counter_7.db");
    for (; !stop; ++counted) {
      CountOnce(path);
      // A merge takes some milliseconds: some are met, and some are not.
      std::this_thread::sleep_for(std::chrono::milliseconds(counted % 16));
    }
  });
  int merges = 0;
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (merges < kMerges && std::chrono::steady_clock::now() < deadline) {
    if (Clean(Folding()).folded.files > 0) ++merges;
  }
  stop = true;
  writer.join();
  Clean(Folding());
  EXPECT_EQ(Sum(), counted);
  EXPECT_EQ(merges, kMerges);
}

class MergeIntoTest : public CleaningTest {};

TEST_F(MergeIntoTest, SaysTheSameAsTheSources) {
  const testing::TemporaryDirectory other;
  Counter("1", 1);
  Counter("2", 2);
  for (const char* mode :
       {"all", "liveall", "min", "max", "sum", "livesum", "mostrecent"}) {
    const std::string key =
        std::string(R"([")") + mode + R"(", ")" + mode + R"(", {}, "G"])";
    for (const char* identifier : {"1", "2"}) {
      directory_.Write(std::string("gauge_") + mode + '_' + identifier + ".db",
                       FileBuilder().Add(key, *identifier - '0', 1000).Bytes());
    }
    other.Write(std::string("gauge_") + mode + "_3.db",
                FileBuilder().Add(key, 3, 500).Bytes());
  }
  other.Write("counter_1.db",
              CounterFile(testing::kWithoutHelp, {4, 8}).Bytes());
  const std::vector<std::string> sources = {directory_.path(), other.path()};
  const auto living = LivingFile::Open(directory_.PathOf("counter_1.db"), 16,
                                       LivingFile::Descriptor::kKept);
  const Result<CleaningReport> rehearsed = RehearseMergeInto(sources);
  ASSERT_TRUE(rehearsed.ok());
  const testing::TemporaryDirectory parent;
  const std::string target = parent.PathOf("new");
  const Result<CleaningReport> report = MergeInto(target, sources);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->made.entries, rehearsed->made.entries);
  const auto text = [](const std::vector<std::string>& from) {
    Collector collector(from);
    std::string all = testing::Collected(&collector);
    return all.substr(0, all.find("# EOF"));
  };
  EXPECT_EQ(text({target}), text(sources));
  EXPECT_EQ(MergeInto(target, sources).status().message(),
            target + ": cannot create: directory not empty");
}

}  // namespace
}  // namespace promshm
