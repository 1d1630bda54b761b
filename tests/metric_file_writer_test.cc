#include "store/metric_file_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

using testing::FileBuilder;
using ::testing::HasSubstr;
using testing::RunInChild;

std::string Key(std::size_t number) {
  return "[\"x\", \"x_total\", {\"k\": \"" + std::to_string(number) +
         "\"}, \"help\"]";
}

using Value = std::atomic<double*>;

class MetricFileWriterTest : public ::testing::Test {
 protected:
  FileTarget Target() const {
    FileTarget target;
    target.directory = directory_.path().c_str();
    target.stem = "counter_";
    target.identifier = "7";
    return target;
  }

  WriteFailure Open(MetricFileWriter* writer, const FileTarget& target) {
    return writer->Open(target, &notice_);
  }

  // Opens the target's file; it has to be that of this name.
  void OpenAs(MetricFileWriter* writer, const std::string& name) {
    const WriteFailure failure = Open(writer, Target());
    ASSERT_FALSE(failure.failed()) << failure.what;
    EXPECT_EQ(writer->path(), directory_.PathOf(name));
  }

  static double* Find(MetricFileWriter* writer, const std::string& key) {
    Value value{nullptr};
    const WriteFailure failure = writer->FindOrAdd({key}, &value);
    EXPECT_FALSE(failure.failed()) << failure.what;
    return value;
  }

  std::string Bytes(const std::string& name) const {
    std::ifstream stream(directory_.PathOf(name), std::ios::binary);
    EXPECT_TRUE(stream.is_open()) << name;
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  testing::TemporaryDirectory directory_;
  std::string notice_;
  MetricFileWriter writer_;
};

TEST_F(MetricFileWriterTest, WritesWhatTheFormatSays) {
  OpenAs(&writer_, "counter_7.db");
  FileBuilder expected;
  for (std::size_t i = 0; i < 8; ++i) {
    // All lengths of padding.
    const std::string key = "[\"" + std::string(i + 1, 'x') + "\"]";
    *Find(&writer_, key) = static_cast<double>(i);
    expected.Add(key, static_cast<double>(i));
  }
  EXPECT_EQ(Bytes("counter_7.db"), expected.Bytes(4096));
}

TEST_F(MetricFileWriterTest, StartsWithOnePageThatHasBlocks) {
  OpenAs(&writer_, "counter_7.db");
  struct stat info;
  ASSERT_EQ(stat(directory_.PathOf("counter_7.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_size, sysconf(_SC_PAGESIZE));
  EXPECT_GE(info.st_blocks * 512, info.st_size);
  EXPECT_EQ(Bytes("counter_7.db"), FileBuilder().Bytes(4096));
}

TEST_F(MetricFileWriterTest, KeepsAddressesWhileItGrowsByDoubling) {
  OpenAs(&writer_, "counter_7.db");
  std::vector<double*> values;
  FileBuilder expected;
  for (std::size_t i = 0; i < 5'000; ++i) {
    values.push_back(Find(&writer_, Key(i)));
    *values.back() = static_cast<double>(i);
    expected.Add(Key(i), static_cast<double>(i));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(*values[i], static_cast<double>(i));
  }
  const std::size_t size = 4096 << 7;
  ASSERT_GT(expected.size(), size / 2);
  EXPECT_EQ(Bytes("counter_7.db"), expected.Bytes(size));
}

TEST_F(MetricFileWriterTest, FindsWhatItAdded) {
  OpenAs(&writer_, "counter_7.db");
  std::vector<double*> values;
  for (std::size_t i = 0; i < 5'000; ++i) {
    values.push_back(Find(&writer_, Key(i)));
  }
  const std::string before = Bytes("counter_7.db");
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(Find(&writer_, Key(i)), values[i]);
  }
  EXPECT_EQ(Bytes("counter_7.db"), before);
}

TEST_F(MetricFileWriterTest, AddsAllKeysOrNone) {
  OpenAs(&writer_, "counter_7.db");
  Value values[2];
  ASSERT_FALSE(writer_.FindOrAdd({Key(1), Key(2)}, values).failed());
  const std::string before = Bytes("counter_7.db");
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  rlimit limit = old_limit;
  limit.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const WriteFailure failure =
      writer_.FindOrAdd({Key(3), std::string(5000, 'x')}, values);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  EXPECT_STREQ(failure.what, "cannot reserve space");
  EXPECT_EQ(failure.error, EFBIG);
  EXPECT_EQ(writer_.loss(), Loss::kNone);
  EXPECT_EQ(Bytes("counter_7.db"), before);
  // Afterwards there is room.
  EXPECT_FALSE(
      writer_.FindOrAdd({Key(3), std::string(5000, 'x')}, values).failed());
}

TEST_F(MetricFileWriterTest, ContinuesAnEarlierProcessesFile) {
  const FileBuilder earlier =
      FileBuilder().Add(Key(1), 5, 17).Add(Key(2), 6, 18);
  directory_.Write("counter_7.db", earlier.Bytes(65536));
  OpenAs(&writer_, "counter_7.db");
  EXPECT_EQ(notice_, "");
  double* second = Find(&writer_, Key(2));
  EXPECT_EQ(second[0], 6);
  EXPECT_EQ(second[1], 18);
  double* third = Find(&writer_, Key(3));
  EXPECT_EQ(third[0], 0);
  EXPECT_EQ(*Find(&writer_, Key(1)), 5);
  EXPECT_EQ(Bytes("counter_7.db"), FileBuilder()
                                       .Add(Key(1), 5, 17)
                                       .Add(Key(2), 6, 18)
                                       .Add(Key(3), 0, 0)
                                       .Bytes(65536));
}

TEST_F(MetricFileWriterTest, ClearsWhatAKilledWriterLeftBehindUsed) {
  const std::string half = FileBuilder().Add(Key(2), 9, 9).Bytes();
  std::string bytes = FileBuilder().Add(Key(1), 5).Bytes();
  const std::size_t used = bytes.size();
  bytes += half.substr(8);
  bytes.resize(4096);
  directory_.Write("counter_7.db", bytes);
  OpenAs(&writer_, "counter_7.db");
  EXPECT_EQ(*Find(&writer_, Key(2)), 0);
  EXPECT_EQ(Find(&writer_, Key(2))[1], 0);
  EXPECT_GT(Bytes("counter_7.db").size(), used);
}

TEST_F(MetricFileWriterTest, TakesUpAFileThatHasNoHeaderYet) {
  for (const std::size_t size : {0, 65536}) {
    directory_.Write("counter_7.db", std::string(size, '\0'));
    MetricFileWriter writer;
    OpenAs(&writer, "counter_7.db");
    EXPECT_EQ(*Find(&writer, Key(1)), 0);
    EXPECT_EQ(Bytes("counter_7.db"), FileBuilder().Add(Key(1), 0).Bytes(
                                         std::max<std::size_t>(size, 4096)));
  }
}

TEST_F(MetricFileWriterTest, SetsADamagedFileAsideAndKeepsWhatIsSound) {
  FileBuilder damaged;
  damaged.Add(Key(1), 5).AddWithLength(1'919'251'561, Key(2), 6);
  const std::string bytes = damaged.Bytes(65536);
  directory_.Write("counter_7.db", bytes);
  OpenAs(&writer_, "counter_7.db");
  EXPECT_THAT(notice_, HasSubstr(directory_.PathOf("counter_7.db") + ": byte " +
                                 std::to_string(damaged.offsets()[1]) +
                                 ": damaged: key length 1919251561"));
  EXPECT_THAT(notice_, HasSubstr("; set aside as counter_7.db.damaged"));
  EXPECT_EQ(Bytes("counter_7.db.damaged"), bytes);
  EXPECT_EQ(Bytes("counter_7.db"), FileBuilder().Add(Key(1), 5).Bytes(4096));
  EXPECT_EQ(Names(),
            (std::vector<std::string>{"counter_7.db", "counter_7.db.damaged"}));
}

TEST_F(MetricFileWriterTest, SetsEachKindOfDamageAside) {
  const std::vector<std::string> damaged = {
      "12345",
      FileBuilder().Add("[\"\xff\", \"x_total\", {}, \"\"]", 1).Bytes(),
      FileBuilder().Add("[no JSON]", 1).Bytes(),
      FileBuilder().Add("[\"a\", \"b\"]", 1).Bytes(),
      FileBuilder().Add(Key(1), 1).ClaimUsed(100'000).Bytes(4096),
      FileBuilder().ClaimUsed(-5).Bytes(4096),
      FileBuilder().ClaimUsed(4).Bytes(4096),
      "SQLite format 3\0" + std::string(4000, '\7')};
  for (std::size_t i = 0; i < damaged.size(); ++i) {
    directory_.Write("counter_7.db", damaged[i]);
    MetricFileWriter writer;
    OpenAs(&writer, "counter_7.db");
    EXPECT_NE(notice_, "") << i;
    const std::string aside =
        "counter_7.db.damaged" + (i == 0 ? "" : "-" + std::to_string(i + 1));
    EXPECT_EQ(Bytes(aside), damaged[i]);
    EXPECT_NE(Find(&writer, Key(2)), nullptr);
  }
}

TEST_F(MetricFileWriterTest, LeavesAnOlderGenerationAlone) {
  const std::string old =
      CounterFile(testing::kWithoutTimestamp, {1, 2}).Bytes(65536);
  directory_.Write("counter_7.db", old);
  OpenAs(&writer_, "counter_7-2.db");
  EXPECT_EQ(Bytes("counter_7.db"), old);
}

TEST_F(MetricFileWriterTest, LeavesWhatIsNoFileAlone) {
  ASSERT_EQ(mkdir(directory_.PathOf("counter_7.db").c_str(), 0700), 0);
  ASSERT_EQ(mkfifo(directory_.PathOf("counter_7-2.db").c_str(), 0600), 0);
  ASSERT_EQ(symlink("elsewhere", directory_.PathOf("counter_7-3.db").c_str()),
            0);
  OpenAs(&writer_, "counter_7-4.db");
  EXPECT_FALSE(std::filesystem::exists(directory_.PathOf("elsewhere")));
}

TEST_F(MetricFileWriterTest, LeavesAFileToAnotherWriter) {
  const std::string path = directory_.Write(
      "counter_7.db", FileBuilder().Add(Key(1), 5).Bytes(65536));
  const FileDescriptor other(open(path.c_str(), O_RDWR | O_CLOEXEC));
  OpenAs(&writer_, "counter_7-2.db");
  MetricFileWriter third;
  OpenAs(&third, "counter_7-3.db");
}

TEST_F(MetricFileWriterTest, KeepsNoDescriptorOpen) {
  const auto count = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  const auto before = count();
  OpenAs(&writer_, "counter_7.db");
  for (std::size_t i = 0; i < 500; ++i) Find(&writer_, Key(i));
  EXPECT_EQ(count(), before);
}

TEST_F(MetricFileWriterTest, ReleasesItsFileWhenClosed) {
  OpenAs(&writer_, "counter_7.db");
  *Find(&writer_, Key(1)) = 5;
  writer_.Close();
  EXPECT_FALSE(writer_.is_open());
  MetricFileWriter next;
  OpenAs(&next, "counter_7.db");
  EXPECT_EQ(*Find(&next, Key(1)), 5);
}

TEST_F(MetricFileWriterTest, IsNotOpenInAChildWhichHoldsNothing) {
  OpenAs(&writer_, "counter_7.db");
  *Find(&writer_, Key(1)) = 5;
  EXPECT_EQ(0, RunInChild([this] {
              if (writer_.is_open()) return 1;
              std::ifstream maps("/proc/self/maps");
              const std::string text(std::istreambuf_iterator<char>(maps), {});
              return text.find(directory_.path()) == std::string::npos ? 0 : 2;
            }));
  EXPECT_EQ(*Find(&writer_, Key(1)), 5);
}

TEST_F(MetricFileWriterTest, GivesAFileUpThatAnotherWrites) {
  OpenAs(&writer_, "counter_7.db");
  *Find(&writer_, Key(1)) = 5;
  const std::string others =
      FileBuilder().Add(Key(1), 5).Add(Key(9), 1).Bytes();
  std::fstream(directory_.PathOf("counter_7.db"),
               std::ios::binary | std::ios::in | std::ios::out)
      << others;
  Value value{nullptr};
  EXPECT_STREQ(writer_.FindOrAdd({Key(2)}, &value).what,
               "another process writes to it");
  EXPECT_EQ(writer_.loss(), Loss::kLeft);
  EXPECT_EQ(Bytes("counter_7.db").substr(0, others.size()), others);
  OpenAs(&writer_, "counter_7-2.db");
  EXPECT_EQ(writer_.loss(), Loss::kNone);
}

TEST_F(MetricFileWriterTest, NoticesThatItsFileIsGoneWhenItAdds) {
  for (const bool replaced : {false, true}) {
    OpenAs(&writer_, "counter_7.db");
    double* value = Find(&writer_, Key(1));
    std::filesystem::remove(directory_.PathOf("counter_7.db"));
    if (replaced) directory_.Write("counter_7.db", "");
    Value grown{nullptr};
    EXPECT_STREQ(writer_.FindOrAdd({Key(2)}, &grown).what,
                 replaced ? "somebody replaced it" : "somebody removed it");
    EXPECT_EQ(writer_.loss(), Loss::kGone);
    *value = 1;  // still there to be written
    OpenAs(&writer_, "counter_7.db");
    EXPECT_NE(Find(&writer_, Key(1)), value);
    writer_.Close();
    std::filesystem::remove(directory_.PathOf("counter_7.db"));
  }
}

TEST_F(MetricFileWriterTest, LeavesAFileThatItMayNotOpenAnyMore) {
  if (geteuid() != 0)
    GTEST_SKIP() << "cannot give up rights without having any";
  EXPECT_EQ(
      0, RunInChild([this] {
        if (Open(&writer_, Target()).failed()) return 1;
        double* value = Find(&writer_, Key(1));
        chmod(directory_.path().c_str(), 0777);
        if (setuid(65534) != 0) return 2;
        Value large{nullptr};
        if (!writer_.FindOrAdd({std::string(5000, 'x')}, &large).failed() ||
            writer_.loss() != Loss::kLeft) {
          return 3;
        }
        *value = 1;
        if (Open(&writer_, Target()).failed()) return 4;
        return writer_.path() == directory_.PathOf("counter_7-2.db") ? 0 : 5;
      }));
}

// Leaves this process so much address space. Returns what a file may take of
// the whole: a part, within bounds. A sanitizer has a lot of its own.
std::uint64_t LimitAddressSpace(std::uint64_t left) {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const std::uint64_t most = pages * 4096 + left;
  const rlimit limit{most, most};
  if (pages == 0 || setrlimit(RLIMIT_AS, &limit) != 0) return 0;
  return std::clamp<std::uint64_t>(most / 64, 1 << 20, 256 << 20);
}

TEST_F(MetricFileWriterTest, LeavesAFullFile) {
  EXPECT_EQ(
      0, RunInChild([this] {
        const std::uint64_t share = LimitAddressSpace(std::uint64_t{8} << 30);
        if (share < 128 << 20) return 1;
        if (Open(&writer_, Target()).failed()) return 2;
        Value value{nullptr};
        const std::string key(std::size_t{1} << 24, 'x');
        std::size_t fit = 0;
        while (
            !writer_.FindOrAdd({key + std::to_string(fit)}, &value).failed()) {
          ++fit;
        }
        // The file has a power of two of pages, less a header.
        const std::size_t expected = share < 256 << 20 ? 7 : 15;
        return fit == expected && writer_.loss() == Loss::kLeft ? 0 : 3;
      }));
}

TEST_F(MetricFileWriterTest, TakesOnlyItsShareOfALimitedAddressSpace) {
  constexpr std::uint64_t kLeft = 600 << 20;
  EXPECT_EQ(0, RunInChild([this] {
              const std::uint64_t share = LimitAddressSpace(kLeft);
              if (share == 0) return 1;
              if (Open(&writer_, Target()).failed()) return 2;
              void* rest = mmap(nullptr, kLeft - share - (20 << 20), PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return rest == MAP_FAILED ? 3 : 0;
            }));
}

TEST_F(MetricFileWriterTest, TakesAFileThatIsLargerThanTheLimitAsItIs) {
  directory_.Write("counter_7.db", FileBuilder().Add(Key(1), 5).Bytes(65536));
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  rlimit limit = old_limit;
  limit.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const WriteFailure failure = Open(&writer_, Target());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  EXPECT_FALSE(failure.failed());
  EXPECT_EQ(*Find(&writer_, Key(1)), 5);
}

TEST_F(MetricFileWriterTest, ReplacesTheFileOfADeadLiveGauge) {
  FileTarget target = Target();
  target.stem = "gauge_livesum_";
  target.live = true;
  const std::string bytes = FileBuilder().Add(Key(1), 5).Bytes(65536);
  const std::string path = directory_.Write("gauge_livesum_7.db", bytes);
  ASSERT_FALSE(Open(&writer_, target).failed());
  EXPECT_EQ(writer_.path(), directory_.PathOf("gauge_livesum_7.db"));
  EXPECT_EQ(*Find(&writer_, Key(1)), 0);
  // One that lives is left alone.
  MetricFileWriter other;
  ASSERT_FALSE(Open(&other, target).failed());
  EXPECT_EQ(other.path(), directory_.PathOf("gauge_livesum_7-2.db"));
}

TEST_F(MetricFileWriterTest, SaysWhyThereIsNoFile) {
  FileTarget target = Target();
  const std::string missing = directory_.PathOf("missing");
  target.directory = missing.c_str();
  const WriteFailure failure = Open(&writer_, target);
  EXPECT_STREQ(failure.what, "cannot open the directory");
  EXPECT_EQ(failure.error, ENOENT);
  EXPECT_FALSE(writer_.is_open());
}

TEST_F(MetricFileWriterTest, LeavesNothingBehindWhereThereIsNoRoom) {
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  rlimit limit = old_limit;
  limit.rlim_cur = 100;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const WriteFailure failure = Open(&writer_, Target());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  EXPECT_STREQ(failure.what, "cannot reserve space");
  EXPECT_EQ(Names(), std::vector<std::string>());
}

TEST_F(MetricFileWriterTest, MakesDoWithLittleAddressSpace) {
  EXPECT_EQ(0, RunInChild([this] {
              if (LimitAddressSpace(48 << 20) == 0) return 1;
              if (Open(&writer_, Target()).failed()) return 2;
              Value value{nullptr};
              return writer_.FindOrAdd({Key(1)}, &value).failed() ? 3 : 0;
            }));
}

}  // namespace
}  // namespace promshm::store
