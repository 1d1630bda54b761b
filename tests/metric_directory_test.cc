#include "store/metric_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Clock = std::chrono::steady_clock;

std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    count += entry.is_symlink() ? 1 : 0;
  }
  return count;
}

FileDescriptor OpenNull() {
  return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

std::vector<FileDescriptor> TakeAllDescriptors() {
  std::vector<FileDescriptor> taken;
  for (FileDescriptor next = OpenNull(); next.valid(); next = OpenNull()) {
    taken.push_back(std::move(next));
  }
  return taken;
}

// Lets the process open at most `spare` descriptors more, for as long as it
// lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int spare) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    // The system takes the lowest number that is free.
    const int next = OpenNull().get();
    const rlimit lower{static_cast<rlim_t>(next + spare), before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// Takes root's power to read everything away, for as long as it lives.
class Unprivileged {
 public:
  Unprivileged() : was_root_(geteuid() == 0) {
    constexpr uid_t kNobody = 65534;
    if (!was_root_) return;
    EXPECT_EQ(seteuid(kNobody), 0);
  }
  ~Unprivileged() {
    if (!was_root_) return;
    EXPECT_EQ(seteuid(0), 0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  bool was_root_;
};

class MetricDirectoryTest : public ::testing::Test {
 protected:
  // A file that says who it is: its only value is `value`.
  std::string WriteCounter(const std::string& name, double value) {
    return directory_.Write(
        name, testing::CounterFile(testing::kCurrent, {value}).Bytes());
  }

  void WriteCounters(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      WriteCounter("counter_" + std::to_string(i) + ".db",
                   static_cast<double>(i));
    }
  }

  MetricDirectory Open(const std::string& path) {
    Result<MetricDirectory> opened = MetricDirectory::Open(path);
    if (!opened.ok()) throw std::runtime_error(opened.status().message());
    return *std::move(opened);
  }

  MetricDirectory OpenSource(const std::string& path) {
    Result<MetricDirectory> opened = MetricDirectory::OpenSource(path);
    if (!opened.ok()) throw std::runtime_error(opened.status().message());
    return *std::move(opened);
  }

  MetricDirectory Open() { return Open(directory_.path()); }

  static Status Failure(const std::string& path) {
    const Result<MetricDirectory> opened = MetricDirectory::Open(path);
    EXPECT_FALSE(opened.ok()) << path;
    return opened.status();
  }

  static std::vector<std::string> Names(const MetricDirectory& directory) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < directory.size(); ++i) {
      names.push_back(directory.name(i));
    }
    return names;
  }

  FileContents Read(MetricDirectory* directory, std::size_t file) {
    Result<FileContents> contents = directory->Read(file, &reader_);
    EXPECT_TRUE(contents.ok()) << contents.status().message();
    return contents.ok() ? *std::move(contents) : FileContents();
  }

  // That every file can be read, and is itself.
  void ExpectCounters(MetricDirectory* directory, std::size_t count) {
    ASSERT_EQ(directory->size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const FileContents contents = Read(directory, i);
      EXPECT_FALSE(contents.issue.has_value());
      const std::string& name = directory->name(i);
      const double value = std::stod(name.substr(name.find('_') + 1));
      EXPECT_EQ(contents.bytes,
                testing::CounterFile(testing::kCurrent, {value}).Bytes());
    }
  }

  FileDescriptor OpenFolder() const {
    return FileDescriptor(
        open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  // As a cleaner: the exclusive lock, if nobody has one.
  bool CanLockExclusively() const {
    const FileDescriptor folder = OpenFolder();
    return flock(folder.get(), LOCK_EX | LOCK_NB) == 0;
  }

  testing::TemporaryDirectory directory_;
  MetricFileReader reader_;
};

TEST_F(MetricDirectoryTest, NamesAreSorted) {
  for (const char* name : {"summary_1.db", "counter_2.db", "counter_10.db",
                           "gauge_all_1.db", "counter_1.db"}) {
    WriteCounter(name, 1);
  }
  EXPECT_THAT(Names(Open()),
              ElementsAre("counter_1.db", "counter_10.db", "counter_2.db",
                          "gauge_all_1.db", "summary_1.db"));
}

TEST_F(MetricDirectoryTest, EveryVisibleDbIsListedWhateverItIs) {
  WriteCounter("counter_1.db", 1);
  directory_.Write("cache.db", "");
  std::filesystem::create_directory(directory_.PathOf("folder.db"));
  std::filesystem::create_symlink("nowhere", directory_.PathOf("link.db"));
  directory_.Write(".counter_2.db", "");
  directory_.Write(".db", "");
  directory_.Write("counter_3.db.tmp", "");
  directory_.Write("counter_4", "");
  directory_.Write("db", "");
  EXPECT_THAT(Names(Open()),
              ElementsAre("cache.db", "counter_1.db", "folder.db", "link.db"));
}

TEST_F(MetricDirectoryTest, EmptyDirectoryHasNoFiles) {
  EXPECT_THAT(Names(Open()), IsEmpty());
}

TEST_F(MetricDirectoryTest, PathsAreTheDirectorysPathAndTheName) {
  const std::string path = WriteCounter("counter_1.db", 1);
  EXPECT_EQ(Open(directory_.path()).path(0), path);
  EXPECT_EQ(Open(directory_.path() + "/").path(0), path);
}

TEST_F(MetricDirectoryTest, FilesAreReadAsTheyWereOpened) {
  WriteCounters(3);
  MetricDirectory directory = Open();
  ExpectCounters(&directory, 3);
}

TEST_F(MetricDirectoryTest, FileRemovedAfterListingIsStillRead) {
  const std::string path = WriteCounter("counter_0.db", 0);
  MetricDirectory directory = Open();
  std::filesystem::remove(path);
  ExpectCounters(&directory, 1);
}

TEST_F(MetricDirectoryTest, BadNeighboursDoNotTouchGoodFiles) {
  WriteCounter("counter_1.db", 1);
  std::filesystem::create_directory(directory_.PathOf("counter_2.db"));
  ASSERT_EQ(mkfifo(directory_.PathOf("counter_3.db").c_str(), 0600), 0);
  std::filesystem::create_symlink("counter_1.db",
                                  directory_.PathOf("counter_4.db"));
  directory_.Write("counter_5.db", "");
  WriteCounter("counter_6.db", 6);
  MetricDirectory directory = Open();
  ASSERT_EQ(directory.size(), 6U);
  std::vector<std::optional<IssueKind>> issues;
  for (std::size_t i = 0; i < directory.size(); ++i) {
    const FileContents contents = Read(&directory, i);
    issues.push_back(contents.issue ? std::optional(contents.issue->kind)
                                    : std::nullopt);
  }
  EXPECT_THAT(issues, ElementsAre(std::nullopt, IssueKind::kNotRegularFile,
                                  IssueKind::kNotRegularFile,
                                  IssueKind::kNotRegularFile,
                                  IssueKind::kDamaged, std::nullopt));
}

TEST_F(MetricDirectoryTest, UnreadableFileIsAnIssue) {
  const std::string path = WriteCounter("counter_1.db", 1);
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const Unprivileged unprivileged;
  MetricDirectory directory = Open();
  ASSERT_EQ(directory.size(), 1U);
  const FileContents contents = Read(&directory, 0);
  ASSERT_TRUE(contents.issue.has_value());
  EXPECT_EQ(contents.issue->kind, IssueKind::kUnreadable);
  EXPECT_EQ(contents.issue->ToString(),
            path + ": cannot open: permission denied");
}

TEST_F(MetricDirectoryTest, DirectoryThatMayNotBeReadIsAFailure) {
  using std::filesystem::perms;
  for (const perms mode : {perms::none, perms::others_read | perms::owner_read,
                           perms::others_exec | perms::owner_exec}) {
    std::filesystem::permissions(directory_.path(), mode);
    const Unprivileged unprivileged;
    const Status status = Failure(directory_.path());
    EXPECT_EQ(status.kind(), StatusKind::kPermissionDenied);
    EXPECT_EQ(status.message(),
              directory_.path() + ": cannot open: permission denied");
  }
  std::filesystem::permissions(directory_.path(), perms::owner_all);
}

TEST_F(MetricDirectoryTest, MissingDirectoryIsNotFound) {
  for (const char* name : {"none", "none/", "none/counter_1.db"}) {
    EXPECT_EQ(Failure(directory_.PathOf(name)).kind(), StatusKind::kNotFound);
  }
  EXPECT_EQ(Failure("").kind(), StatusKind::kNotFound);
}

TEST_F(MetricDirectoryTest, OneFileIsTakenAlone) {
  const std::string path = WriteCounter("counter_1.db", 1);
  WriteCounter("counter_2.db", 2);
  EXPECT_EQ(Failure(path).kind(), StatusKind::kNotFound);
  MetricDirectory directory = OpenSource(path);
  EXPECT_THAT(Names(directory), ElementsAre("counter_1.db"));
  EXPECT_EQ(directory.path(0), path);
  ExpectCounters(&directory, 1);
}

TEST_F(MetricDirectoryTest, OneFileNeedNotBeNamedLikeAMetricFile) {
  const std::string path = WriteCounter("anything", 1);
  EXPECT_THAT(Names(OpenSource(path)), ElementsAre("anything"));
}

TEST_F(MetricDirectoryTest, OneFileThatIsNoRegularFileIsAFailure) {
  const std::string path = directory_.PathOf("counter_1.db");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Status status = MetricDirectory::OpenSource(path).status();
  EXPECT_EQ(status.kind(), StatusKind::kInvalidArgument);
  EXPECT_EQ(status.message(), path + ": not a regular file: a fifo");
}

TEST_F(MetricDirectoryTest, FileAsAFolderIsNotFound) {
  const std::string path = WriteCounter("counter_1.db", 1);
  EXPECT_EQ(Failure(path + "/counter_2.db").kind(), StatusKind::kNotFound);
}

TEST_F(MetricDirectoryTest, LinkToADirectoryIsFollowed) {
  const testing::TemporaryDirectory other;
  WriteCounters(1);
  std::filesystem::create_directory_symlink(directory_.path(),
                                            other.PathOf("link"));
  MetricDirectory directory = Open(other.PathOf("link"));
  ExpectCounters(&directory, 1);
}

TEST_F(MetricDirectoryTest, LockHeldTooLongIsBusy) {
  const FileDescriptor cleaner = OpenFolder();
  ASSERT_EQ(flock(cleaner.get(), LOCK_EX), 0);
  const auto start = Clock::now();
  const Status status = Failure(directory_.path());
  const auto waited = Clock::now() - start;
  EXPECT_EQ(status.kind(), StatusKind::kBusy);
  EXPECT_THAT(status.message(),
              HasSubstr(directory_.path() + ": cannot lock: "));
  EXPECT_GE(waited, std::chrono::milliseconds(2000));
  EXPECT_LT(waited, std::chrono::milliseconds(8000));
}

TEST_F(MetricDirectoryTest, LockReleasedInTimeIsWaitedFor) {
  WriteCounters(2);
  FileDescriptor cleaner = OpenFolder();
  ASSERT_EQ(flock(cleaner.get(), LOCK_EX), 0);
  const auto start = Clock::now();
  std::thread release([&cleaner] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cleaner.Close();
  });
  MetricDirectory directory = Open();
  const auto waited = Clock::now() - start;
  release.join();
  EXPECT_GE(waited, std::chrono::milliseconds(200));
  EXPECT_LT(waited, std::chrono::milliseconds(4000));
  ExpectCounters(&directory, 2);
}

TEST_F(MetricDirectoryTest, OtherReadersDoNotHinder) {
  WriteCounters(1);
  const FileDescriptor reader = OpenFolder();
  ASSERT_EQ(flock(reader.get(), LOCK_SH), 0);
  MetricDirectory directory = Open();
  ExpectCounters(&directory, 1);
}

TEST_F(MetricDirectoryTest, LockIsFreeOnceTheFilesAreOpen) {
  WriteCounters(2);
  MetricDirectory directory = Open();
  EXPECT_TRUE(CanLockExclusively());
  ExpectCounters(&directory, 2);
}

TEST_F(MetricDirectoryTest, LockIsKeptWhileFilesAreOpenedOneAtATime) {
  WriteCounters(40);
  {
    const DescriptorLimit limit(16);
    MetricDirectory directory = Open();
    EXPECT_FALSE(CanLockExclusively());
    ExpectCounters(&directory, 40);
    EXPECT_FALSE(CanLockExclusively());
  }
  EXPECT_TRUE(CanLockExclusively());
}

TEST_F(MetricDirectoryTest, MoreFilesThanDescriptorsAreAllRead) {
  WriteCounters(300);
  const std::size_t before = OpenDescriptors();
  {
    const DescriptorLimit limit(8);
    MetricDirectory directory = Open();
    EXPECT_LE(OpenDescriptors(), before + 2);
    ExpectCounters(&directory, 300);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

// Fewer files than half the limit, but the application has the rest.
TEST_F(MetricDirectoryTest, DescriptorsTakenByTheApplicationAreNotNeeded) {
  WriteCounters(20);
  const std::size_t before = OpenDescriptors();
  {
    const DescriptorLimit limit(60);
    std::vector<FileDescriptor> application = TakeAllDescriptors();
    ASSERT_GT(application.size(), 20U);
    application.resize(application.size() - 10);
    MetricDirectory directory = Open();
    EXPECT_FALSE(CanLockExclusively());
    ExpectCounters(&directory, 20);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(MetricDirectoryTest, FileThatVanishesBeforeItsTurnIsAnIssue) {
  WriteCounters(40);
  const DescriptorLimit limit(16);
  MetricDirectory directory = Open();
  std::filesystem::remove(directory.path(5));
  const FileContents contents = Read(&directory, 5);
  ASSERT_TRUE(contents.issue.has_value());
  EXPECT_EQ(contents.issue->kind, IssueKind::kVanished);
  EXPECT_FALSE(Read(&directory, 6).issue.has_value());
}

TEST_F(MetricDirectoryTest, NoDescriptorForTheDirectoryIsAFailure) {
  WriteCounters(3);
  for (const int spare : {0, 1}) {
    std::optional<Status> failure;
    {
      const DescriptorLimit limit(spare);
      failure = Failure(directory_.path());
    }
    EXPECT_EQ(failure->kind(), StatusKind::kIoError);
    EXPECT_THAT(failure->message(), HasSubstr(": too many open files"));
  }
}

TEST_F(MetricDirectoryTest, NoDescriptorForAFileIsAFailureAndNoIssue) {
  WriteCounters(40);
  const std::size_t before = OpenDescriptors();
  std::optional<Result<FileContents>> contents;
  {
    const DescriptorLimit limit(16);
    MetricDirectory directory = Open();
    {
      const std::vector<FileDescriptor> application = TakeAllDescriptors();
      contents = directory.Read(0, &reader_);
    }
    EXPECT_FALSE(Read(&directory, 0).issue.has_value());
  }
  ASSERT_FALSE(contents->ok());
  EXPECT_EQ(contents->status().kind(), StatusKind::kIoError);
  EXPECT_EQ(
      contents->status().message(),
      directory_.PathOf("counter_0.db") + ": cannot open: too many open files");
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(MetricDirectoryTest, DescriptorsAreGivenBack) {
  WriteCounters(10);
  directory_.Write("counter_empty.db", "");
  std::filesystem::create_directory(directory_.PathOf("folder.db"));
  const std::size_t before = OpenDescriptors();
  for (int round = 0; round < 3; ++round) {
    MetricDirectory directory = Open();
    for (std::size_t i = 0; i < directory.size(); i += 2) {
      Read(&directory, i);
    }
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(MetricDirectoryTest, ReadingClosesTheFile) {
  WriteCounters(10);
  MetricDirectory directory = Open();
  const std::size_t open_files = OpenDescriptors();
  for (std::size_t i = 0; i < directory.size(); ++i) Read(&directory, i);
  EXPECT_EQ(OpenDescriptors(), open_files - 10);
}

}  // namespace
}  // namespace promshm::store
