#include "tools/serve/upkeep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

namespace promshm::tools {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class UpkeepTest : public ::testing::Test {
 protected:
  UpkeepTest() {
    // A directory that anybody may write to is not cleaned up.
    fs::permissions(directory_.path(), fs::perms::owner_all);
    Serve({"m", directory_.path(), false});
  }

  void Serve(DirectoryArgument argument) {
    directories_ = *DirectorySet::Make({std::move(argument)}, {}, &log_);
  }

  void Write(const std::string& name, double value) const {
    std::ofstream(directory_.path() + "/" + name, std::ios::binary)
        << testing::FileBuilder()
               .Add(R"(["x", "x_total", {}, "h"])", value)
               .Bytes();
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(directory_.path())) {
      names.push_back(file.path().filename());
    }
    return names;
  }

  void Begin(std::chrono::milliseconds pause) {
    upkeep_.emplace(
        directories_.get(), pause, "/proc", &log_,
        [this](const std::string& directory,
               const Result<CleaningReport>& outcome) {
          const std::lock_guard<std::mutex> lock(mutex_);
          changed_.notify_all();
          if (!outcome.ok()) {
            outcomes_.push_back(directory + ": " + outcome.status().message());
          } else if (outcome->folded.files == 0) {
            ++idle_runs_;
          } else {
            outcomes_.push_back(directory + " folded " +
                                std::to_string(outcome->folded.files));
          }
        });
  }

  // What was found to do, and what failed.
  std::vector<std::string> WaitForOutcomes(std::size_t number) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30),
                      [&] { return outcomes_.size() >= number; });
    return outcomes_;
  }

  void WaitForIdleRuns(int number) {
    std::unique_lock<std::mutex> lock(mutex_);
    const int least = idle_runs_ + number;
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(30),
                                  [&] { return idle_runs_ >= least; }));
  }

  std::vector<std::string> Lines() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

  testing::TemporaryDirectory directory_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> outcomes_;
  int idle_runs_ = 0;
  std::vector<std::string> lines_;
  Log log_{LogLevel::kInfo, LogFormat::kLogfmt,
           [this](const std::string& line) {
             const std::lock_guard<std::mutex> lock(mutex_);
             lines_.push_back(line);
           }};
  std::unique_ptr<DirectorySet> directories_;
  std::optional<Upkeep> upkeep_;
};

TEST_F(UpkeepTest, CleansUpAtOnceAndAgain) {
  Write("counter_1.db", 1);
  Write("counter_2.db", 2);
  Begin(std::chrono::milliseconds(1));
  EXPECT_THAT(WaitForOutcomes(1), ElementsAre("m folded 2"));
  Write("counter_3.db", 3);
  // The merged file of before, too.
  EXPECT_THAT(WaitForOutcomes(2), ElementsAre("m folded 2", "m folded 2"));
  upkeep_.reset();
  EXPECT_THAT(Names(), ElementsAre("counter_promshm-2.db"));
  EXPECT_THAT(Lines(),
              Contains(AllOf(HasSubstr("msg=\"cleaned up\" directory=m"),
                             HasSubstr("files_folded=2"))));
}

TEST_F(UpkeepTest, TellsOfRunsThatFindNothingToDo) {
  Begin(std::chrono::milliseconds(1));
  WaitForIdleRuns(2);
  upkeep_.reset();
  EXPECT_THAT(outcomes_, IsEmpty());
  EXPECT_THAT(Lines(), Not(Contains(HasSubstr("cleaned up"))));
}

TEST_F(UpkeepTest, EndsWhileItWaits) {
  Write("counter_1.db", 1);
  Begin(std::chrono::hours(1));
  EXPECT_THAT(WaitForOutcomes(1), SizeIs(1));
  upkeep_.reset();
}

TEST_F(UpkeepTest, AFailureIsToldOnce) {
  Serve({"gone", directory_.path() + "/gone", false});
  Begin(std::chrono::milliseconds(1));
  EXPECT_THAT(WaitForOutcomes(3),
              Contains(HasSubstr("gone: ")).Times(::testing::Ge(3)));
  upkeep_.reset();
  EXPECT_THAT(Lines(), Contains(AllOf(HasSubstr("level=WARN"),
                                      HasSubstr("no such file or directory"),
                                      HasSubstr("directory=gone")))
                           .Times(1));
}

}  // namespace
}  // namespace promshm::tools
