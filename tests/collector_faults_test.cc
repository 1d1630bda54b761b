#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collect/scrape.h"
#include "promshm/collector.h"
#include "store/file_descriptor.h"
#include "tests/support/child_process.h"
#include "tests/support/collected.h"
#include "tests/support/file_builder.h"
#include "tests/support/living_file.h"
#include "tests/support/shared_memory.h"
#include "tests/support/temporary_directory.h"

// Somebody cuts files that are being read in place: the process that reads
// lives on. A handler of the application's gets what is not ours.

namespace promshm {
namespace {

using testing::Collected;
using testing::LivingFile;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kEntries = 240;  // some pages of them
constexpr int kFiles = 4;
constexpr double kValue = 0.5;
constexpr int kFine = 0;
constexpr int kTaken = 7;

std::string WholeFile() {
  testing::FileBuilder file(testing::kCurrent);
  for (std::size_t i = 0; i < kEntries; ++i) {
    const std::string number = std::to_string(i);
    file.Add(R"(["c", "c_total", {"n": ")" + number + R"("}, "h"])", kValue);
  }
  return file.Bytes();
}

// Of whole files every value is there; of others it is said that they are not.
bool IsRight(const Snapshot& snapshot) {
  constexpr double kSum = kFiles * kValue;
  const std::vector<double>& values = snapshot.values();
  if (!snapshot.issues().empty()) {
    return std::all_of(values.begin(), values.end(),
                       [](double value) { return value <= kSum; });
  }
  return values == std::vector<double>(kEntries, kSum);
}

bool CollectsThrice(Collector* collector) {
  for (int i = 0; i < 3; ++i) {
    if (!collector->Collect().ok()) return false;
  }
  return true;
}

void Leave(int /*signal*/) { _exit(kTaken); }

bool IsLeaveInstalled() {
  struct sigaction now {};
  sigaction(SIGBUS, nullptr, &now);
  return now.sa_handler == &Leave;
}

// Several files, each with a writer that lives.
class CollectorFaultsTest : public ::testing::Test {
 protected:
  CollectorFaultsTest() {
    for (int i = 0; i < kFiles; ++i) {
      const std::string name = "counter_" + std::to_string(i) + ".db";
      paths_.push_back(directory_.Write(name, WholeFile()));
      living_.push_back(
          *LivingFile::Open(paths_.back(), 16, LivingFile::Descriptor::kKept));
    }
  }

  // What is in the directory now.
  std::string First() const {
    Collector fresh(directory_.path());
    return Collected(&fresh);
  }

  // Collects again and again while a child cuts the files and makes them whole
  // again, either of it so many times at least. True when all went well.
  bool OutlivesCutting(int times) const;

  testing::TemporaryDirectory directory_;
  std::vector<std::string> paths_;
  std::vector<LivingFile> living_;

 private:
  // Until it is killed.
  [[noreturn]] void CutForEver(std::atomic<int>* rounds) const;
};

void CollectorFaultsTest::CutForEver(std::atomic<int>* rounds) const {
  // Also when the test ends early.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string whole = WholeFile();
  std::vector<store::FileDescriptor> files;
  for (const std::string& path : paths_) {
    files.emplace_back(open(path.c_str(), O_RDWR | O_CLOEXEC));
  }
  constexpr std::array<off_t, 3> kSizes = {0, kPage / 2, kPage};
  for (std::size_t round = 0;; ++round) {
    const off_t size = kSizes[round % kSizes.size()];
    for (const store::FileDescriptor& file : files) {
      if (ftruncate(file.get(), size) != 0) _exit(1);
      if (pwrite(file.get(), whole.data(), whole.size(), 0) < 0) _exit(1);
    }
    ++*rounds;
  }
}

bool CollectorFaultsTest::OutlivesCutting(int times) const {
  const testing::SharedMemory<std::atomic<int>> rounds;
  Collector kept(directory_.path());
  const pid_t child =
      testing::StartChild([&]() -> int { CutForEver(rounds.get()); });
  // The bound is for a child that does nothing.
  constexpr int kMost = 1'000'000;
  bool is_fine = true;
  for (int i = 0; is_fine && i < kMost && (i < times || *rounds < times); ++i) {
    const Result<Snapshot> snapshot = kept.Collect();
    is_fine = snapshot.ok() && IsRight(*snapshot);
  }
  is_fine = is_fine && *rounds >= times;
  kill(child, SIGKILL);
  const int status = testing::WaitForChild(child);
  return is_fine && status == 256 + SIGKILL && Collected(&kept) == First();
}

TEST_F(CollectorFaultsTest, FilesAreCutWhileTheyAreRead) {
  EXPECT_TRUE(OutlivesCutting(1000));
}

TEST_F(CollectorFaultsTest, FilesAreCutWhileTheThreadBlocksTheSignal) {
  sigset_t fault;
  sigemptyset(&fault);
  sigaddset(&fault, SIGBUS);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &fault, &before);
  EXPECT_TRUE(OutlivesCutting(1000));
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(sigismember(&after, SIGBUS), 1);
}

// The test's own mapping of a file that was cut is not the Collector's
// business.
TEST_F(CollectorFaultsTest, OtherFaultsGoToAHandlerThatWasThereBefore) {
  EXPECT_EQ(
      testing::RunInChild([&] {
        signal(SIGBUS, &Leave);
        Collector kept(directory_.path());
        if (!CollectsThrice(&kept) || IsLeaveInstalled()) return 1;
        const std::string path = directory_.Write("other", "bytes");
        const store::FileDescriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
        const void* const own =
            mmap(nullptr, 5, PROT_READ, MAP_SHARED, fd.get(), 0);
        if (own == MAP_FAILED || ftruncate(fd.get(), 0) != 0) return 2;
        return static_cast<int>(*static_cast<const volatile char*>(own));
      }),
      kTaken);
}

TEST_F(CollectorFaultsTest, FilesAreCutUnderAHandlerThatWasThereBefore) {
  EXPECT_EQ(testing::RunInChild([&] {
              signal(SIGBUS, &Leave);
              return OutlivesCutting(300) && IsLeaveInstalled() ? kFine : 1;
            }),
            kFine);
}

// Ours gets nothing any more, so that nothing may be read in place.
TEST_F(CollectorFaultsTest, NothingIsReadInPlaceUnderAHandlerThatCameLater) {
  EXPECT_EQ(testing::RunInChild([&] {
              collect::Scrape scrape(testing::OptionsFor(directory_.path()));
              const auto reads = [&scrape](std::uint64_t files) {
                const std::uint64_t before = scrape.costs().files_read;
                return scrape.Pass().ok() &&
                       scrape.costs().files_read - before == files;
              };
              if (!reads(kFiles) || !reads(kFiles) || !reads(0)) return 1;
              signal(SIGBUS, &Leave);
              if (!reads(kFiles) || !reads(kFiles)) return 2;
              signal(SIGBUS, SIG_DFL);
              return reads(kFiles) ? kFine : 3;
            }),
            kFine);
}

TEST_F(CollectorFaultsTest, ValuesAreRightUnderAHandlerThatCameLater) {
  EXPECT_EQ(testing::RunInChild([&] {
              Collector kept(directory_.path());
              if (!CollectsThrice(&kept)) return 1;
              signal(SIGBUS, &Leave);
              for (int i = 0; i < 3; ++i) {
                living_[0].Store(0, i);
                if (Collected(&kept) != First()) return 2;
              }
              return kFine;
            }),
            kFine);
}

TEST_F(CollectorFaultsTest, FilesAreCutUnderAHandlerThatCameLater) {
  EXPECT_EQ(testing::RunInChild([&] {
              Collector other(directory_.path());
              if (!CollectsThrice(&other)) return 1;
              signal(SIGBUS, &Leave);
              return OutlivesCutting(300) ? kFine : 2;
            }),
            kFine);
}

TEST_F(CollectorFaultsTest, TheHandlerBeforeIsBackAfterTheLastCollector) {
  EXPECT_EQ(testing::RunInChild([&] {
              signal(SIGBUS, &Leave);
              std::optional<Collector> first(directory_.path());
              std::optional<Collector> second(directory_.path());
              if (!CollectsThrice(&*first) || !CollectsThrice(&*second)) {
                return 1;
              }
              if (IsLeaveInstalled()) return 2;
              first.reset();
              if (IsLeaveInstalled()) return 3;
              second.reset();
              return IsLeaveInstalled() ? kFine : 4;
            }),
            kFine);
}

}  // namespace
}  // namespace promshm
