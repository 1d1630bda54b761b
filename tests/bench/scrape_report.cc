#include "tests/bench/scrape_report.h"

#include <cstdio>
#include <utility>

namespace promshm::bench {
namespace {

constexpr double kMilliseconds = 1e3;
constexpr double kMostBytesOfEntry = 12;

// What grows tenfold from one directory to another.
struct Growth {
  const char* what;
  const char* from;
  const char* to;
  double target;
};
constexpr Growth kGrowths[] = {
    {"entries", "1000x96", "1000", 11},
    {"entries", "1000", "1000x9600", 11},
    {"processes", "100x960", "1000", 11},
    {"processes", "1000", "10000x960", 11},
    // As many entries in all.
    {"files", "100x960", "1000x96", 0},
    {"files", "100x9600", "1000", 0},
};
constexpr Row kGrowing[] = {Row::kFirst, Row::kAgain, Row::kReadFloor,
                            Row::kValueFloor};

double Mebibytes(double bytes) { return bytes / (1 << 20); }

}  // namespace

void ScrapeReport::AddAlive(const std::string& name,
                            const ScrapeTargets& targets, const Times& times) {
  const auto compare = [&](Row row, Row other, double target) {
    AddRatio(name + ' ' + NameOf(row), times.Median(row), NameOf(other),
             times.Median(other), target);
  };
  compare(Row::kDump, Row::kPythonCollect, targets.dump);
  compare(Row::kDump, Row::kPythonScrape, 0);
  compare(Row::kFirst, Row::kReadFloor, targets.first);
  compare(Row::kSecond, Row::kFirst, 0);
  AddRatio(name + ' ' + NameOf(Row::kAgain), times.Median(Row::kAgain),
           "values floor and listing",
           times.Median(Row::kValueFloor) + times.Median(Row::kListing),
           targets.again);
  compare(Row::kAgainText, Row::kPythonScrape, targets.text);
  alive_[name] = times;
}

void ScrapeReport::AddDead(const std::string& name, int dead_share,
                           const Times& times) {
  AddRatio(name + " again, " + std::to_string(dead_share) + " % dead",
           times.Median(Row::kAgain), "all alive",
           alive_.at(name).Median(Row::kAgain), dead_share >= 95 ? 0.25 : 0);
}

void ScrapeReport::Print() const {
  PrintRatios("ms", ratios_);
  PrintGrowth();
  PrintMemory();
}

void ScrapeReport::AddRatio(std::string name, double seconds, std::string other,
                            double other_seconds, double target) {
  ratios_.push_back({std::move(name), seconds * kMilliseconds, std::move(other),
                     other_seconds * kMilliseconds, target});
}

void ScrapeReport::PrintGrowth() const {
  std::vector<Ratio> ratios;
  for (const Growth& growth : kGrowths) {
    const auto from = alive_.find(growth.from);
    const auto to = alive_.find(growth.to);
    if (from == alive_.end() || to == alive_.end()) continue;
    for (const Row row : kGrowing) {
      const bool ours = row == Row::kFirst || row == Row::kAgain;
      ratios.push_back({std::string("10 x ") + growth.what + ", " + NameOf(row),
                        to->second.Median(row) * kMilliseconds,
                        std::string(growth.to) + " from " + growth.from,
                        from->second.Median(row) * kMilliseconds,
                        ours ? growth.target : 0});
    }
  }
  if (!ratios.empty()) PrintRatios("ms", ratios);
}

void ScrapeReport::PrintMemory() const {
  if (memory_.empty()) return;
  std::printf("\n%-12s %12s %12s %12s %12s  %15s  %s\n", "memory, MiB",
              "peak, first", "peak, again", "mapped files", "heap, again",
              "bytes an entry", "target");
  for (const DirectoryMemory& each : memory_) {
    const double of_entry = (each.again.heap - each.one_process.heap) /
                            (each.entries - each.entries_of_one_process);
    std::printf("%-12s %12.1f %12.1f %12.1f %12.2f  %15.1f  %.0f: %s\n",
                each.name.c_str(), Mebibytes(each.first.peak),
                Mebibytes(each.again.peak), Mebibytes(each.again.files),
                Mebibytes(each.again.heap), of_entry, kMostBytesOfEntry,
                of_entry <= kMostBytesOfEntry ? "met" : "missed");
  }
}

}  // namespace promshm::bench
