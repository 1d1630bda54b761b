#include "tools/serve/directory_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "promshm/exposition.h"
#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

namespace promshm::tools {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class DirectorySetTest : public ::testing::Test {
 protected:
  void Make(const std::string& name) const {
    fs::create_directories(parent_.path() + "/" + name);
  }

  // Makes the directory, too. One entry, of family x or another.
  void Write(const std::string& file, double value,
             const std::string& family = "x") const {
    const fs::path path = parent_.path() + "/" + file;
    fs::create_directories(path.parent_path());
    const bool is_counter = path.filename().string().starts_with("counter");
    WriteFile(path.string(),
              testing::FileBuilder()
                  .Add("[\"" + family + "\", \"" + family +
                           (is_counter ? "_total" : "") + "\", {}, \"h\"]",
                       value)
                  .Bytes());
  }

  void Serve(const std::vector<std::string>& texts) {
    std::vector<DirectoryArgument> arguments;
    for (const std::string& text : texts) {
      std::string whole = text;
      const std::size_t at = whole.find('@');
      if (at != std::string::npos) whole.replace(at, 1, parent_.path());
      arguments.push_back(*ParseDirectoryArgument(whole));
    }
    set_ = *DirectorySet::Make(std::move(arguments), {}, &log_);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& directory : set_->Current()) {
      names.push_back(directory->name());
    }
    return names;
  }

  std::string Together() const {
    const Result<Snapshot> snapshot = set_->CollectAll({});
    if (!snapshot.ok()) return snapshot.status().message();
    std::string text;
    EXPECT_TRUE(WriteExposition(*snapshot, {}, &text).empty());
    return text;
  }

  std::vector<std::string> TakeLog() { return std::exchange(lines_, {}); }

  testing::TemporaryDirectory parent_;
  std::vector<std::string> lines_;
  Log log_{LogLevel::kInfo, LogFormat::kLogfmt,
           [this](const std::string& line) { lines_.push_back(line); }};
  std::unique_ptr<DirectorySet> set_;
};

TEST_F(DirectorySetTest, DirectoriesAreCalledByNameOrPath) {
  Write("a/counter_1.db", 1);
  Write("b/counter_1.db", 2);
  Serve({"web=@/a", "@/b"});
  EXPECT_THAT(Names(), ElementsAre("b", "web"));
  EXPECT_EQ(set_->Find("web")->path(), parent_.path() + "/a");
  EXPECT_EQ(set_->Find("a"), nullptr);
  EXPECT_TRUE(set_->is_several());
}

TEST_F(DirectorySetTest, TwoOfOneNameAreRefused) {
  const auto set = DirectorySet::Make(
      {{"", "/x/run", false}, {"", "/y/run", false}}, {}, &log_);
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.status().message(),
            "/y/run: another directory is called run: name it by NAME=DIR");
}

TEST_F(DirectorySetTest, ADirectoryIsNotNamedTwice) {
  Make("a");
  fs::create_directory_symlink("a", parent_.path() + "/link");
  for (const char* again : {"/a", "/./a/", "/link"}) {
    const auto set =
        DirectorySet::Make({{"web", parent_.path() + "/a", false},
                            {"again", parent_.path() + again, false}},
                           {}, &log_);
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.status().message(),
              parent_.path() + again +
                  ": it is served as web already, and would count twice");
  }
}

TEST_F(DirectorySetTest, WhatWasNamedAndAPatternFindsCountsOnce) {
  Write("a/counter_1.db", 1);
  Write("b/counter_1.db", 2);
  fs::create_directory_symlink("b", parent_.path() + "/z");
  Serve({"web=@/a/", "@/*", "@/./?"});
  EXPECT_THAT(Names(), ElementsAre("b", "web"));
  EXPECT_THAT(Together(), HasSubstr("x_total 3.0\n"));
  EXPECT_THAT(TakeLog(), ElementsAre(HasSubstr("serving directory"),
                                     HasSubstr("serving directory")));
}

TEST_F(DirectorySetTest, AllTogetherAreAddedUp) {
  Write("a/counter_1.db", 1);
  Write("b/counter_1.db", 2);
  Write("a/gauge_all_1.db", 5, "y");
  Write("b/gauge_all_1.db", 6, "y");
  Serve({"@/a", "@/b"});
  EXPECT_THAT(Together(),
              AllOf(HasSubstr("x_total 3.0\n"),
                    HasSubstr("y{directory=\"a\",pid=\"1\"} 5.0\n"),
                    HasSubstr("y{directory=\"b\",pid=\"1\"} 6.0\n")));
}

TEST_F(DirectorySetTest, OneAloneIsAsItIs) {
  Write("a/gauge_all_1.db", 5, "y");
  Serve({"@/a"});
  EXPECT_FALSE(set_->is_several());
  EXPECT_THAT(Together(), HasSubstr("y{pid=\"1\"} 5.0\n"));
}

TEST_F(DirectorySetTest, DirectoriesThatDisagreeAreNotAddedUp) {
  Write("a/counter_1.db", 1);
  Write("b/gauge_max_1.db", 2, "x_total");
  Serve({"@/a", "@/b"});
  EXPECT_THAT(Together(),
              AllOf(HasSubstr("the directories cannot be added up: "),
                    HasSubstr("/b/gauge_max_1.db: "), HasSubstr("x_total"),
                    HasSubstr("/a/counter_1.db")));
  EXPECT_TRUE(set_->Find("a")->Collect({}).ok());
  fs::remove(parent_.path() + "/b/gauge_max_1.db");
  EXPECT_THAT(Together(), HasSubstr("x_total 1.0\n"));
}

TEST_F(DirectorySetTest, ADisagreementWithinADirectoryIsAnIssue) {
  Write("a/counter_1.db", 1);
  Write("a/gauge_max_1.db", 2, "x_total");
  Make("b");
  Serve({"@/a", "@/b"});
  EXPECT_THAT(Together(), HasSubstr("x_total 1.0\n"));
}

TEST_F(DirectorySetTest, ADirectoryAtOddsWithItselfHidesNoDisagreement) {
  Write("a/counter_1.db", 1);
  Write("a/gauge_max_1.db", 2, "x_total");
  Write("b/gauge_max_1.db", 3, "x_total");
  Serve({"@/a", "@/b"});
  EXPECT_THAT(Together(), AllOf(HasSubstr("cannot be added up: "),
                                HasSubstr("/b/gauge_max_1.db: "),
                                HasSubstr("/a/counter_1.db")));
}

TEST_F(DirectorySetTest, WhatEachDirectoryLeavesOutIsNoDisagreement) {
  Write("a/counter_1.db", 1);
  Write("b/counter_1.db", 2);
  Write("b/gauge_max_1.db", 3, "x_total");
  Serve({"@/a", "@/b"});
  EXPECT_THAT(Together(), HasSubstr("x_total 3.0\n"));
  const Result<Snapshot> snapshot = set_->CollectAll({});
  ASSERT_EQ(snapshot->issues().size(), 1U);
  EXPECT_EQ(snapshot->issues()[0].other_path,
            parent_.path() + "/b/counter_1.db");
}

TEST_F(DirectorySetTest, DirectoriesOfAPatternComeAndGo) {
  Serve({"@/*"});
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(Together(), "");
  Write("a/counter_1.db", 1);
  WriteFile(parent_.path() + "/file", "no directory");
  EXPECT_THAT(Names(), ElementsAre("a"));
  EXPECT_THAT(Together(), HasSubstr("x_total 1.0\n"));
  Write("b/counter_1.db", 2);
  const auto a = set_->Find("a");
  EXPECT_THAT(Together(), HasSubstr("x_total 3.0\n"));
  EXPECT_EQ(set_->Find("a"), a);
  fs::remove_all(parent_.path() + "/a");
  EXPECT_THAT(Together(), HasSubstr("x_total 2.0\n"));
  EXPECT_THAT(Names(), ElementsAre("b"));
  EXPECT_THAT(TakeLog(),
              ElementsAre(HasSubstr("msg=\"serving directory\" directory=a"),
                          HasSubstr("msg=\"serving directory\" directory=b"),
                          HasSubstr("msg=\"directory is gone\" directory=a")));
}

TEST_F(DirectorySetTest, WhatAPatternFindsUnderATakenNameIsNotServed) {
  Write("one/m/counter_1.db", 1);
  Write("two/m/counter_1.db", 2);
  Serve({"m=@/two/m", "@/*/m"});
  EXPECT_THAT(Names(), ElementsAre("m"));
  EXPECT_EQ(set_->Find("m")->path(), parent_.path() + "/two/m");
  EXPECT_THAT(Together(), HasSubstr("x_total 2.0\n"));
  EXPECT_THAT(TakeLog(),
              ElementsAre(HasSubstr("serving directory"),
                          AllOf(HasSubstr("another one has its name"),
                                HasSubstr("/one/m"))));
}

TEST_F(DirectorySetTest, ANamedDirectoryIsMissed) {
  Make("a");
  Serve({"@/a", "@/b"});
  EXPECT_THAT(Together(), HasSubstr("/b: cannot open: no such file"));
}

TEST_F(DirectorySetTest, IssuesGoToTheLogOfTheirDirectory) {
  Make("a");
  Make("b");
  WriteFile(parent_.path() + "/b/counter_1.db", "no metric file");
  Serve({"@/a", "@/b"});
  const Result<Snapshot> snapshot = set_->CollectAll({});
  TakeLog();
  for (int i = 0; i < 2; ++i) {
    set_->ReportTogether(IssueLog::Coverage::kWhole, snapshot->issues());
  }
  EXPECT_THAT(TakeLog(), ElementsAre(AllOf(HasSubstr("/b/counter_1.db: "),
                                           HasSubstr("directory=b"))));
}

}  // namespace
}  // namespace promshm::tools
