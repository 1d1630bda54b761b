#ifndef PROMSHM_COLLECT_FAMILY_NAMES_H_
#define PROMSHM_COLLECT_FAMILY_NAMES_H_

#include <string>

#include "promshm/snapshot.h"

namespace promshm::collect {

// The name a family has in text 0.0.4 and 1.0.0, and in JSON: a counter's is
// that of its sample, `x_total` from Python, `x` from clients that append
// nothing.
std::string TextFamilyName(const MetricFamily& family);

// The name a family has in OpenMetrics: a counter's without `_total`.
std::string OpenMetricsFamilyName(const MetricFamily& family);

// The type a family has in OpenMetrics: a counter whose sample does not end in
// `_total` may not be called one there, and is `unknown`.
std::string OpenMetricsTypeName(const MetricFamily& family);

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_FAMILY_NAMES_H_
