#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tests/bench/directory_generator.h"
#include "tests/bench/directory_shapes.h"
#include "tests/bench/live_writers.h"
#include "tests/bench/scrape_memory.h"
#include "tests/bench/scrape_report.h"
#include "tests/bench/scrape_run.h"
#include "tests/support/temporary_directory.h"

// What a scrape costs, beside Python's collector and beside what no scrape can
// do without. Exits 1 when they do not say the same; times are only printed.

namespace promshm::bench {
namespace {

struct Case {
  const char* shape;
  ScrapeTargets targets;
  bool for_growth = false;  // only: without Python, promshm-dump and memory
};

constexpr Case kCases[] = {
    {"48", {1.0 / 40, 1.0 / 300, 2, 1.5}},
    {"1000", {1.0 / 40, 1.0 / 350, 2, 1.5}},
    {"6800", {1.0 / 8, 0, 2, 1.5}},
    {"8x45000", {1.0 / 40, 1.0 / 200, 2, 1.5}},
    {"1000-unlike", {}},
    {"100x960", {}, true},
    {"1000x96", {}, true},
    {"100x9600", {}, true},
    {"1000x9600", {}, true},
    {"10000x960", {}, true},
};
constexpr const char* kWithDead = "1000";
constexpr int kDeadShares[] = {50, 95};

// A Collector has all that it keeps.
constexpr int kScrapesForMemory = 5;

// The largest directories are among them.
constexpr int kFewerForGrowth = 3;

constexpr int kQuickDivisor = 50;

constexpr const char* kUsage =
    "Usage: promshm_bench_scrape [OPTION]... [DIRECTORY]...\n"
    "\n"
    "  --rounds=N           repetitions (default: 15)\n"
    "  --python-seconds=N   to spend on Python in a directory (default: 20)\n"
    "  --clients=FOLDER     with prometheus_client in FOLDER/current\n"
    "  --quick              a fiftieth of the processes: does it run through?\n"
    "\n"
    "Directories, default all:";

struct Arguments {
  RunOptions run;
  bool quick = false;
  std::vector<std::string_view> names;  // none: all
};

bool TakeNumber(std::string_view argument, std::string_view option,
                int* number) {
  if (!argument.starts_with(option)) return false;
  argument.remove_prefix(option.size());
  const char* end = argument.data() + argument.size();
  const auto [stop, error] = std::from_chars(argument.data(), end, *number);
  return error == std::errc() && stop == end && *number > 0;
}

std::optional<Arguments> ReadArguments(int argc, char** argv) {
  constexpr std::string_view kClients = "--clients=";
  Arguments arguments;
  arguments.run.dump = PROMSHM_BENCH_DUMP;
  arguments.run.clients = PROMSHM_PYTHON_CLIENTS;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    int number = 0;
    if (TakeNumber(argument, "--rounds=", &number)) {
      arguments.run.rounds = number;
    } else if (TakeNumber(argument, "--python-seconds=", &number)) {
      arguments.run.python_seconds = number;
    } else if (argument.starts_with(kClients)) {
      arguments.run.clients = argument.substr(kClients.size());
    } else if (argument == "--quick") {
      arguments.quick = true;
    } else if (FindShape(argument) != nullptr) {
      arguments.names.push_back(argument);
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

// The files of all processes but `dead_share` percent, evenly spread.
std::vector<std::string> AliveFiles(const std::vector<ProcessFiles>& processes,
                                    int dead_share,
                                    const testing::TemporaryDirectory& place) {
  std::vector<std::string> paths;
  int dead = 0;
  for (const ProcessFiles& process : processes) {
    dead += dead_share;
    if (dead >= 100) {
      dead -= 100;
      continue;
    }
    for (const std::string& file : process) paths.push_back(place.PathOf(file));
  }
  return paths;
}

// Or the disk would be busy with the files while times are taken.
void SynchronizeDisk(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || syncfs(fd) != 0) {
    throw std::system_error(errno, std::generic_category(), directory);
  }
  close(fd);
}

double Entries(const DirectoryShape& shape) {
  return static_cast<double>(EntriesOfProcess(shape)) * shape.processes;
}

// What a Collector takes for a directory, and for one process of it.
DirectoryMemory MeasureMemory(DirectoryShape shape) {
  // All processes have the same series then.
  shape.own_counters = 0;
  DirectoryMemory memory;
  memory.name = shape.name;
  memory.entries = Entries(shape);
  {
    const testing::TemporaryDirectory place;
    const LiveWriters writers(
        AliveFiles(WriteDirectory(shape, place.path()), 0, place));
    memory.first = MeasureScrapes(place.path(), 1);
    memory.again = MeasureScrapes(place.path(), kScrapesForMemory);
  }
  shape.processes = 1;
  memory.entries_of_one_process = Entries(shape);
  const testing::TemporaryDirectory place;
  const LiveWriters writers(
      AliveFiles(WriteDirectory(shape, place.path()), 0, place));
  memory.one_process = MeasureScrapes(place.path(), kScrapesForMemory);
  return memory;
}

// Purpose: measures one directory after the other.
//
// Thread safety: needs external locking.
class ScrapeBench {
 public:
  explicit ScrapeBench(const Arguments& arguments) : arguments_(arguments) {}

  void Measure(const Case& one) {
    DirectoryShape shape = *FindShape(one.shape);
    if (arguments_.quick) {
      shape.processes = std::max(2, shape.processes / kQuickDivisor);
    }
    const testing::TemporaryDirectory place;
    const std::vector<ProcessFiles> processes =
        WriteDirectory(shape, place.path());
    if (!arguments_.quick) SynchronizeDisk(place.path());
    std::printf("\n%s: %d processes, %zu files, %.0f entries\n", shape.name,
                shape.processes, kFilesOfProcess * processes.size(),
                Entries(shape));
    const RunResult alive = Time(one, place, processes, 0);
    if (one.for_growth) {
      report_.AddForGrowth(one.shape, alive.times);
      return;
    }
    report_.AddAlive(one.shape, one.targets, alive.times);
    report_.AddMemory(MeasureMemory(shape));
    if (one.shape != std::string_view(kWithDead)) return;
    for (const int dead_share : kDeadShares) {
      const RunResult dead = Time(one, place, processes, dead_share);
      report_.AddDead(one.shape, dead_share, dead.times);
    }
  }

  // The exit status.
  int Finish() const {
    report_.Print();
    for (const std::string& mismatch : mismatches_) {
      std::fprintf(stderr, "%s\n", mismatch.c_str());
    }
    return mismatches_.empty() ? 0 : 1;
  }

 private:
  RunResult Time(const Case& one, const testing::TemporaryDirectory& place,
                 const std::vector<ProcessFiles>& processes, int dead_share) {
    const LiveWriters writers(AliveFiles(processes, dead_share, place));
    RunOptions options = arguments_.run;
    options.peers = dead_share == 0 && !one.for_growth;
    if (one.for_growth) {
      options.rounds = std::max(1, options.rounds / kFewerForGrowth);
    }
    RunResult result = TimeScrapes(place.path(), options);
    std::printf("%d %% dead; %zu bytes read, %zu bytes of text\n", dead_share,
                result.bytes_read, result.text_bytes);
    for (std::size_t i = 0; i < kRows; ++i) {
      const Row row = static_cast<Row>(i);
      if (result.times.Count(row) == 0) continue;
      std::printf("  %-20s %10.3f ms of %zu, fastest %.3f\n", NameOf(row),
                  result.times.Median(row) * 1e3, result.times.Count(row),
                  result.times.Fastest(row) * 1e3);
    }
    if (!result.no_python.empty()) {
      for (const Row row : {Row::kPythonCollect, Row::kPythonScrape}) {
        std::printf("  %-20s %s\n", NameOf(row), result.no_python.c_str());
      }
    }
    std::fflush(stdout);
    for (const std::string& mismatch : result.mismatches) {
      mismatches_.push_back(std::string(one.shape) + ": " + mismatch);
    }
    return result;
  }

  const Arguments arguments_;
  ScrapeReport report_;
  std::vector<std::string> mismatches_;
};

int Run(int argc, char** argv) {
  if (const std::optional<int> status = RunIfMeasured(argc, argv)) {
    return *status;
  }
  const std::optional<Arguments> arguments = ReadArguments(argc, argv);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    for (const Case& one : kCases) std::fprintf(stderr, " %s", one.shape);
    std::fputs("\n", stderr);
    return 2;
  }
  ScrapeBench bench(*arguments);
  for (const Case& one : kCases) {
    const auto& names = arguments->names;
    if (names.empty() ||
        std::find(names.begin(), names.end(), one.shape) != names.end()) {
      bench.Measure(one);
    }
  }
  return bench.Finish();
}

}  // namespace
}  // namespace promshm::bench

int main(int argc, char** argv) {
  try {
    return promshm::bench::Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "promshm_bench_scrape: %s\n", error.what());
    return 2;
  }
}
