#include "tools/serve/directory_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/temporary_directory.h"

namespace promshm::tools {
namespace {

namespace fs = std::filesystem;
using ::testing::StartsWith;

TEST(DirectoryArgumentTest, ReadsPathsNamesAndPatterns) {
  struct Case {
    const char* text;
    const char* name;
    const char* path;
    bool is_pattern;
  };
  for (const Case& c :
       {Case{"/run/a", "", "/run/a", false},
        Case{"web=/run/a", "web", "/run/a", false},
        Case{"w.e-b_2=a", "w.e-b_2", "a", false},
        Case{"./web=a", "", "./web=a", false},
        Case{"/run/x=y", "", "/run/x=y", false}, Case{"=a", "", "=a", false},
        Case{"..=a", "", "..=a", false}, Case{"a b=c", "", "a b=c", false},
        Case{"/run/prom/*", "", "/run/prom/*", true},
        Case{"/run/prom/a?", "", "/run/prom/a?", true},
        Case{"/run/[ab]/m", "", "/run/[ab]/m", true}}) {
    const Result<DirectoryArgument> argument = ParseDirectoryArgument(c.text);
    ASSERT_TRUE(argument.ok()) << c.text;
    EXPECT_EQ(argument->name, c.name) << c.text;
    EXPECT_EQ(argument->path, c.path) << c.text;
    EXPECT_EQ(argument->is_pattern, c.is_pattern) << c.text;
  }
}

TEST(DirectoryArgumentTest, RefusesWhatCannotBe) {
  for (const char* text : {"", "web=", "web=/run/*"}) {
    const Result<DirectoryArgument> argument = ParseDirectoryArgument(text);
    ASSERT_FALSE(argument.ok()) << text;
    EXPECT_THAT(argument.status().message(),
                StartsWith(std::string(text) + ": "));
  }
}

TEST(DirectoryArgumentTest, ADirectoryThatIsThereIsNoPattern) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/a*";
  EXPECT_TRUE(ParseDirectoryArgument(path)->is_pattern);
  fs::create_directory(path);
  EXPECT_FALSE(ParseDirectoryArgument(path)->is_pattern);
  EXPECT_EQ(ParseDirectoryArgument("n=" + path)->name, "n");
}

TEST(DirectoryArgumentTest, ADirectoryIsCalledByTheEndOfItsPath) {
  EXPECT_EQ(NameOfDirectory("/run/web"), "web");
  EXPECT_EQ(NameOfDirectory("/run/web/"), "web");
  EXPECT_EQ(NameOfDirectory("/run/my app"), "my_app");
  EXPECT_EQ(NameOfDirectory("/"), "_");
  const testing::TemporaryDirectory directory;
  const fs::path before = fs::current_path();
  fs::current_path(directory.path());
  EXPECT_EQ(NameOfDirectory("."),
            fs::path(directory.path()).filename().string());
  fs::current_path(before);
}

}  // namespace
}  // namespace promshm::tools
