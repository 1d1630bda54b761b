#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/directory_generator.h"
#include "tests/bench/live_writers.h"
#include "tests/bench/ratio_table.h"
#include "tests/bench/scrape_run.h"
#include "tests/support/temporary_directory.h"

// What a scrape costs, beside Python's collector and beside what no scrape can
// do without. Exits 1 when they do not say the same; times are only printed.

namespace promshm::bench {
namespace {

// A directory, and what is asked of promshm there; 0: nothing.
struct Case {
  DirectoryShape shape;
  double dump_times_faster;
  double text_times_faster;
  std::vector<int> dead_shares;  // percent, in turn
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {{"48", 48, 1300, 100, 120, 150}, 40, 300, {0}},
      {{"1000", 1000, 300, 60, 30, 60}, 40, 350, {0, 50, 95}},
      {{"6800", 6800, 24, 8, 2, 4}, 8, 0, {0}},
      {{"8x45000", 8, 22'000, 4000, 1000, 1500, 1}, 40, 200, {0}},
      {{"1000-unlike", 1000, 300, 60, 30, 60, 3, 10, true}, 0, 0, {0}},
  };
  return cases;
}

struct Arguments {
  RunOptions run;
  bool quick = false;
  std::vector<std::string_view> names;  // none: all
};

constexpr const char* kUsage =
    "Usage: promshm_bench_scrape [OPTION]... [DIRECTORY]...\n"
    "\n"
    "  --rounds=N           repetitions (default 15)\n"
    "  --python-seconds=N   spend so long on Python in each directory (20)\n"
    "  --clients=FOLDER     of prometheus_client, in FOLDER/current\n"
    "  --quick              a fiftieth of the processes: does it run at all?\n"
    "\n"
    "Directories: 48 1000 6800 8x45000 1000-unlike (default: all)\n";

bool TakeNumber(std::string_view argument, std::string_view option,
                int* number) {
  if (!argument.starts_with(option)) return false;
  argument.remove_prefix(option.size());
  const char* end = argument.data() + argument.size();
  const auto [stop, error] = std::from_chars(argument.data(), end, *number);
  return error == std::errc() && stop == end && *number > 0;
}

bool IsCase(std::string_view name) {
  for (const Case& each : Cases()) {
    if (name == each.shape.name) return true;
  }
  return false;
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
    } else if (IsCase(argument)) {
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

// Purpose: measures one directory after the other and keeps the ratios.
//
// Thread safety: needs external locking.
class ScrapeBench {
 public:
  explicit ScrapeBench(const Arguments& arguments) : arguments_(arguments) {}

  void Measure(Case one) {
    if (arguments_.quick) {
      one.shape.processes = std::max(2, one.shape.processes / 50);
    }
    const testing::TemporaryDirectory place;
    const std::vector<ProcessFiles> processes =
        WriteDirectory(one.shape, place.path());
    std::printf("\n%s: %d processes, %zu files, %zu entries\n", one.shape.name,
                one.shape.processes, kFilesOfProcess * processes.size(),
                EntriesOfProcess(one.shape) * processes.size());
    double all_alive = std::nan("");
    for (const int dead_share : one.dead_shares) {
      const LiveWriters writers(AliveFiles(processes, dead_share, place));
      RunOptions options = arguments_.run;
      options.peers = dead_share == 0;
      const RunResult result = TimeScrapes(place.path(), options);
      Report(one, dead_share, result);
      const double again = result.times.Median(Row::kAgain);
      if (dead_share == 0) {
        all_alive = again;
        Compare(one, result.times);
      } else {
        AddRatio(std::string(one.shape.name) + " again, " +
                     std::to_string(dead_share) + " % dead",
                 again, "all alive", all_alive, dead_share == 95 ? 0.25 : 0);
      }
    }
  }

  int Finish() const {
    PrintRatios("ms", ratios_);
    for (const std::string& mismatch : mismatches_) {
      std::fprintf(stderr, "%s\n", mismatch.c_str());
    }
    return mismatches_.empty() ? 0 : 1;
  }

 private:
  void Report(const Case& one, int dead_share, const RunResult& result) {
    std::printf("%d %% dead; %zu bytes read, %zu bytes of text\n", dead_share,
                result.bytes_read, result.text_bytes);
    for (std::size_t i = 0; i < kRows; ++i) {
      const Row row = static_cast<Row>(i);
      if (result.times.Count(row) == 0) continue;
      std::printf("  %-20s %10.3f ms  (%zu times)\n", NameOf(row),
                  result.times.Median(row) * 1e3, result.times.Count(row));
    }
    if (!result.no_python.empty()) {
      std::printf("  %s: %s\n  %s: %s\n", NameOf(Row::kPythonCollect),
                  result.no_python.c_str(), NameOf(Row::kPythonScrape),
                  result.no_python.c_str());
    }
    std::fflush(stdout);
    for (const std::string& mismatch : result.mismatches) {
      mismatches_.push_back(std::string(one.shape.name) + ": " + mismatch);
    }
  }

  void Compare(const Case& one, const Times& times) {
    const std::string name = one.shape.name;
    const auto compare = [&](Row row, Row other, double target) {
      AddRatio(name + ' ' + NameOf(row), times.Median(row), NameOf(other),
               times.Median(other), target);
    };
    const auto faster = [](double by) { return by == 0 ? 0 : 1 / by; };
    compare(Row::kDump, Row::kPythonCollect, faster(one.dump_times_faster));
    compare(Row::kDump, Row::kPythonScrape, 0);
    compare(Row::kFirst, Row::kReadFloor, 2.0);
    compare(Row::kSecond, Row::kFirst, 0);
    AddRatio(name + ' ' + NameOf(Row::kAgain), times.Median(Row::kAgain),
             "values floor and listing",
             times.Median(Row::kValueFloor) + times.Median(Row::kListing), 1.5);
    compare(Row::kAgainText, Row::kPythonScrape, faster(one.text_times_faster));
  }

  void AddRatio(std::string name, double seconds, std::string other,
                double other_seconds, double target) {
    ratios_.push_back({std::move(name), seconds * 1e3, std::move(other),
                       other_seconds * 1e3, target});
  }

  const Arguments arguments_;
  std::vector<Ratio> ratios_;
  std::vector<std::string> mismatches_;
};

int Run(int argc, char** argv) {
  const std::optional<Arguments> arguments = ReadArguments(argc, argv);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  ScrapeBench bench(*arguments);
  for (const Case& one : Cases()) {
    const auto& names = arguments->names;
    if (names.empty() ||
        std::find(names.begin(), names.end(), one.shape.name) != names.end()) {
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
