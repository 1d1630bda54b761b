#ifndef PROMSHM_MAINTAIN_UNCUMULATE_H_
#define PROMSHM_MAINTAIN_UNCUMULATE_H_

#include <vector>

#include "collect/series_index.h"

namespace promshm::maintain {

// Makes of cumulated buckets what lies in each of them; both lists are by cell.
// A stored count that goes beyond the last bucket, which then is not +Inf,
// becomes what lies there, and is marked in `are_last`.
void Uncumulate(const collect::SeriesIndex& index, std::vector<double>* values,
                std::vector<bool>* are_last);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_UNCUMULATE_H_
