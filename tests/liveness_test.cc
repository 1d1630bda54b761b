#include "store/liveness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "store/file_descriptor.h"
#include "store/file_facts.h"
#include "store/process_table.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

// A procfs of the test's making: PID 10 began a hundred seconds after boot and
// maps the file of inode 7; PID 20 began long ago and maps nothing.
class LivenessTest : public ::testing::Test {
 protected:
  static constexpr dev_t kDevice = 1;  // 00:01

  LivenessTest() {
    boot_ = Now() - Uptime();
    AddProcess(10, 100, "00400000-00401000 rw-s 00000000 00:01 7   /m/x_10.db");
    AddProcess(20, 100, "");
  }

  static double Uptime() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) +
           static_cast<double>(now.tv_nsec) * 1e-9;
  }

  void AddProcess(int pid, double since_boot, const std::string& maps) const {
    const std::string folder = proc_.PathOf(std::to_string(pid));
    std::filesystem::create_directory(folder);
    std::ofstream(folder + "/stat")
        << pid << " (a b) c) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 "
        << static_cast<std::uint64_t>(since_boot *
                                      static_cast<double>(sysconf(_SC_CLK_TCK)))
        << " 0 0\n";
    std::ofstream(folder + "/maps")
        << "7f0000000000-7f0000001000 r--p 00000000 00:02 9   /lib/x.so\n"
        << maps << '\n';
  }

  ProcessTrace Trace(const std::string& identifier, double since_boot,
                     Writers writers) const {
    return {identifier,
            {{"counter_" + identifier + ".db", kDevice, 70, boot_ + since_boot,
              writers}}};
  }

  Finding Judge(const ProcessTrace& process, bool with_seen = true) const {
    std::vector<ProcessTrace> processes = {process};
    if (with_seen) {
      processes.push_back(Trace("10", 200, Writers::kUnknown));
      processes.back().files.front().inode = 7;
    }
    return JudgeProcesses(processes, ProcessTable(proc_.path())).front();
  }

  testing::TemporaryDirectory proc_;
  double boot_ = 0;
};

TEST_F(LivenessTest, BelievesTheKernelFirst) {
  const Finding alive = Judge(Trace("99", 200, Writers::kSome));
  EXPECT_EQ(alive.liveness, Liveness::kAlive);
  EXPECT_EQ(alive.evidence, Evidence::kWriter);
  // Though a process of that ID is there, and older than the file.
  const Finding dead = Judge(Trace("20", 200, Writers::kNone));
  EXPECT_EQ(dead.liveness, Liveness::kDead);
  EXPECT_EQ(dead.evidence, Evidence::kNoWriter);
}

TEST_F(LivenessTest, NeedsTheKernelsWordOnAllFilesForDeath) {
  ProcessTrace process = Trace("20", 200, Writers::kNone);
  process.files.push_back(
      {"histogram_20.db", kDevice, 71, boot_ + 200, Writers::kUnknown});
  EXPECT_EQ(Judge(process).evidence, Evidence::kRunning);
  process.files.back().writers = Writers::kSome;
  EXPECT_EQ(Judge(process).evidence, Evidence::kWriter);
}

TEST_F(LivenessTest, TakesAProcessThatIsNotThereForDeadWhereOthersAreSeen) {
  const ProcessTrace process = Trace("99", 200, Writers::kUnknown);
  EXPECT_EQ(Judge(process).liveness, Liveness::kDead);
  EXPECT_EQ(Judge(process).evidence, Evidence::kEnded);
  EXPECT_EQ(Judge(process, /*with_seen=*/false).liveness, Liveness::kUnknown);
  EXPECT_EQ(Judge(process, /*with_seen=*/false).evidence,
            Evidence::kOtherProcesses);
}

TEST_F(LivenessTest, TakesAnOlderProcessForTheWriter) {
  EXPECT_EQ(Judge(Trace("20", 200, Writers::kUnknown)).evidence,
            Evidence::kRunning);
}

TEST_F(LivenessTest, TakesAYoungerProcessForAnotherUnlessItMapsTheFile) {
  EXPECT_EQ(Judge(Trace("20", 50, Writers::kUnknown)).evidence,
            Evidence::kReplaced);
  EXPECT_EQ(Judge(Trace("20", 50, Writers::kUnknown), false).evidence,
            Evidence::kOtherProcesses);
  ProcessTrace continued = Trace("10", 50, Writers::kUnknown);
  continued.files.front().inode = 7;
  EXPECT_EQ(Judge(continued).evidence, Evidence::kMapping);
}

// Another container has a process of that ID with a file of that name.
TEST_F(LivenessTest, TakesANameForNoProofThatWritersAreSeen) {
  ProcessTrace elsewhere = Trace("10", 50, Writers::kUnknown);
  elsewhere.files.front().name = "x_10.db";
  const std::vector<Finding> findings =
      JudgeProcesses({elsewhere, Trace("99", 200, Writers::kUnknown)},
                     ProcessTable(proc_.path()));
  EXPECT_EQ(findings[0].evidence, Evidence::kMapping);
  EXPECT_EQ(findings[1].evidence, Evidence::kOtherProcesses);
  // The inode alone may be that of a file of another file system.
  elsewhere.files.front().inode = 7;
  elsewhere.files.front().device = 2;
  EXPECT_EQ(JudgeProcesses({Trace("99", 200, Writers::kUnknown), elsewhere},
                           ProcessTable(proc_.path()))
                .front()
                .liveness,
            Liveness::kUnknown);
}

TEST_F(LivenessTest, FindsAMappingByItsNameToo) {
  AddProcess(30, 100,
             "00400000-00401000 rw-s 00000000 00:01 12345   /m/counter_30.db");
  EXPECT_EQ(Judge(Trace("30", 50, Writers::kUnknown)).evidence,
            Evidence::kMapping);
}

TEST_F(LivenessTest, DoesNotKnowWhereItMayNotLook) {
  std::filesystem::remove(proc_.PathOf("20/maps"));
  EXPECT_EQ(Judge(Trace("20", 50, Writers::kUnknown)).liveness,
            Liveness::kUnknown);
}

TEST_F(LivenessTest, KnowsNothingOfIdentifiersThatAreNoProcessIds) {
  for (const char* identifier : {"worker0", "12.5", "20-2", "-20", "2 0"}) {
    const Finding finding = Judge(Trace(identifier, 200, Writers::kUnknown));
    EXPECT_EQ(finding.liveness, Liveness::kUnknown) << identifier;
    EXPECT_EQ(finding.evidence, Evidence::kNoProcessId) << identifier;
  }
}

TEST(ProcessTableTest, SeesThisProcess) {
  const ProcessTable table("/proc");
  const auto pid = static_cast<std::uint64_t>(getpid());
  const auto start = table.StartOf(pid);
  ASSERT_TRUE(start.has_value());
  EXPECT_LE(*start, Now());
  EXPECT_GT(*start, Now() - 3600);
  const testing::TemporaryDirectory directory;
  const std::string path = directory.Write("counter_1.db", "text");
  const FileDescriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  FileFacts facts;
  ASSERT_TRUE(GetFacts(fd, &facts));
  EXPECT_EQ(table.Maps(pid, facts.device, facts.inode, "counter_1.db"),
            ProcessTable::Answer::kNo);
  void* memory = mmap(nullptr, 1, PROT_READ, MAP_SHARED, fd.get(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  EXPECT_EQ(table.Maps(pid, facts.device, facts.inode, "other"),
            ProcessTable::Answer::kYes);
  munmap(memory, 1);
}

TEST(ProcessTableTest, SeesNoProcessThatIsNotThere) {
  const ProcessTable table("/proc");
  EXPECT_FALSE(table.StartOf(std::uint64_t{1} << 40).has_value());
  EXPECT_EQ(table.Maps(std::uint64_t{1} << 40, 1, 1, "x"),
            ProcessTable::Answer::kUnknown);
}

}  // namespace
}  // namespace promshm::store
