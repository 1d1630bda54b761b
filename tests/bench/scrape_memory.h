#ifndef PROMSHM_TESTS_BENCH_SCRAPE_MEMORY_H_
#define PROMSHM_TESTS_BENCH_SCRAPE_MEMORY_H_

#include <optional>
#include <string>

namespace promshm::bench {

// What a Collector takes, in bytes.
struct ScrapeMemory {
  double peak = 0;   // of the process, resident; mapped files count
  double files = 0;  // of what is resident in the end, mapped files
  double heap = 0;   // what the Collector has allocated after its last scrape
};

// Measures a Collector that scrapes a directory so often, in a process of its
// own: this program, run again, whose main() begins with RunIfMeasured().
// Trouble is thrown.
ScrapeMemory MeasureScrapes(const std::string& directory, int scrapes);

// Scrapes and prints, and returns the exit status, if the arguments are those
// of MeasureScrapes().
std::optional<int> RunIfMeasured(int argc, char** argv);

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_SCRAPE_MEMORY_H_
