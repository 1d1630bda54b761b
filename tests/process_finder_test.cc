#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "promshm/running_process.h"
#include "tests/support/child_process.h"
#include "tests/support/fake_proc.h"
#include "tests/support/file_holder.h"
#include "tests/support/shared_memory.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

using testing::MapForWriting;
using testing::WaitingChild;

ProcessReport Report(const std::string& identifier,
                     Liveness liveness = Liveness::kAlive) {
  ProcessReport report;
  report.identifier = identifier;
  report.liveness = liveness;
  FileReport file;
  file.name = "counter_" + identifier + ".db";
  report.files = {file};
  return report;
}

std::uint64_t IdOf(const FoundProcess& found) {
  return found.process ? found.process->id : 0;
}

// A procfs of the test's making, and a directory with real files.
class ProcessFinderTest : public ::testing::Test {
 protected:
  std::string Mapping(const std::string& identifier,
                      const std::string& rights = "rw-s",
                      unsigned other_device = 0) const {
    return testing::MapsLine(directory_.PathOf("counter_" + identifier + ".db"),
                             rights, other_device);
  }

  void AddProcess(int pid, int start_ticks, const std::string& maps,
                  const std::string& ids = {},
                  const std::string& state = "S") const {
    testing::FakeProcess process;
    process.pid = pid;
    process.start_ticks = start_ticks;
    process.maps = maps;
    process.ids = ids;
    process.state = state;
    proc_.Add(process);
  }

  std::vector<FoundProcess> Find(const std::vector<ProcessReport>& reports) {
    return finder_->Find({directory_.path()}, reports);
  }

  void ForgetAll() { finder_ = std::make_unique<ProcessFinder>(proc_.path()); }

  testing::FakeProc proc_;
  testing::TemporaryDirectory directory_;
  std::unique_ptr<ProcessFinder> finder_ =
      std::make_unique<ProcessFinder>(proc_.path());
};

TEST_F(ProcessFinderTest, FindsTheProcessOfThatIdThatHasAFile) {
  AddProcess(20, 300, Mapping("20"));
  const std::vector<FoundProcess> found = Find({Report("20")});
  ASSERT_TRUE(found.front().process.has_value());
  EXPECT_EQ(found.front().process->id, 20u);
  EXPECT_EQ(found.front().process->start_ticks, 300u);
  EXPECT_EQ(found.front().process->started,
            testing::FakeProc::kBootTime +
                300 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  EXPECT_FALSE(found.front().is_missing);
}

TEST_F(ProcessFinderTest, TakesNoProcessForTheWriterByItsIdAlone) {
  Mapping("20");
  AddProcess(20, 300, "");
  EXPECT_EQ(IdOf(Find({Report("20")}).front()), 0u);
  EXPECT_TRUE(Find({Report("20")}).front().is_missing);
  EXPECT_FALSE(Find({Report("20", Liveness::kUnknown)}).front().is_missing);
}

TEST_F(ProcessFinderTest, TakesNoReaderForTheWriter) {
  AddProcess(20, 300, Mapping("20", "r--s") + Mapping("20", "rw-p"));
  EXPECT_TRUE(Find({Report("20")}).front().is_missing);
}

TEST_F(ProcessFinderTest, TakesNoFileOfAnotherFileSystemForTheWriters) {
  AddProcess(20, 300, Mapping("20", "rw-s", 1));
  EXPECT_TRUE(Find({Report("20")}).front().is_missing);
}

TEST_F(ProcessFinderTest, SeesNothingWhereItMayNotLook) {
  AddProcess(20, 300, Mapping("20"));
  std::filesystem::remove(proc_.PathOf(20, "maps"));
  EXPECT_TRUE(Find({Report("20")}).front().is_missing);
}

TEST_F(ProcessFinderTest, LooksForNobodyWhoIsDeadOrMerged) {
  AddProcess(20, 300, Mapping("20"));
  ProcessReport merged = Report("merged");
  merged.is_merged = true;
  for (const FoundProcess& found :
       Find({Report("20", Liveness::kDead), merged})) {
    EXPECT_EQ(IdOf(found), 0u);
    EXPECT_FALSE(found.is_missing);
  }
}

TEST_F(ProcessFinderTest, FindsWhomTheKernelDoesNotCallAlive) {
  AddProcess(20, 300, Mapping("20"));
  EXPECT_EQ(IdOf(Find({Report("20", Liveness::kUnknown)}).front()), 20u);
}

// In this namespace 7 is another process, with the same file by inheritance.
TEST_F(ProcessFinderTest, FindsAProcessOfAnotherNamespaceByItsOwnId) {
  AddProcess(7, 100, Mapping("7"), "7 50");
  AddProcess(4321, 200, Mapping("7"), "4321 12 7");
  AddProcess(4322, 100, Mapping("7"), "4322 13 8");
  EXPECT_EQ(IdOf(Find({Report("7")}).front()), 4321u);
}

TEST_F(ProcessFinderTest, FindsTheOldestForAnIdentifierThatIsNoId) {
  AddProcess(30, 200, Mapping("slot0"));
  AddProcess(31, 100, Mapping("slot0"));
  EXPECT_EQ(IdOf(Find({Report("slot0")}).front()), 31u);
}

TEST_F(ProcessFinderTest, TakesWorkersNumbersForNoProcessIds) {
  AddProcess(1, 50, "");
  AddProcess(30, 100, Mapping("1"));
  AddProcess(31, 101, Mapping("2"));
  const auto found = Find({Report("1"), Report("2")});
  EXPECT_EQ(IdOf(found[0]), 30u);
  EXPECT_EQ(IdOf(found[1]), 31u);
}

TEST_F(ProcessFinderTest, GivesEveryChildItsOwnAndTheParentTheRest) {
  AddProcess(30, 100, Mapping("slot0"));
  AddProcess(31, 200, Mapping("slot0") + Mapping("slot1"));
  AddProcess(32, 300, Mapping("slot0") + Mapping("slot2"));
  const std::vector<ProcessReport> reports = {Report("slot0"), Report("slot1"),
                                              Report("slot2")};
  std::vector<FoundProcess> found = Find(reports);
  EXPECT_EQ(IdOf(found[0]), 30u);
  EXPECT_EQ(IdOf(found[1]), 31u);
  EXPECT_EQ(IdOf(found[2]), 32u);
  // The parent's files live on in the children, but nobody writes them.
  proc_.Remove(30);
  ForgetAll();
  found = Find(reports);
  EXPECT_EQ(IdOf(found[0]), 0u);
  EXPECT_FALSE(found[0].is_missing);
  EXPECT_EQ(IdOf(found[1]), 31u);
  EXPECT_EQ(IdOf(found[2]), 32u);
}

// A child that has counted nothing yet is no worker, and not its parent.
TEST_F(ProcessFinderTest, TakesNoHeirForAProcessOfThatId) {
  AddProcess(20, 100, Mapping("20"));
  AddProcess(31, 200, Mapping("30"));
  const std::vector<FoundProcess> found = Find({Report("20"), Report("30")});
  EXPECT_EQ(IdOf(found[0]), 20u);
  EXPECT_EQ(IdOf(found[1]), 0u);
  EXPECT_FALSE(found[1].is_missing);
}

TEST_F(ProcessFinderTest, PutsOneProcessBehindTwoIdentifiersThatOnlyItWrites) {
  AddProcess(30, 100, Mapping("a") + Mapping("b"));
  const std::vector<FoundProcess> found = Find({Report("a"), Report("b")});
  EXPECT_EQ(IdOf(found[0]), 30u);
  EXPECT_EQ(IdOf(found[1]), 30u);
}

TEST_F(ProcessFinderTest, ForgetsAProcessWithItsEnd) {
  AddProcess(20, 300, Mapping("20"));
  ASSERT_EQ(IdOf(Find({Report("20")}).front()), 20u);
  // It is not looked at again as long as it is there.
  std::ofstream(proc_.PathOf(20, "maps")) << "";
  EXPECT_EQ(IdOf(Find({Report("20")}).front()), 20u);
  AddProcess(20, 301, "");
  EXPECT_TRUE(Find({Report("20")}).front().is_missing);
}

TEST_F(ProcessFinderTest, ForgetsAProcessThatItsParentHasNotBuried) {
  AddProcess(20, 300, Mapping("20"));
  ASSERT_EQ(IdOf(Find({Report("20")}).front()), 20u);
  AddProcess(20, 300, "", {}, "Z");
  EXPECT_EQ(IdOf(Find({Report("20")}).front()), 0u);
}

TEST_F(ProcessFinderTest, LooksAtAllProcessesOnceInAWhile) {
  Mapping("slot0");
  EXPECT_TRUE(Find({Report("slot0")}).front().is_missing);
  AddProcess(30, 100, Mapping("slot0") + Mapping("31"));
  EXPECT_TRUE(Find({Report("slot0")}).front().is_missing);
  // Whoever has the identifier as its ID is found at once.
  AddProcess(31, 200, Mapping("31"));
  EXPECT_EQ(IdOf(Find({Report("31")}).front()), 31u);
}

TEST_F(ProcessFinderTest, KeepsDirectoriesApart) {
  AddProcess(20, 100, Mapping("20"));
  const testing::TemporaryDirectory other;
  other.Write("counter_20.db", "text");
  std::vector<ProcessReport> reports = {Report("20"), Report("20")};
  reports[1].source = 1;
  const std::vector<FoundProcess> found =
      finder_->Find({directory_.path(), other.path()}, reports);
  EXPECT_EQ(IdOf(found[0]), 20u);
  EXPECT_TRUE(found[1].is_missing);
}

// From here on, real processes.

FoundProcess FindOne(ProcessFinder* finder, const std::string& directory,
                     const std::string& identifier) {
  return finder->Find({directory}, {Report(identifier)}).front();
}

TEST(RealProcessFinderTest, FindsALivingChildUntilItEnds) {
  const testing::TemporaryDirectory directory;
  ProcessFinder finder;
  WaitingChild child([&] {
    return MapForWriting(
        directory.PathOf("counter_" + std::to_string(getpid()) + ".db"));
  });
  const std::string identifier = std::to_string(child.pid());
  const FoundProcess found = FindOne(&finder, directory.path(), identifier);
  ASSERT_TRUE(found.process.has_value());
  EXPECT_EQ(found.process->id, static_cast<std::uint64_t>(child.pid()));
  child.End();
  EXPECT_FALSE(FindOne(&finder, directory.path(), identifier).process);
}

// As a server that loads the application before it forks its workers.
TEST(RealProcessFinderTest, TellsAWorkerFromThePreloadingParent) {
  const testing::TemporaryDirectory directory;
  const auto map_own = [&directory] {
    return MapForWriting(
        directory.PathOf("counter_" + std::to_string(getpid()) + ".db"));
  };
  const testing::SharedMemory<pid_t> worker;
  const testing::SharedMemory<pid_t> idle_worker;
  std::unique_ptr<WaitingChild> workers[2];  // NOLINT: of the child
  const WaitingChild parent([&] {
    if (!map_own()) return false;
    workers[0] = std::make_unique<WaitingChild>(map_own);
    workers[1] = std::make_unique<WaitingChild>([] { return true; });
    *worker = workers[0]->pid();
    *idle_worker = workers[1]->pid();
    return true;
  });
  ProcessFinder finder;
  for (const pid_t pid : {parent.pid(), *worker}) {
    EXPECT_EQ(IdOf(FindOne(&finder, directory.path(), std::to_string(pid))),
              static_cast<std::uint64_t>(pid));
  }
  EXPECT_NE(*idle_worker, 0);
}

TEST(RealProcessFinderTest, FindsAProcessOfAnotherPidNamespace) {
  const testing::TemporaryDirectory directory;
  if (testing::RunInChild([] { return unshare(CLONE_NEWPID) == 0 ? 0 : 1; }) !=
      0) {
    GTEST_SKIP() << "a PID namespace may not be made here";
  }
  std::unique_ptr<WaitingChild> first;
  const WaitingChild outer([&] {
    if (unshare(CLONE_NEWPID) != 0) return false;
    first = std::make_unique<WaitingChild>([&] {
      return MapForWriting(
          directory.PathOf("counter_" + std::to_string(getpid()) + ".db"));
    });
    return true;
  });
  ASSERT_TRUE(std::filesystem::exists(directory.PathOf("counter_1.db")));
  ProcessFinder finder;
  const FoundProcess found = FindOne(&finder, directory.path(), "1");
  ASSERT_TRUE(found.process.has_value());
  EXPECT_NE(found.process->id, 1u);
  std::ifstream status("/proc/" + std::to_string(found.process->id) +
                       "/status");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  EXPECT_NE(text.find("PPid:\t" + std::to_string(outer.pid()) + "\n"),
            std::string::npos)
      << text;
}

// Of layers of two file systems, maps shows other numbers than fstat() gives.
TEST(RealProcessFinderTest, FindsAWriterOnAnOverlay) {
  constexpr int kCannotMount = 77;
  const testing::TemporaryDirectory layers;
  const std::string merged = layers.PathOf("merged");
  const std::string lower = layers.PathOf("lower");
  const std::string memory = layers.PathOf("memory");
  for (const std::string& folder : {merged, lower, memory}) {
    std::filesystem::create_directory(folder);
  }
  const std::string options = "lowerdir=" + lower + ",upperdir=" + memory +
                              "/upper,workdir=" + memory + "/work";
  const int status = testing::RunInChild([&] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", memory.c_str(), "tmpfs", 0, nullptr) != 0) {
      return kCannotMount;
    }
    std::filesystem::create_directory(memory + "/upper");
    std::filesystem::create_directory(memory + "/work");
    if (mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) != 0) {
      return kCannotMount;
    }
    const std::string identifier = std::to_string(getpid());
    if (!MapForWriting(merged + "/counter_" + identifier + ".db")) return 1;
    ProcessFinder finder;
    const FoundProcess found = FindOne(&finder, merged, identifier);
    return IdOf(found) == static_cast<std::uint64_t>(getpid()) ? 0 : 1;
  });
  if (status == kCannotMount) GTEST_SKIP() << "no overlay can be mounted here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace promshm
