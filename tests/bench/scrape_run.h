#ifndef PROMSHM_TESTS_BENCH_SCRAPE_RUN_H_
#define PROMSHM_TESTS_BENCH_SCRAPE_RUN_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace promshm::bench {

// What is timed.
enum class Row {
  kPythonCollect,
  kPythonScrape,
  kReadFloor,
  kListing,
  kDump,
  kFirst,
  kSecond,
  kValueFloor,
  kAgain,
  kAgainText,
};
inline constexpr std::size_t kRows = 10;

// As tables call it.
const char* NameOf(Row row);

// The programs beside which promshm is timed, and how often.
struct RunOptions {
  int rounds = 15;
  bool peers = true;           // Python and promshm-dump, too
  double python_seconds = 20;  // to spend on Python in a directory
  std::string dump;            // promshm-dump
  std::string clients;         // folder of Python clients, current/ in it
};

// Purpose: collects what repetitions took.
//
// A value. Thread safety: const methods may be called from several threads;
// anything else needs external locking.
class Times {
 public:
  void Add(Row row, double seconds) {
    seconds_[static_cast<std::size_t>(row)].push_back(seconds);
  }

  std::size_t Count(Row row) const {
    return seconds_[static_cast<std::size_t>(row)].size();
  }

  // In seconds; not a number where there is none.
  double Median(Row row) const;
  double Fastest(Row row) const;

 private:
  std::array<std::vector<double>, kRows> seconds_;
};

struct RunResult {
  Times times;
  std::size_t bytes_read = 0;
  std::size_t text_bytes = 0;
  std::string no_python;  // why its rows are missing
  std::vector<std::string> mismatches;
};

// Times scrapes of a directory, row by row in each round, and compares what
// they say. Trouble is thrown.
RunResult TimeScrapes(const std::string& directory, const RunOptions& options);

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_SCRAPE_RUN_H_
