#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string_view>

#include "tests/bench/directory_generator.h"
#include "tests/bench/directory_shapes.h"

// Writes one of the directories that are measured, to look at by hand.

namespace promshm::bench {
namespace {

int PrintUsage() {
  std::fputs(
      "Usage: promshm_bench_directory SHAPE DIRECTORY [PROCESSES]\n"
      "\n"
      "Writes the files of PROCESSES processes into DIRECTORY, which is made.\n"
      "Shapes, with their processes and each one's entries:\n",
      stderr);
  for (const DirectoryShape& shape : kShapes) {
    std::fprintf(stderr, "  %-12s %5d  %6zu\n", shape.name, shape.processes,
                 EntriesOfProcess(shape));
  }
  return 2;
}

int Run(int argc, char** argv) {
  const DirectoryShape* found = argc < 3 ? nullptr : FindShape(argv[1]);
  if (found == nullptr || argc > 4) return PrintUsage();
  DirectoryShape shape = *found;
  if (argc == 4) {
    const std::string_view text = argv[3];
    const char* end = text.data() + text.size();
    const auto [stop, error] =
        std::from_chars(text.data(), end, shape.processes);
    if (error != std::errc() || stop != end || shape.processes < 1) {
      return PrintUsage();
    }
  }
  std::filesystem::create_directories(argv[2]);
  WriteDirectory(shape, argv[2]);
  return 0;
}

}  // namespace
}  // namespace promshm::bench

int main(int argc, char** argv) {
  try {
    return promshm::bench::Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "promshm_bench_directory: %s\n", error.what());
    return 2;
  }
}
