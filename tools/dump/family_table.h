#ifndef PROMSHM_TOOLS_DUMP_FAMILY_TABLE_H_
#define PROMSHM_TOOLS_DUMP_FAMILY_TABLE_H_

#include <cstddef>
#include <string>

#include "promshm/snapshot.h"

namespace promshm::tools {

// Columns of the terminal that stdout is; 0 when it is none.
std::size_t TerminalWidth();

// A line a family, with a heading: name, type, number of series and processes,
// and its value: a counter's sum, a gauge's value or range, how much a
// histogram or summary has observed and the mean. Values, then names, are
// shortened where `width` is not 0 and too small.
std::string FamilyTable(const Snapshot& snapshot, std::size_t width);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_DUMP_FAMILY_TABLE_H_
