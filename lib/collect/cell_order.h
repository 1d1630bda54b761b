#ifndef PROMSHM_COLLECT_CELL_ORDER_H_
#define PROMSHM_COLLECT_CELL_ORDER_H_

#include <cstdint>
#include <vector>

#include "collect/series_index.h"

namespace promshm::collect {

// Sorts the cells of a family as an exposition has them: series by their
// labels; within one, buckets by their bounds, then what else there is, with
// `_sum` and `_count` last. `places` is memory, by label set, of which the
// contents have no meaning.
void SortCells(const SeriesIndex& index, std::vector<std::uint32_t>* places,
               std::vector<std::uint32_t>* cells);

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_CELL_ORDER_H_
