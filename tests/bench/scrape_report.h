#ifndef PROMSHM_TESTS_BENCH_SCRAPE_REPORT_H_
#define PROMSHM_TESTS_BENCH_SCRAPE_REPORT_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/ratio_table.h"
#include "tests/bench/scrape_memory.h"
#include "tests/bench/scrape_run.h"

namespace promshm::bench {

// What is asked of promshm in one directory: at most such a multiple of the
// other's time; 0: nothing.
struct ScrapeTargets {
  double dump = 0;   // of Python's collector
  double text = 0;   // of Python's collector and its text
  double first = 0;  // of the reading floor
  double again = 0;  // of the values floor and a listing
};

// A directory's memory, beside the same series written by one process.
struct DirectoryMemory {
  std::string name;
  ScrapeMemory first;
  ScrapeMemory again;
  ScrapeMemory one_process;
  double entries = 0;
  double entries_of_one_process = 0;
};

// Purpose: keeps what was measured and prints it as ratios.
//
// Thread safety: needs external locking.
class ScrapeReport {
 public:
  // A directory whose processes are alive.
  void AddAlive(const std::string& name, const ScrapeTargets& targets,
                const Times& times);

  // One that only shows how times grow.
  void AddForGrowth(const std::string& name, const Times& times) {
    alive_[name] = times;
  }

  // A directory of AddAlive() once more, with so many percent of them dead.
  void AddDead(const std::string& name, int dead_share, const Times& times);

  void AddMemory(DirectoryMemory memory) {
    memory_.push_back(std::move(memory));
  }

  void Print() const;

 private:
  void AddRatio(std::string name, double seconds, std::string other,
                double other_seconds, double target);
  void PrintGrowth() const;
  void PrintMemory() const;

  std::map<std::string, Times> alive_;
  std::vector<Ratio> ratios_;
  std::vector<DirectoryMemory> memory_;
};

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_SCRAPE_REPORT_H_
