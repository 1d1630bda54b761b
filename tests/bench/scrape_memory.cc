#include "tests/bench/scrape_memory.h"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "promshm/collector.h"
#include "tests/bench/spawned_program.h"

namespace promshm::bench {
namespace {

constexpr const char* kMeasured = "--measured";

double HeapBytes() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<double>(heap.uordblks + heap.hblkhd);
}

// A field of /proc/self/status, which counts in KiB.
double StatusBytes(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) {
      return 1024 * std::strtod(line.c_str() + field.size(), nullptr);
    }
  }
  throw std::runtime_error("/proc/self/status: no " + std::string(field));
}

}  // namespace

ScrapeMemory MeasureScrapes(const std::string& directory, int scrapes) {
  const std::string output = OutputOf(
      {"/proc/self/exe", kMeasured, directory, std::to_string(scrapes)});
  ScrapeMemory memory;
  if (!(std::istringstream(output) >> memory.peak >> memory.files >>
        memory.heap)) {
    throw std::runtime_error("memory: not measured");
  }
  return memory;
}

std::optional<int> RunIfMeasured(int argc, char** argv) {
  if (argc != 4 || std::string_view(argv[1]) != kMeasured) return std::nullopt;
  const double before = HeapBytes();
  Collector collector{std::string(argv[2])};
  const long scrapes = std::strtol(argv[3], nullptr, 10);
  for (long i = 0; i < scrapes; ++i) {
    const Result<Snapshot> snapshot = collector.Collect();
    if (!snapshot.ok()) throw std::runtime_error(snapshot.status().message());
  }
  std::printf("%.0f %.0f %.0f\n", StatusBytes("VmHWM:"),
              StatusBytes("RssFile:") + StatusBytes("RssShmem:"),
              HeapBytes() - before);
  return 0;
}

}  // namespace promshm::bench
