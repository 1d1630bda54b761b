#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tests/bench/directory_generator.h"
#include "tests/bench/directory_shapes.h"
#include "tests/bench/ratio_table.h"
#include "tests/bench/spawned_program.h"
#include "tests/support/temporary_directory.h"

// What folding the files of dead processes costs, beside a first scrape of the
// same directory, and beside what no cleaner can do without: setting the files
// aside and removing them. Exits 1 when a sum is not what it was, when files
// are left, or when it takes too much memory; times are only printed.

namespace promshm::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kShape = "1000";
constexpr int kQuickDivisor = 50;
constexpr std::size_t kMostFilesLeft = 8;
constexpr long kMostKilobytes = 100'000;

struct Times {
  std::vector<double> scrape;
  std::vector<double> gc;
  std::vector<double> floor;
  long kilobytes = 0;  // at most, of promshm-gc
};

double Milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Milliseconds that a program takes, whose output is of no interest.
double TimeOf(const std::vector<std::string>& command, long* kilobytes) {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const Clock::time_point start = Clock::now();
  const pid_t child = Spawn(command, nowhere);
  int status = 0;
  rusage usage{};
  const bool ended = wait4(child, &status, 0, &usage) == child;
  const double time = Milliseconds(Clock::now() - start);
  close(nowhere);
  if (!ended || status != 0) {
    throw std::runtime_error(command.front() + ": failed");
  }
  *kilobytes = std::max(*kilobytes, usage.ru_maxrss);
  return time;
}

void Check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

void CheckCall(int result, const char* what) {
  if (result != 0)
    throw std::system_error(errno, std::generic_category(), what);
}

// Sets all files aside and removes them, by one thread.
double TimeOfRemoval(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    names.push_back(entry.path().filename());
  }
  const Clock::time_point start = Clock::now();
  const int from = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CheckCall(mkdirat(from, "old", 0700), "mkdirat");
  const int to = openat(from, "old", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (const std::string& name : names) {
    CheckCall(renameat(from, name.c_str(), to, name.c_str()), "renameat");
  }
  for (const std::string& name : names) {
    CheckCall(unlinkat(to, name.c_str(), 0), "unlinkat");
  }
  const double time = Milliseconds(Clock::now() - start);
  close(to);
  close(from);
  return time;
}

std::size_t CountFiles(const std::string& path) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

void RunRound(const DirectoryShape& shape, Times* times) {
  const std::vector<std::string> dump = {PROMSHM_BENCH_DUMP, "-o",
                                         "prometheus"};
  const auto dump_of = [&dump](const std::string& path) {
    std::vector<std::string> command = dump;
    command.push_back(path);
    return command;
  };
  {
    const testing::TemporaryDirectory directory;
    const std::string& path = directory.path();
    WriteDirectory(shape, path);
    const std::string before = OutputOf(dump_of(path));
    long unused = 0;
    times->scrape.push_back(TimeOf(dump_of(path), &unused));
    times->gc.push_back(
        TimeOf({PROMSHM_BENCH_GC, "--compact", path}, &times->kilobytes));
    Check(OutputOf(dump_of(path)) == before, "the sums are not what they were");
    Check(CountFiles(path) <= kMostFilesLeft, "more files are left");
  }
  const testing::TemporaryDirectory directory;
  const std::string& path = directory.path();
  WriteDirectory(shape, path);
  times->floor.push_back(TimeOfRemoval(path));
}

int Run(int rounds, bool quick) {
  DirectoryShape shape = *FindShape(kShape);
  if (quick) shape.processes /= kQuickDivisor;
  Times times;
  for (int i = 0; i < rounds; ++i) RunRound(shape, &times);
  std::printf("%d dead processes, %d files, %d rounds\n", shape.processes,
              shape.processes * kFilesOfProcess, rounds);
  const double scrape = Median(times.scrape);
  const double gc = Median(times.gc);
  const double floor = Median(times.floor);
  const std::array<Ratio, 3> ratios = {
      {{"gc --compact", gc, "first scrape", scrape, 2},
       {"rename and unlink alone", floor, "first scrape", scrape, 0},
       {"gc --compact", gc, "scrape, rename and unlink", scrape + floor, 0}}};
  PrintRatios("ms", ratios);
  std::printf("memory: %ld kB at most\n", times.kilobytes);
  Check(times.kilobytes < kMostKilobytes, "promshm-gc: too much memory");
  return 0;
}

}  // namespace
}  // namespace promshm::bench

int main(int argc, char** argv) {
  int rounds = 15;
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--quick") {
      quick = true;
      rounds = 1;
    } else if (argument.starts_with("--rounds=") &&
               std::atoi(argv[i] + std::string_view("--rounds=").size()) > 0) {
      rounds = std::atoi(argv[i] + std::string_view("--rounds=").size());
    } else {
      std::fprintf(stderr,
                   "Usage: promshm_bench_clean [--rounds=N] [--quick]\n");
      return 2;
    }
  }
  try {
    return promshm::bench::Run(rounds, quick);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "promshm_bench_clean: %s\n", error.what());
    return 1;
  }
}
