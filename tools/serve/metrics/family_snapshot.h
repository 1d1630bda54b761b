#ifndef PROMSHM_TOOLS_SERVE_METRICS_FAMILY_SNAPSHOT_H_
#define PROMSHM_TOOLS_SERVE_METRICS_FAMILY_SNAPSHOT_H_

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "promshm/exposition.h"
#include "promshm/snapshot.h"

namespace promshm::tools {

// The families as a snapshot, for WriteExposition(). Counters and gauges of
// legacy names, each name once, are all that the program has of its own: others
// are left out. A counter's name ends in `_total`.
Snapshot ToSnapshot(const std::vector<prometheus::MetricFamily>& families);

struct FamiliesBeside {
  std::vector<prometheus::MetricFamily> families;
  std::vector<std::string> left_out;  // by name
};

// Those of the families that can stand in one exposition with the
// application's, in every format. Where a name is equal to one of the
// application's, as it is or escaped, or to one that belongs to the type of the
// other (`x_bucket` to a histogram `x`), the application's family stays.
FamiliesBeside WithoutCollisions(std::vector<prometheus::MetricFamily> families,
                                 const Snapshot& application);

// Appends the families to an exposition of that format, which may be empty.
void AppendExposition(const std::vector<prometheus::MetricFamily>& families,
                      const ExpositionFormat& format, std::string* text);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_FAMILY_SNAPSHOT_H_
