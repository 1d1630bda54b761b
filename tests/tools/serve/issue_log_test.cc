#include "tools/serve/issue_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace promshm::tools {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kWhole = IssueLog::Coverage::kWhole;
constexpr auto kPart = IssueLog::Coverage::kPart;

class IssueLogTest : public ::testing::Test {
 protected:
  // The lines a report makes the log tell.
  std::vector<std::string> Report(IssueLog::View view,
                                  IssueLog::Coverage coverage,
                                  const std::vector<std::string>& lines) {
    told_.clear();
    log_.Report(view, coverage, lines);
    return std::exchange(told_, {});
  }

  static std::vector<std::string> Many(std::size_t count,
                                       const std::string& prefix) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) {
      lines.push_back(prefix + std::to_string(i));
    }
    return lines;
  }

 private:
  std::vector<std::string> told_;
  IssueLog log_{[this](const std::string& line) { told_.push_back(line); }};
};

TEST_F(IssueLogTest, TellsEachIssueOnce) {
  EXPECT_THAT(Report(0, kWhole, {"a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(Report(0, kWhole, {"a", "b", "c"}), ElementsAre("c"));
  EXPECT_THAT(Report(0, kWhole, {"b", "a", "c"}), IsEmpty());
}

TEST_F(IssueLogTest, TellsAgainWhatWasGoneInBetween) {
  EXPECT_THAT(Report(0, kWhole, {"a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(Report(0, kWhole, {"b"}), IsEmpty());
  EXPECT_THAT(Report(0, kWhole, {"a", "b"}), ElementsAre("a"));
}

TEST_F(IssueLogTest, AnotherViewForgetsNothing) {
  EXPECT_THAT(Report(0, kWhole, {"a"}), ElementsAre("a"));
  EXPECT_THAT(Report(1, kWhole, {}), IsEmpty());
  EXPECT_THAT(Report(0, kWhole, {"a"}), IsEmpty());
}

TEST_F(IssueLogTest, AnIssueOfTwoViewsIsGoneWhenNeitherFindsIt) {
  EXPECT_THAT(Report(1, kWhole, {"a"}), ElementsAre("a"));
  EXPECT_THAT(Report(2, kWhole, {"a"}), IsEmpty());
  EXPECT_THAT(Report(1, kWhole, {}), IsEmpty());
  EXPECT_THAT(Report(1, kWhole, {"a"}), IsEmpty());
  EXPECT_THAT(Report(1, kWhole, {}), IsEmpty());
  EXPECT_THAT(Report(2, kWhole, {}), IsEmpty());
  EXPECT_THAT(Report(2, kWhole, {"a"}), ElementsAre("a"));
}

TEST_F(IssueLogTest, APartOfADirectoryTellsAndForgetsNothing) {
  EXPECT_THAT(Report(0, kPart, {"a"}), ElementsAre("a"));
  EXPECT_THAT(Report(0, kPart, {"b"}), ElementsAre("b"));
  EXPECT_THAT(Report(0, kPart, {"a"}), IsEmpty());
}

TEST_F(IssueLogTest, SaysOnceThatThereAreTooMany) {
  const std::vector<std::string> told =
      Report(0, kWhole, Many(IssueLog::kCapacity + 5, "a"));
  EXPECT_EQ(told.size(), IssueLog::kCapacity + 1);
  EXPECT_EQ(told.back(), "more than 1000 issues: the others are not shown");
  EXPECT_THAT(Report(0, kWhole, Many(IssueLog::kCapacity + 9, "a")), IsEmpty());
}

TEST_F(IssueLogTest, HasRoomAgainWhenIssuesAreGone) {
  EXPECT_EQ(Report(0, kPart, Many(IssueLog::kCapacity, "a")).size(),
            IssueLog::kCapacity);
  EXPECT_EQ(Report(0, kPart, {"b"}).size(), 1);
  EXPECT_THAT(Report(0, kWhole, {"b"}), ElementsAre("b"));
}

}  // namespace
}  // namespace promshm::tools
