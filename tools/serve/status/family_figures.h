#ifndef PROMSHM_TOOLS_SERVE_STATUS_FAMILY_FIGURES_H_
#define PROMSHM_TOOLS_SERVE_STATUS_FAMILY_FIGURES_H_

#include "promshm/snapshot.h"
#include "tools/serve/status/json_answer.h"

namespace promshm::tools {

// Adds to `json` what all series of a family come to:
//
//   counter              value: the sum
//   gauge                min, max, sum; NaN is no smallest and no largest
//   histogram, summary   count, sum; of a histogram buckets, each with its
//                        bound le and the count of all at or below it
//
// Of more than 256 buckets some are left out. A gauge without series has no
// figures.
void AddFamilyFigures(const Snapshot& snapshot, const MetricFamily& family,
                      Json* json);

// The same of one series of the family; a gauge has a value.
void AddSeriesFigures(const Snapshot& snapshot, const MetricFamily& family,
                      const Series& series, Json* json);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_FAMILY_FIGURES_H_
