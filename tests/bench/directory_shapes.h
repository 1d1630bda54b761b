#ifndef PROMSHM_TESTS_BENCH_DIRECTORY_SHAPES_H_
#define PROMSHM_TESTS_BENCH_DIRECTORY_SHAPES_H_

#include <array>
#include <string_view>

#include "tests/bench/directory_generator.h"

namespace promshm::bench {

// The directories that are measured.
inline constexpr std::array<DirectoryShape, 10> kShapes = {{
    // 192 files, 173,760 entries, 3,620 series.
    {"48", 48, 1300, 100, 120, 150},
    // 4,000 files, 960,000 entries, 960 series.
    {"1000", 1000, 300, 60, 30, 60},
    // 27,200 files, 489,600 entries, 72 series.
    {"6800", 6800, 24, 8, 2, 4},
    // 32 files, 360,000 entries, 45,000 series; short labels.
    {"8x45000", 8, 22'000, 4000, 1000, 1500, 1},
    // As 1000, but no two processes have the same files.
    {"1000-unlike", 1000, 300, 60, 30, 60, 3, 10, true},
    // Around 1000: a tenth of the processes, or of the entries, and tenfold.
    {"100x960", 100, 300, 60, 30, 60},
    {"1000x96", 1000, 30, 6, 3, 6},
    {"100x9600", 100, 3000, 600, 300, 600},
    {"1000x9600", 1000, 3000, 600, 300, 600},
    {"10000x960", 10'000, 300, 60, 30, 60},
}};

// Null where there is none.
constexpr const DirectoryShape* FindShape(std::string_view name) {
  for (const DirectoryShape& shape : kShapes) {
    if (shape.name == name) return &shape;
  }
  return nullptr;
}

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_DIRECTORY_SHAPES_H_
