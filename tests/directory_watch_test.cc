#include "store/directory_watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/file_descriptor.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Told = std::vector<std::pair<DirectoryEvent, std::string>>;

constexpr auto kChanged = DirectoryEvent::kChanged;
constexpr auto kWritten = DirectoryEvent::kWritten;
constexpr auto kOpened = DirectoryEvent::kOpened;
constexpr auto kClosed = DirectoryEvent::kClosed;

class DirectoryWatchTest : public ::testing::Test {
 protected:
  DirectoryWatchTest() {
    fs::create_directory(path_);
    Write("old");
    Write("other");
  }

  void SetUp() override {
    if (!watch_.Start(OpenDirectory())) {
      GTEST_SKIP() << "SKIP: the directory cannot be watched";
    }
  }

  FileDescriptor OpenDirectory() const {
    return FileDescriptor(
        open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  std::string PathOf(const std::string& name) const {
    return path_ + '/' + name;
  }

  FileDescriptor Open(const std::string& name, int flags) const {
    return FileDescriptor(open(PathOf(name).c_str(), flags | O_CLOEXEC, 0644));
  }

  void Write(const std::string& name) const {
    std::ofstream(PathOf(name)) << "bytes";
  }

  // What happened since, without what happened twice in a row.
  Told Drain() {
    Told told;
    is_whole_ = watch_.Drain([&](DirectoryEvent event, std::string_view name) {
      std::pair<DirectoryEvent, std::string> next(event, name);
      if (told.empty() || told.back() != next) told.push_back(std::move(next));
    });
    return told;
  }

  testing::TemporaryDirectory root_;
  const std::string path_ = root_.PathOf("watched");
  DirectoryWatch watch_;
  bool is_whole_ = false;
};

TEST_F(DirectoryWatchTest, TellsNothingOfWhatWasBefore) {
  EXPECT_THAT(Drain(), IsEmpty());
  EXPECT_TRUE(is_whole_);
}

TEST_F(DirectoryWatchTest, TellsOfANewFile) {
  const FileDescriptor fd = Open("new", O_RDWR | O_CREAT);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "new"),
                                   std::pair(kOpened, "new")));
  EXPECT_TRUE(is_whole_);
  EXPECT_THAT(Drain(), IsEmpty());
}

TEST_F(DirectoryWatchTest, TellsOfOpeningAndOfClosingByAWriter) {
  FileDescriptor fd = Open("old", O_RDONLY);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kOpened, "old")));
  fd.Close();
  EXPECT_THAT(Drain(), IsEmpty());
  fd = Open("old", O_RDWR);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kOpened, "old")));
  fd.Close();
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kClosed, "old")));
}

TEST_F(DirectoryWatchTest, TellsOfAWriterOnlyWhenItsMappingIsGone) {
  FileDescriptor fd = Open("old", O_RDWR);
  void* memory =
      mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  fd.Close();
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kOpened, "old")));
  *static_cast<char*>(memory) = 'x';
  EXPECT_THAT(Drain(), IsEmpty());
  munmap(memory, 1);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kClosed, "old")));
}

TEST_F(DirectoryWatchTest, TellsOfWritingAndCutting) {
  const FileDescriptor fd = Open("old", O_RDWR);
  Drain();
  ASSERT_EQ(pwrite(fd.get(), "x", 1, 0), 1);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kWritten, "old")));
  ASSERT_EQ(ftruncate(fd.get(), 1), 0);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kWritten, "old")));
  ASSERT_EQ(ftruncate(fd.get(), 4096), 0);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kWritten, "old")));
  ASSERT_EQ(truncate(PathOf("old").c_str(), 0), 0);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kWritten, "old")));
}

TEST_F(DirectoryWatchTest, TellsOfRights) {
  ASSERT_EQ(chmod(PathOf("old").c_str(), 0), 0);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "old")));
}

TEST_F(DirectoryWatchTest, TellsOfRemovingAndMoving) {
  fs::remove(PathOf("old"));
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "old")));
  fs::rename(PathOf("other"), PathOf("old"));
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "other"),
                                   std::pair(kChanged, "old")));
  fs::rename(PathOf("old"), root_.PathOf("away"));
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "old")));
  fs::rename(root_.PathOf("away"), PathOf("back"));
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "back")));
}

TEST_F(DirectoryWatchTest, TellsOfFoldersAndFifos) {
  fs::create_directory(PathOf("folder"));
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "folder")));
  ASSERT_EQ(mkfifo(PathOf("fifo").c_str(), 0644), 0);
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "fifo")));
}

TEST_F(DirectoryWatchTest, TellsOfWhatAnotherProcessDid) {
  ASSERT_EQ(testing::RunInChild([&] {
              const FileDescriptor fd = Open("old", O_RDWR);
              return pwrite(fd.get(), "x", 1, 0) == 1 ? 0 : 1;
            }),
            0);
  EXPECT_THAT(Drain(),
              ElementsAre(std::pair(kOpened, "old"), std::pair(kWritten, "old"),
                          std::pair(kClosed, "old")));
}

TEST_F(DirectoryWatchTest, ManyEventsAreAllTold) {
  constexpr std::size_t kFiles = 2000;
  for (std::size_t i = 0; i < kFiles; ++i) Write(std::to_string(i));
  std::set<std::string> closed;
  for (const auto& [event, name] : Drain()) {
    if (event == kClosed) closed.insert(name);
  }
  EXPECT_TRUE(is_whole_);
  EXPECT_EQ(closed.size(), kFiles);
}

TEST_F(DirectoryWatchTest, WhatWasLostIsSaid) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  constexpr std::size_t kBearable = 100'000;
  if (most == 0 || most > kBearable) {
    GTEST_SKIP() << "SKIP: the queue takes " << most << " events";
  }
  // Two events that alternate, as the same twice in a row is one.
  for (std::size_t i = 0; i < most; ++i) {
    ASSERT_EQ(chmod(PathOf(i % 2 == 0 ? "old" : "other").c_str(), 0644), 0);
  }
  Drain();
  EXPECT_TRUE(is_whole_);
  for (std::size_t i = 0; i < most + 1; ++i) {
    ASSERT_EQ(chmod(PathOf(i % 2 == 0 ? "old" : "other").c_str(), 0644), 0);
  }
  Drain();
  EXPECT_FALSE(is_whole_);
  EXPECT_FALSE(watch_.IsOf(OpenDirectory()));
  Drain();
  EXPECT_FALSE(is_whole_);
  ASSERT_TRUE(watch_.Start(OpenDirectory()));
  EXPECT_THAT(Drain(), IsEmpty());
  EXPECT_TRUE(is_whole_);
}

TEST_F(DirectoryWatchTest, EndsWithItsDirectory) {
  EXPECT_TRUE(watch_.IsOf(OpenDirectory()));
  fs::remove_all(path_);
  Drain();
  EXPECT_FALSE(is_whole_);
  fs::create_directory(path_);
  EXPECT_FALSE(watch_.IsOf(OpenDirectory()));
}

TEST_F(DirectoryWatchTest, EndsWhenItsDirectoryIsMoved) {
  fs::rename(path_, root_.PathOf("away"));
  Drain();
  EXPECT_FALSE(is_whole_);
}

TEST_F(DirectoryWatchTest, IsOfOneDirectory) {
  fs::rename(path_, root_.PathOf("away"));
  fs::create_directory(path_);
  EXPECT_FALSE(watch_.IsOf(OpenDirectory()));
  EXPECT_TRUE(watch_.IsOf(FileDescriptor(
      open(root_.PathOf("away").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))));
}

TEST_F(DirectoryWatchTest, WatchesWhatIsOpenAndNotWhatHasThePath) {
  const FileDescriptor opened = OpenDirectory();
  fs::rename(path_, root_.PathOf("away"));
  fs::create_directory(path_);
  ASSERT_TRUE(watch_.Start(opened));
  Write("elsewhere");
  EXPECT_THAT(Drain(), IsEmpty());
  fs::remove(root_.PathOf("away/old"));
  EXPECT_THAT(Drain(), ElementsAre(std::pair(kChanged, "old")));
}

TEST_F(DirectoryWatchTest, IsNotRunningInAForkedChild) {
  Write("old");
  EXPECT_EQ(testing::RunInChild([&] {
              Drain();
              if (is_whole_ || watch_.IsOf(OpenDirectory())) return 1;
              if (!watch_.Start(OpenDirectory())) return 2;
              Write("other");
              return Drain().empty() || !is_whole_ ? 3 : 0;
            }),
            0);
  // Nor has the child taken anything.
  EXPECT_THAT(Drain(), Contains(std::pair(kWritten, "old")));
  EXPECT_TRUE(is_whole_);
}

// An instance counts for its user as long as any process has it open.
TEST_F(DirectoryWatchTest, AChildHasNoInstance) {
  const auto instances = [] {
    return std::count_if(
        fs::directory_iterator("/proc/self/fd"), fs::directory_iterator(),
        [](const fs::directory_entry& fd) {
          std::error_code gone;
          return fs::read_symlink(fd, gone) == "anon_inode:inotify";
        });
  };
  ASSERT_GE(instances(), 1);
  EXPECT_EQ(testing::RunInChild([&] { return static_cast<int>(instances()); }),
            0);
}

TEST_F(DirectoryWatchTest, AChildDoesNotCloseWhatIsNotItsOwn) {
  EXPECT_EQ(testing::RunInChild([&] {
              // As a daemon does.
              for (int fd = 3; fd < 256; ++fd) close(fd);
              std::vector<FileDescriptor> own;
              for (int i = 0; i < 250; ++i) {
                own.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
              }
              watch_.Stop();
              for (const FileDescriptor& fd : own) {
                if (fcntl(fd.get(), F_GETFD) < 0) return 1;
              }
              return 0;
            }),
            0);
}

TEST(DirectoryWatchStartTest, SaysNoWhereTheKernelDoesNotTellEverything) {
  const FileDescriptor proc(
      open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(proc.valid());
  DirectoryWatch watch;
  EXPECT_FALSE(watch.Start(proc));
  EXPECT_FALSE(watch.IsOf(proc));
  EXPECT_FALSE(watch.Drain([](DirectoryEvent, std::string_view) {}));
}

TEST(DirectoryWatchStartTest, SaysNoToAFile) {
  const testing::TemporaryDirectory directory;
  const FileDescriptor file(
      open(directory.Write("file", "x").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(DirectoryWatch().Start(file));
}

}  // namespace
}  // namespace promshm::store
