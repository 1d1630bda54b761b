#include "promshm/process_usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "store/process_table.h"
#include "tests/support/fake_proc.h"
#include "tests/support/file_holder.h"

namespace promshm {
namespace {

RunningProcess ProcessOf(pid_t pid) {
  const auto id = static_cast<std::uint64_t>(pid);
  const auto stat = store::ProcessTable("/proc").StatOf(id);
  return {id, stat ? stat->start_ticks : 0, std::nullopt};
}

// A procfs of the test's making with one process, 20.
class FakeUsageTest : public ::testing::Test {
 protected:
  FakeUsageTest() {
    testing::FakeProcess process;
    process.pid = 20;
    process.start_ticks = 300;
    process.user_ticks = 130;
    process.system_ticks = 120;
    process.threads = 5;
    process.virtual_bytes = 81920;
    process.resident_pages = 3;
    process.fds = 3;
    process.max_fds = "1024";
    proc_.Add(process);
  }

  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(proc_.PathOf(20, file)) << text;
  }

  std::optional<ProcessUsage> Read() const {
    return ReadProcessUsage({20, 300, std::nullopt}, proc_.path());
  }

  testing::FakeProc proc_;
};

TEST_F(FakeUsageTest, ReadsWhatAProcessUses) {
  const std::optional<ProcessUsage> usage = Read();
  ASSERT_TRUE(usage.has_value());
  EXPECT_EQ(usage->cpu_seconds,
            250 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(usage->resident_bytes,
            3 * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(usage->virtual_bytes, 81920u);
  EXPECT_EQ(usage->threads, 5u);
  EXPECT_EQ(usage->open_fds, 3u);
  EXPECT_EQ(usage->max_fds, 1024u);
}

TEST_F(FakeUsageTest, LeavesOutWhatMayNotBeRead) {
  std::filesystem::remove(proc_.PathOf(20, "limits"));
  std::filesystem::remove_all(proc_.PathOf(20, "fd"));
  const std::optional<ProcessUsage> usage = Read();
  ASSERT_TRUE(usage.has_value());
  EXPECT_FALSE(usage->open_fds.has_value());
  EXPECT_FALSE(usage->max_fds.has_value());
  Write("limits", "Max open files            unlimited            unlimited\n");
  EXPECT_FALSE(Read()->max_fds.has_value());
}

TEST_F(FakeUsageTest, ReadsNothingOfAnotherProcess) {
  EXPECT_FALSE(ReadProcessUsage({20, 301, std::nullopt}, proc_.path()));
  EXPECT_FALSE(ReadProcessUsage({21, 300, std::nullopt}, proc_.path()));
  EXPECT_FALSE(HasEnded({20, 300, std::nullopt}, proc_.path()));
  EXPECT_TRUE(HasEnded({20, 301, std::nullopt}, proc_.path()));
  EXPECT_TRUE(HasEnded({21, 300, std::nullopt}, proc_.path()));
  Write("stat", "20 (x) Z 1 1 1 0 -1 0 0 0 0 0 1 1 9 9 20 0 5 0 300 0 0 0\n");
  EXPECT_FALSE(Read());
  EXPECT_TRUE(HasEnded({20, 300, std::nullopt}, proc_.path()));
  // That it cannot be read does not say that it has ended.
  Write("stat", "20 (x) S 1 1");
  EXPECT_FALSE(Read());
  EXPECT_FALSE(HasEnded({20, 300, std::nullopt}, proc_.path()));
  EXPECT_FALSE(HasEnded({20, 300, std::nullopt}, proc_.path() + "/missing"));
}

TEST_F(FakeUsageTest, ReadsACommandAsPsShowsIt) {
  const RunningProcess process{20, 300, std::nullopt};
  EXPECT_FALSE(ReadCommand(process, proc_.path()));
  using std::string_literals::operator""s;
  Write("cmdline", "python3\0-m\0app\n\0\0\0"s);
  EXPECT_EQ(ReadCommand(process, proc_.path()), "python3 -m app\n");
  Write("cmdline", std::string(10'000, 'x'));
  EXPECT_EQ(ReadCommand(process, proc_.path())->size(), 4096u);
  Write("cmdline", "");
  Write("comm", "worker\n");
  EXPECT_EQ(ReadCommand(process, proc_.path()), "[worker]");
  EXPECT_FALSE(ReadCommand({20, 301, std::nullopt}, proc_.path()));
}

TEST(ProcessUsageTest, SeesWhatAChildUses) {
  constexpr int kMoreDescriptors = 20;
  constexpr rlim_t kLimit = 200;
  const testing::WaitingChild child([] {
    for (int i = 0; i < kMoreDescriptors; ++i) {
      if (open("/dev/null", O_RDONLY) < 0) return false;
    }
    const rlimit limit{kLimit, kLimit};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    // A tenth of a second of work.
    constexpr clock_t kWork = CLOCKS_PER_SEC / 10;
    while (clock() < kWork) {
    }
    std::thread([] {
      for (;;) pause();
    }).detach();
    return true;
  });
  const RunningProcess process = ProcessOf(child.pid());
  const std::optional<ProcessUsage> usage = ReadProcessUsage(process);
  ASSERT_TRUE(usage.has_value());
  EXPECT_GE(usage->cpu_seconds, 0.08);
  EXPECT_EQ(usage->threads, 2u);
  EXPECT_EQ(usage->max_fds, kLimit);
  EXPECT_GT(usage->virtual_bytes, usage->resident_bytes);
  EXPECT_GT(usage->resident_bytes, 0u);
  std::uint64_t descriptors = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(
           "/proc/" + std::to_string(child.pid()) + "/fd")) {
    ++descriptors;
  }
  EXPECT_EQ(usage->open_fds, descriptors);
  EXPECT_GE(descriptors, static_cast<std::uint64_t>(kMoreDescriptors));
}

TEST(ProcessUsageTest, SeesNothingOfAProcessThatHasEnded) {
  testing::WaitingChild child([] { return true; });
  const RunningProcess process = ProcessOf(child.pid());
  ASSERT_TRUE(ReadProcessUsage(process).has_value());
  ASSERT_TRUE(ReadCommand(process).has_value());
  EXPECT_FALSE(HasEnded(process));
  child.End();
  EXPECT_TRUE(HasEnded(process));
  EXPECT_FALSE(ReadProcessUsage(process).has_value());
  EXPECT_FALSE(ReadCommand(process).has_value());
}

}  // namespace
}  // namespace promshm
