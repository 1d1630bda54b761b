#include "store/metric_file_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

using testing::CounterFile;
using testing::FileBuilder;

constexpr const char* kName = "counter_1.db";

class MetricFileReaderTest : public ::testing::Test {
 protected:
  OpenedFile Open(const std::string& name = kName) {
    Result<OpenedFile> opened =
        OpenMetricFile(folder_.get(), name, directory_.PathOf(name));
    EXPECT_TRUE(opened.ok());
    return opened.ok() ? *std::move(opened) : OpenedFile();
  }

  FileContents Read(std::string_view bytes) {
    directory_.Write(kName, bytes);
    const OpenedFile opened = Open();
    EXPECT_TRUE(opened.fd.valid());
    return reader_.Read(opened.fd, directory_.PathOf(kName));
  }

  // That opening `name` gives this issue and no descriptor.
  void ExpectNoFile(const std::string& name, IssueKind kind,
                    std::string_view message) {
    const OpenedFile opened = Open(name);
    EXPECT_FALSE(opened.fd.valid());
    ASSERT_TRUE(opened.issue.has_value());
    EXPECT_EQ(opened.issue->kind, kind);
    EXPECT_EQ(opened.issue->path, directory_.PathOf(name));
    EXPECT_EQ(opened.issue->message, message);
  }

  void ExpectDamagedAtStart(const FileContents& contents,
                            std::string_view message) {
    EXPECT_TRUE(contents.bytes.empty());
    ASSERT_TRUE(contents.issue.has_value());
    EXPECT_EQ(contents.issue->kind, IssueKind::kDamaged);
    EXPECT_EQ(contents.issue->offset, 0U);
    EXPECT_EQ(contents.issue->message, message);
  }

  testing::TemporaryDirectory directory_;
  FileDescriptor folder_{
      open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  MetricFileReader reader_;
};

TEST_F(MetricFileReaderTest, BytesUpToUsedAreRead) {
  const FileBuilder file = CounterFile(testing::kCurrent, {1, 2});
  const FileContents contents = Read(file.Bytes(65536));
  EXPECT_FALSE(contents.issue.has_value());
  EXPECT_EQ(contents.used, file.size());
  EXPECT_EQ(contents.bytes, file.Bytes());
}

TEST_F(MetricFileReaderTest, ShorterFileAfterALongOneShowsNothingOfIt) {
  Read(CounterFile(testing::kCurrent, {1, 2, 3}).Bytes());
  const FileBuilder file = CounterFile(testing::kCurrent, {4});
  EXPECT_EQ(Read(file.Bytes()).bytes, file.Bytes());
}

TEST_F(MetricFileReaderTest, FileJustCreatedHoldsNothing) {
  const FileContents contents = Read(std::string(65536, '\0'));
  EXPECT_FALSE(contents.issue.has_value());
  EXPECT_EQ(contents.used, 0U);
  EXPECT_TRUE(contents.bytes.empty());
}

TEST_F(MetricFileReaderTest, EmptyFileIsReported) {
  ExpectDamagedAtStart(Read(""), "damaged: the file is empty");
}

TEST_F(MetricFileReaderTest, ShortHeaderIsReported) {
  const std::string bytes = FileBuilder().Bytes();
  for (std::size_t size = 1; size < 8; ++size) {
    ExpectDamagedAtStart(Read(bytes.substr(0, size)),
                         "damaged: the file is shorter than its header: " +
                             std::to_string(size) + " bytes");
  }
}

TEST_F(MetricFileReaderTest, NegativeUsedIsReported) {
  for (const std::int32_t used :
       {-1, -8, std::numeric_limits<std::int32_t>::min()}) {
    ExpectDamagedAtStart(
        Read(CounterFile(testing::kCurrent, {1}).ClaimUsed(used).Bytes()),
        "damaged: used is " + std::to_string(used));
  }
}

TEST_F(MetricFileReaderTest, UsedBeyondTheFileGivesWhatIsThere) {
  const std::int32_t most = std::numeric_limits<std::int32_t>::max();
  FileBuilder file = CounterFile(testing::kCurrent, {1, 2});
  const std::string bytes = file.ClaimUsed(most).Bytes();
  const FileContents contents = Read(bytes);
  EXPECT_FALSE(contents.issue.has_value());
  EXPECT_EQ(contents.used, static_cast<std::uint64_t>(most));
  EXPECT_EQ(contents.bytes, bytes);
}

TEST_F(MetricFileReaderTest, SparseFileOfTwoGigabytesNeedsLittleMemory) {
  const std::int32_t most = std::numeric_limits<std::int32_t>::max();
  const FileBuilder file = CounterFile(testing::kCurrent, {1, 2});
  const std::string path =
      directory_.Write(kName, FileBuilder(file).ClaimUsed(most).Bytes());
  ASSERT_EQ(truncate(path.c_str(), most), 0);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  if (info.st_blocks > 1024) {
    GTEST_SKIP() << "the file system has no sparse files";
  }

  rusage before{};
  ASSERT_EQ(getrusage(RUSAGE_SELF, &before), 0);
  const OpenedFile opened = Open();
  const FileContents contents = reader_.Read(opened.fd, path);
  rusage after{};
  ASSERT_EQ(getrusage(RUSAGE_SELF, &after), 0);

  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 * 1024) << "kilobytes";
  ASSERT_GE(contents.bytes.size(), file.size());
  EXPECT_EQ(contents.bytes.substr(8, file.size() - 8), file.Bytes().substr(8));
}

TEST_F(MetricFileReaderTest, DataBehindTheFirstMegabyteIsRead) {
  FileBuilder file(16);
  const std::string key =
      testing::kCurrent.Key("x", "x_total", std::string(1000, 'v'));
  while (file.size() < 3U << 20) file.Add(key, 1.5);
  const FileContents contents = Read(file.Bytes(8 << 20));
  EXPECT_FALSE(contents.issue.has_value());
  EXPECT_TRUE(contents.bytes == file.Bytes());
}

TEST_F(MetricFileReaderTest, FileTruncatedAfterOpeningEndsEarly) {
  const FileBuilder file = CounterFile(testing::kCurrent, {1, 2});
  const std::string path = directory_.Write(kName, file.Bytes());
  const OpenedFile opened = Open();
  ASSERT_EQ(truncate(path.c_str(), 20), 0);
  const FileContents contents = reader_.Read(opened.fd, path);
  EXPECT_EQ(contents.used, file.size());
  EXPECT_EQ(contents.bytes, file.Bytes().substr(0, 20));
}

TEST_F(MetricFileReaderTest, DescriptorsAreClosedOnExec) {
  directory_.Write(kName, "");
  const OpenedFile opened = Open();
  EXPECT_NE(fcntl(opened.fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(MetricFileReaderTest, DirectoryIsReported) {
  std::filesystem::create_directory(directory_.PathOf("counter_2.db"));
  ExpectNoFile("counter_2.db", IssueKind::kNotRegularFile,
               "not a regular file: a directory");
}

TEST_F(MetricFileReaderTest, FifoIsReportedAndNotWaitedFor) {
  ASSERT_EQ(mkfifo(directory_.PathOf("counter_2.db").c_str(), 0600), 0);
  ExpectNoFile("counter_2.db", IssueKind::kNotRegularFile,
               "not a regular file: a fifo");
}

TEST_F(MetricFileReaderTest, SocketIsReported) {
  const FileDescriptor server(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = directory_.PathOf("counter_2.db");
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  ASSERT_EQ(bind(server.get(), reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)),
            0);
  ExpectNoFile("counter_2.db", IssueKind::kNotRegularFile,
               "not a regular file: a socket");
}

TEST_F(MetricFileReaderTest, DanglingLinkIsReported) {
  std::filesystem::create_symlink("/nonexistent",
                                  directory_.PathOf("counter_2.db"));
  ExpectNoFile("counter_2.db", IssueKind::kNotRegularFile,
               "not a regular file: a symbolic link");
}

TEST_F(MetricFileReaderTest, LinkToAGoodFileIsNotFollowed) {
  directory_.Write(kName, CounterFile(testing::kCurrent, {1}).Bytes());
  std::filesystem::create_symlink(kName, directory_.PathOf("counter_2.db"));
  ExpectNoFile("counter_2.db", IssueKind::kNotRegularFile,
               "not a regular file: a symbolic link");
}

TEST_F(MetricFileReaderTest, VanishedFileIsReported) {
  ExpectNoFile("counter_2.db", IssueKind::kVanished,
               "vanished: no such file or directory");
}

}  // namespace
}  // namespace promshm::store
