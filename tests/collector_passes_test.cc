#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "promshm/collector.h"
#include "store/file_descriptor.h"
#include "tests/support/child_process.h"
#include "tests/support/collected.h"
#include "tests/support/directory_hold.h"
#include "tests/support/file_builder.h"
#include "tests/support/living_file.h"
#include "tests/support/temporary_directory.h"

// What happens in the middle of a pass. A Collector of two directories is kept
// waiting at the second one's lock, when it has been told of the first one's
// changes and not yet looked at its values.

namespace promshm {
namespace {

namespace fs = std::filesystem;
using testing::Collected;
using testing::DirectoryHold;
using testing::LivingFile;

constexpr std::size_t kPage = 4096;

std::string Key(const std::string& name) {
  return "[\"" + name + "\", \"" + name + "_total\", {}, \"h\"]";
}

class CollectorPassesTest : public ::testing::Test {
 protected:
  CollectorPassesTest() {
    fs::create_directory(paths_[0]);
    fs::create_directory(paths_[1]);
  }

  static std::string BytesOf(double value, std::size_t pages) {
    testing::FileBuilder file(testing::kCurrent);
    file.Add(Key("a"), value);
    // So that there is something on every page.
    while (file.size() + 200 < pages * kPage) {
      file.Add(Key("b" + std::to_string(file.size())), value);
    }
    return file.Bytes(pages * kPage);
  }

  std::string Write(const std::string& name, std::string_view bytes) {
    return root_.Write("first/" + name, bytes);
  }

  LivingFile Live(const std::string& name) {
    return *LivingFile::Open(paths_[0] + '/' + name, 16,
                             LivingFile::Descriptor::kKept);
  }

  // Looks at the directories, does `meanwhile` in the middle, and says what was
  // seen.
  std::string CollectedWith(const std::function<void()>& meanwhile) {
    DirectoryHold hold(paths_[1]);
    std::future<std::string> collected =
        std::async(std::launch::async, [&] { return Collected(&kept_); });
    hold.WaitForReader();
    meanwhile();
    hold.Release();
    return collected.get();
  }

  std::string First() const {
    Collector fresh(paths_);
    return Collected(&fresh);
  }

  void ExpectSettled() {
    EXPECT_EQ(Collected(&kept_), First());
    EXPECT_EQ(Collected(&kept_), First());
  }

  testing::TemporaryDirectory root_;
  const std::vector<std::string> paths_ = {root_.PathOf("first"),
                                           root_.PathOf("second")};
  Collector kept_{paths_};
};

TEST_F(CollectorPassesTest, AMappedFileIsCut) {
  for (const off_t size : {off_t{0}, off_t{kPage / 2}, off_t{kPage}}) {
    const std::string path = Write("counter_1.db", BytesOf(1, 4));
    const LivingFile living = Live("counter_1.db");
    Collected(&kept_);
    Collected(&kept_);
    const std::string seen =
        CollectedWith([&] { ASSERT_EQ(truncate(path.c_str(), size), 0); });
    EXPECT_EQ(seen, First()) << size;
    EXPECT_NE(seen.find("damaged"), std::string::npos) << seen;
    ExpectSettled();
  }
}

TEST_F(CollectorPassesTest, AMappedFileIsCutAndWhole) {
  const std::string path = Write("counter_1.db", BytesOf(1, 4));
  const LivingFile living = Live("counter_1.db");
  Collected(&kept_);
  Collected(&kept_);
  const std::string seen = CollectedWith([&] {
    Write("counter_1.db", {});
    Write("counter_1.db", BytesOf(2.5, 4));
  });
  EXPECT_EQ(seen, First());
  EXPECT_NE(seen.find("\na_total 2.5\n"), std::string::npos) << seen;
  ExpectSettled();
}

TEST_F(CollectorPassesTest, AMappedFileIsReplaced) {
  Write("counter_1.db", BytesOf(1, 4));
  const LivingFile living = Live("counter_1.db");
  Collected(&kept_);
  Collected(&kept_);
  Write("new", BytesOf(3.5, 1));
  const std::string seen = CollectedWith(
      [&] { fs::rename(paths_[0] + "/new", paths_[0] + "/counter_1.db"); });
  EXPECT_EQ(seen, First());
  ExpectSettled();
}

TEST_F(CollectorPassesTest, AMappedFileGrows) {
  Write("counter_1.db", BytesOf(1, 1));
  LivingFile living = Live("counter_1.db");
  Collected(&kept_);
  Collected(&kept_);
  const std::string seen = CollectedWith([&] {
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(living.Add(Key("new" + std::to_string(i)), 0.5));
    }
  });
  EXPECT_EQ(seen, First());
  ExpectSettled();
}

// Where values were, there may be anything.
TEST_F(CollectorPassesTest, AMappedFileIsWrittenAnew) {
  const std::string path = Write("counter_1.db", BytesOf(1, 4));
  const LivingFile living = Live("counter_1.db");
  Collected(&kept_);
  Collected(&kept_);
  testing::FileBuilder other(testing::kCurrent);
  while (other.size() + 200 < 4 * kPage) {
    other.Add(Key("other" + std::to_string(other.size())), 2);
  }
  const std::string seen = CollectedWith([&] {
    const store::FileDescriptor fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    const std::string bytes = other.Bytes(4 * kPage);
    ASSERT_EQ(pwrite(fd.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  });
  EXPECT_EQ(seen, First());
  ExpectSettled();
}

TEST_F(CollectorPassesTest, AMappedFileBelongsToNobodyAnyMore) {
  Write("counter_1.db", BytesOf(1, 1));
  std::optional<LivingFile> living = Live("counter_1.db");
  Collected(&kept_);
  Collected(&kept_);
  const std::string seen = CollectedWith([&] {
    living->Store(0, 4.5);
    living.reset();
  });
  EXPECT_EQ(seen, First());
  ExpectSettled();
}

// It may be seen as it was: its writer has come back during the pass.
TEST_F(CollectorPassesTest, ADeadFileIsStoredToAndItsWriterGoes) {
  Write("counter_1.db", BytesOf(1, 1));
  Collected(&kept_);
  Collected(&kept_);
  CollectedWith([&] { Live("counter_1.db").Store(0, 5.5); });
  const std::string seen = Collected(&kept_);
  EXPECT_NE(seen.find("\na_total 5.5\n"), std::string::npos) << seen;
  ExpectSettled();
}

TEST_F(CollectorPassesTest, ADeadFileIsStoredToByWhoStays) {
  Write("counter_1.db", BytesOf(1, 1));
  Collected(&kept_);
  Collected(&kept_);
  std::optional<LivingFile> back;
  CollectedWith([&] {
    back = Live("counter_1.db");
    back->Store(0, 5.5);
  });
  std::string seen = Collected(&kept_);
  EXPECT_NE(seen.find("\na_total 5.5\n"), std::string::npos) << seen;
  back->Store(0, 6.5);
  seen = Collected(&kept_);
  EXPECT_NE(seen.find("\na_total 6.5\n"), std::string::npos) << seen;
  back.reset();
  ExpectSettled();
}

TEST_F(CollectorPassesTest, FilesComeAndGo) {
  Write("counter_1.db", BytesOf(1, 1));
  Write("counter_2.db", BytesOf(2, 1));
  Collected(&kept_);
  Collected(&kept_);
  CollectedWith([&] {
    fs::remove(paths_[0] + "/counter_1.db");
    fs::rename(paths_[0] + "/counter_2.db", paths_[0] + "/counter_0.db");
    Write("counter_3.db", BytesOf(4, 1));
  });
  ExpectSettled();
}

// The child has no thread that would end the pass.
TEST_F(CollectorPassesTest, TheProcessIsForked) {
  Write("counter_1.db", BytesOf(1, 4));
  const LivingFile living = Live("counter_1.db");
  Collected(&kept_);
  Collected(&kept_);
  pid_t child = 0;
  CollectedWith([&] {
    child = testing::StartChild([&] {
      living.Store(0, 2);
      return Collected(&kept_) == First() && Collected(&kept_) == First() ? 0
                                                                          : 1;
    });
  });
  EXPECT_EQ(testing::WaitForChild(child), 0);
  ExpectSettled();
}

TEST_F(CollectorPassesTest, TheDirectoryIsReplaced) {
  Write("counter_1.db", BytesOf(1, 1));
  const LivingFile living = Live("counter_1.db");
  Collected(&kept_);
  Collected(&kept_);
  CollectedWith([&] {
    fs::rename(paths_[0], root_.PathOf("away"));
    fs::create_directory(paths_[0]);
    Write("counter_1.db", BytesOf(8, 1));
  });
  ExpectSettled();
}

// A thread that collects, and what is known of it.
struct Waiter {
  std::atomic<pid_t> id{0};
  std::string seen;
  std::thread thread;
};

// What a thread waits for in the kernel: a system call and its first argument.
// Empty where the kernel does not say, or the thread is running.
std::string WaitsFor(pid_t thread) {
  std::ifstream in("/proc/self/task/" + std::to_string(thread) + "/syscall");
  std::string call;
  std::string argument;
  in >> call >> argument;
  return argument.empty() ? std::string() : call + ' ' + argument;
}

bool AllWaitForTheSame(const std::vector<Waiter>& waiters) {
  for (const Waiter& waiter : waiters) {
    const std::string what = waiter.id == 0 ? "" : WaitsFor(waiter.id);
    if (what.empty() || what != WaitsFor(waiters.front().id)) return false;
  }
  return true;
}

class SingleFlightTest : public CollectorPassesTest {
 protected:
  static constexpr std::size_t kWaiters = 7;

  // Has one thread in the middle of a pass and others waiting for it. Does
  // `meanwhile`, lets them go, and says what those others saw. Empty where the
  // kernel does not tell that they wait. The directories are being watched.
  std::vector<std::string> SeenByWaiters(
      const std::function<void()>& meanwhile) {
    Collected(&kept_);
    Collected(&kept_);
    DirectoryHold hold(paths_[1]);
    std::future<std::string> first =
        std::async(std::launch::async, [&] { return Collected(&kept_); });
    hold.WaitForReader();
    std::vector<Waiter> waiters(kWaiters);
    for (Waiter& waiter : waiters) {
      waiter.thread = std::thread([&] {
        waiter.id = static_cast<pid_t>(syscall(SYS_gettid));
        waiter.seen = Collected(&kept_);
      });
    }
    const bool waited = WaitUntilAllWait(waiters);
    meanwhile();
    hold.Release();
    std::vector<std::string> seen;
    for (Waiter& waiter : waiters) {
      waiter.thread.join();
      seen.push_back(waiter.seen);
    }
    first_ = first.get();
    passes_ = hold.CountReaders();
    if (!waited) seen.clear();
    return seen;
  }

  std::string first_;
  std::size_t passes_ = 0;

 private:
  // The first one gives up after two seconds.
  static bool WaitUntilAllWait(const std::vector<Waiter>& waiters) {
    for (int i = 0; i < 1000; ++i) {
      if (AllWaitForTheSame(waiters)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
};

TEST_F(SingleFlightTest, WhoWaitsSharesOnePassThatBeganAfterItCame) {
  Write("counter_1.db", BytesOf(1, 1));
  const std::vector<std::string> seen =
      SeenByWaiters([&] { Write("counter_2.db", BytesOf(1.5, 1)); });
  if (seen.empty()) GTEST_SKIP() << "SKIP: nothing tells what threads wait for";
  // The first pass had been told of the files by then.
  EXPECT_NE(first_.find("\na_total 1.0\n"), std::string::npos) << first_;
  for (const std::string& text : seen) {
    EXPECT_NE(text.find("\na_total 2.5\n"), std::string::npos) << text;
  }
  EXPECT_EQ(passes_, 2);
}

// What the shared pass has found may be too much to remember. Whoever waits has
// to see it nevertheless.
TEST_F(SingleFlightTest, WhoWaitsSeesWhatIsForgottenThen) {
  testing::FileBuilder many(testing::kCurrent);
  for (int i = 0; i < 5000; ++i) many.Add(Key("c" + std::to_string(i)), 1);
  Write("counter_1.db", BytesOf(1, 1));
  const std::string path = Write("counter_2.db", many.Bytes());
  const std::vector<std::string> seen =
      SeenByWaiters([&] { fs::remove(path); });
  if (seen.empty()) GTEST_SKIP() << "SKIP: nothing tells what threads wait for";
  EXPECT_NE(first_.find("\nc7_total 1.0\n"), std::string::npos);
  for (const std::string& text : seen) EXPECT_EQ(text, First());
}

}  // namespace
}  // namespace promshm
