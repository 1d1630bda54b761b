#ifndef PROMSHM_COLLECT_LAYOUT_BUILDER_H_
#define PROMSHM_COLLECT_LAYOUT_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collect/series_index.h"
#include "promshm/issue.h"
#include "promshm/snapshot.h"

namespace promshm::collect {

// A file of the source of that number.
struct SourceFile {
  std::size_t source = 0;
  std::shared_ptr<const std::string> path;
};

// A group that has entries in the sources.
struct SeenGroup {
  std::uint32_t group = 0;
  std::string help;
  std::vector<SourceFile> files;  // the first of each source that has some
};

// How a snapshot's values come from the cells, one rule a value, in order.
struct ValueRule {
  enum class Kind : std::uint8_t {
    kCopy,         // the cell
    kZero,         // 0, and buckets begin anew
    kFirstBucket,  // the cell, and buckets begin anew with it
    kNextBucket,   // the cell added to the buckets so far
    kTotal,        // the buckets so far
  };
  Kind kind = Kind::kCopy;
  std::uint32_t cell = 0;
};

// A snapshot without its numbers, and how to get them.
struct Layout {
  std::shared_ptr<const SnapshotLayout> families;
  std::vector<ValueRule> rules;
  std::vector<std::uint32_t> groups;  // of the families, in order
  std::vector<Issue> conflicts;       // groups that were left out
};

// Orders the given cells (those that have a value) of the given groups into
// families. Of groups that cannot stand in one exposition (same family, other
// type or mode; or a sample of one is named like a sample of the other) the
// first in `groups` is kept.
Layout BuildLayout(const SeriesIndex& index,
                   const std::vector<SeenGroup>& groups,
                   const std::vector<std::uint32_t>& cells);

// `values[cell]` is what a cell has merged to.
std::vector<double> ApplyRules(const std::vector<ValueRule>& rules,
                               const std::vector<double>& values);

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_LAYOUT_BUILDER_H_
