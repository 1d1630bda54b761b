#ifndef PROMSHM_TESTS_BENCH_DIRECTORY_GENERATOR_H_
#define PROMSHM_TESTS_BENCH_DIRECTORY_GENERATOR_H_

#include <cstddef>
#include <string>
#include <vector>

namespace promshm::bench {

// A directory as the processes of one service leave it: each writes four
// files, with the same keys in the same order unless told otherwise.
struct DirectoryShape {
  const char* name = "";
  int processes = 1;

  // Label sets in each process.
  int counters = 0;    // an entry each
  int gauges = 0;      // an entry each, mode sum
  int histograms = 0;  // 16 entries each
  int summaries = 0;   // 2 entries each

  // How many labels a label set has at most, 1 to 3.
  int labels = 3;

  // Further counters of each process that no other process has.
  int own_counters = 0;

  // Each process begins its files with another one of the label sets.
  bool rotated = false;
};

inline constexpr int kFilesOfProcess = 4;

std::size_t EntriesOfProcess(const DirectoryShape& shape);

// The files of one process, as names in the directory.
using ProcessFiles = std::vector<std::string>;

// Fills a directory with the files of prometheus_client 0.18 and later: sparse,
// of 64 KiB doubled as often as it takes. The same shape always gives the same
// bytes. Trouble is thrown.
std::vector<ProcessFiles> WriteDirectory(const DirectoryShape& shape,
                                         const std::string& path);

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_DIRECTORY_GENERATOR_H_
