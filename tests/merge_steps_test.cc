#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/maintain.h"
#include "store/file_descriptor.h"
#include "store/file_facts.h"
#include "store/merge_journal.h"
#include "store/merge_workspace.h"
#include "store/metric_file_reader.h"
#include "tests/support/file_builder.h"
#include "tests/support/living_file.h"
#include "tests/support/temporary_directory.h"

// A cleaner that ends between any two steps of a merge, and who looks at the
// directory then.

namespace promshm {
namespace {

using store::MergeWorkspace;
using ::testing::ElementsAre;
using testing::FileBuilder;
using ::testing::IsEmpty;
using testing::LivingFile;

constexpr const char* kKey = R"(["x", "x_total", {}, "X"])";

std::string CounterFile(double value) {
  return FileBuilder().Add(kKey, value).Bytes(4096);
}

// x is 1 and 2 in files of dead processes, 10 in an earlier merged file, and
// 100 in a living process's; the first three become one.
class MergeStepsTest : public ::testing::Test {
 protected:
  MergeStepsTest()
      : fd_(open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY)) {
    directory_.Write("counter_1.db", CounterFile(1));
    directory_.Write("counter_2.db", CounterFile(2));
    directory_.Write("counter_promshm.db", CounterFile(10));
    living_ =
        LivingFile::Open(directory_.Write("counter_3.db", CounterFile(100)), 16,
                         LivingFile::Descriptor::kKept);
  }

  static constexpr std::size_t kSteps = 15;

  // Ends after so many steps.
  void RunSteps(std::size_t count) {
    auto opened =
        MergeWorkspace::Open(&fd_, directory_.path(), std::chrono::seconds(0));
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    MergeWorkspace& workspace = *opened;
    const std::vector<std::function<Status()>> steps = {
        [&] {
          return workspace.WriteNew("counter_promshm-2.db", CounterFile(13),
                                    {geteuid(), getegid(), 0644});
        },
        [&] { return workspace.WriteJournal(Journal()); },
        [&] { return workspace.Raise(); },
        [&] { return SetAside(&workspace, "counter_1.db"); },
        [&] { return SetAside(&workspace, "counter_2.db"); },
        [&] { return SetAside(&workspace, "counter_promshm.db"); },
        [&] { return workspace.Commit(); },
        [&] { return workspace.Place("counter_promshm-2.db"); },
        [&] { return workspace.Drop(); },
        [&] { return workspace.Seal(); },
        [&] { return workspace.RemoveOld("counter_1.db", false); },
        [&] { return workspace.RemoveOld("counter_2.db", false); },
        [&] { return workspace.RemoveOld("counter_promshm.db", false); },
        [&] { return workspace.Discard(); },
    };
    ASSERT_EQ(steps.size() + 1, kSteps);
    for (std::size_t i = 0; i < count; ++i) {
      const Status status = steps[i]();
      ASSERT_TRUE(status.ok()) << i << ": " << status.message();
    }
  }

  store::MergeJournal Journal() const {
    store::MergeJournal journal;
    journal.made = {"counter_promshm-2.db"};
    store::MetricFileReader reader;
    for (const char* name :
         {"counter_1.db", "counter_2.db", "counter_promshm.db"}) {
      const auto opened = store::OpenMetricFile(fd_.get(), name, name);
      journal.old.push_back(
          {name, store::Fingerprint(reader.Read(opened->fd, name).bytes)});
    }
    return journal;
  }

  Status SetAside(MergeWorkspace* workspace, const std::string& name) const {
    struct stat info;
    EXPECT_EQ(fstatat(fd_.get(), name.c_str(), &info, 0), 0);
    return workspace->SetAside(name, info.st_ino);
  }

  static double Sum(Collector* collector) {
    const Result<Snapshot> snapshot = collector->Collect();
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
    for (const Issue& issue : snapshot->issues()) {
      EXPECT_EQ(issue.kind, IssueKind::kUnfinishedMerge) << issue.ToString();
    }
    const std::vector<MetricFamily>& families = snapshot->families();
    if (families.size() != 1) return -1;
    return snapshot->value(families[0].series[0].samples[0]);
  }

  double SumOfNow() const {
    Collector collector(directory_.path());
    return Sum(&collector);
  }

  // Finishes it, and sees that nothing else is left.
  void Finish() const {
    const Result<bool> finished = FinishMerge(directory_.path());
    ASSERT_TRUE(finished.ok()) << finished.status().message();
    const Result<bool> again = FinishMerge(directory_.path());
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_FALSE(*again);
    for (const auto& entry :
         std::filesystem::directory_iterator(directory_.path())) {
      EXPECT_TRUE(entry.is_regular_file()) << entry.path();
      EXPECT_EQ(entry.path().extension(), ".db") << entry.path();
    }
  }

  // Of a file that was set aside, by whatever name the merge has.
  std::string PathOfOld(const std::string& name) const {
    for (const char* merge : {store::kMergeName, store::kFenceName}) {
      const std::string path =
          directory_.PathOf(std::string(merge) + "/old/" + name);
      if (std::filesystem::exists(path)) return path;
    }
    return directory_.PathOf(name);
  }

  testing::TemporaryDirectory directory_;
  const store::FileDescriptor fd_;
  std::optional<LivingFile> living_;
};

class MergeStepTest : public MergeStepsTest,
                      public ::testing::WithParamInterface<std::size_t> {};

TEST_P(MergeStepTest, LeavesTheSumAsItIs) {
  Collector watching(directory_.path());
  EXPECT_EQ(Sum(&watching), 113);
  EXPECT_EQ(Sum(&watching), 113);
  RunSteps(GetParam());
  EXPECT_EQ(SumOfNow(), 113);
  EXPECT_EQ(Sum(&watching), 113);
  living_->Store(0, 101);
  EXPECT_EQ(Sum(&watching), 114);
  Finish();
  EXPECT_EQ(SumOfNow(), 114);
  EXPECT_EQ(Sum(&watching), 114);
  living_->Store(0, 102);
  EXPECT_EQ(Sum(&watching), 115);
}

// Whoever waited for the cleaner's lease when it was killed.
TEST_P(MergeStepTest, LosesNothingOfAWriterThatComesBack) {
  RunSteps(GetParam());
  const std::string path = PathOfOld("counter_2.db");
  auto writer = LivingFile::Open(path, 16, LivingFile::Descriptor::kKept);
  // What is not there any more is made anew.
  const bool is_gone = !writer.has_value();
  if (is_gone) {
    writer = LivingFile::Open(directory_.Write("counter_2.db", CounterFile(0)),
                              16, LivingFile::Descriptor::kKept);
  }
  const bool is_sealed = GetParam() >= 10;
  if (is_sealed && !is_gone) return;  // nobody opens it by that name any more
  ASSERT_TRUE(writer.has_value());
  writer->Store(0, is_gone ? 1 : 3);
  EXPECT_EQ(SumOfNow(), 114);
  Finish();
  EXPECT_EQ(SumOfNow(), 114);
  writer->Store(0, is_gone ? 2 : 4);
  EXPECT_EQ(SumOfNow(), 115);
}

// It ended again before anybody looked.
TEST_P(MergeStepTest, LosesNothingOfAWriterThatCameBackForAMoment) {
  RunSteps(GetParam());
  const std::string path = PathOfOld("counter_2.db");
  if (GetParam() >= 10 || !std::filesystem::exists(path)) return;
  LivingFile::Open(path, 16, LivingFile::Descriptor::kKept)->Store(0, 3);
  EXPECT_EQ(SumOfNow(), 114);
  Finish();
  EXPECT_EQ(SumOfNow(), 114);
}

TEST_P(MergeStepTest, KeepsAFileThatHasTakenTheName) {
  RunSteps(GetParam());
  if (!std::filesystem::exists(directory_.PathOf("counter_1.db"))) {
    directory_.Write("counter_1.db", CounterFile(1000));
    EXPECT_EQ(SumOfNow(), 1113);
    Finish();
    EXPECT_EQ(SumOfNow(), 1113);
  } else {
    Finish();
    EXPECT_EQ(SumOfNow(), 113);
  }
}

INSTANTIATE_TEST_SUITE_P(After, MergeStepTest,
                         ::testing::Range<std::size_t>(0, 15));

TEST_F(MergeStepsTest, IsToldOnlyOfWhatNobodyIsAtWorkOn) {
  Collector collector(directory_.path());
  {
    auto workspace =
        MergeWorkspace::Open(&fd_, directory_.path(), std::chrono::seconds(0));
    ASSERT_TRUE(workspace.ok());
    EXPECT_THAT(collector.Collect()->issues(), IsEmpty());
    EXPECT_EQ(
        MergeWorkspace::Open(&fd_, directory_.path(), std::chrono::seconds(0))
            .status()
            .kind(),
        StatusKind::kBusy);
    const Result<bool> finished = FinishMerge(directory_.path());
    EXPECT_TRUE(finished.ok() && !*finished);
  }
  const Result<Snapshot> snapshot = collector.Collect();
  ASSERT_EQ(snapshot->issues().size(), 1U);
  EXPECT_EQ(snapshot->issues()[0].ToString(),
            directory_.PathOf(".promshm-merge") +
                ": unfinished merge: read as if it had not been begun, or "
                "finished");
}

TEST_F(MergeStepsTest, KeepsDamagedFilesForPeople) {
  auto workspace =
      MergeWorkspace::Open(&fd_, directory_.path(), std::chrono::seconds(0));
  ASSERT_TRUE(workspace.ok());
  ASSERT_TRUE(SetAside(&*workspace, "counter_1.db").ok());
  ASSERT_TRUE(workspace->RemoveOld("counter_1.db", true).ok());
  EXPECT_TRUE(
      std::filesystem::exists(directory_.PathOf("counter_1.db.damaged")));
}

TEST_F(MergeStepsTest, DoesNotSetAnotherFileAside) {
  auto workspace =
      MergeWorkspace::Open(&fd_, directory_.path(), std::chrono::seconds(0));
  ASSERT_TRUE(workspace.ok());
  EXPECT_EQ(workspace->SetAside("counter_1.db", 1).kind(),
            StatusKind::kNotFound);
  EXPECT_EQ(SumOfNow(), 113);
}

// What another user has planted is not carried out, and hides nobody's files.
TEST_F(MergeStepsTest, TrustsNoOtherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to act for two users";
  RunSteps(8);  // committed, and the new file is in its place
  const std::string fence = directory_.PathOf(store::kFenceName);
  ASSERT_EQ(chown(fence.c_str(), 65534, 65534), 0);
  EXPECT_EQ(SumOfNow(), 113);
  EXPECT_EQ(FinishMerge(directory_.path()).status().kind(),
            StatusKind::kPermissionDenied);
  // As if an old file had changed, so that the merge is to be undone.
  LivingFile::Open(PathOfOld("counter_2.db"), 16, LivingFile::Descriptor::kKept)
      ->Store(0, 3);
  EXPECT_EQ(SumOfNow(), 113);
}

TEST_F(MergeStepsTest, OpensNoFifoForAJournal) {
  RunSteps(7);
  const std::string journal =
      directory_.PathOf(std::string(store::kFenceName) + "/journal");
  ASSERT_TRUE(std::filesystem::remove(journal));
  ASSERT_EQ(mkfifo(journal.c_str(), 0644), 0);
  EXPECT_EQ(SumOfNow(), 113);
}

}  // namespace
}  // namespace promshm
