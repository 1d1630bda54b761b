#ifndef PROMSHM_FORMAT_OPENTELEMETRY_NAME_H_
#define PROMSHM_FORMAT_OPENTELEMETRY_NAME_H_

#include <string>
#include <string_view>

#include "promshm/meter_provider_options.h"

namespace promshm::format {

// True for a letter and up to 254 letters, digits or `_.-/`: what the
// OpenTelemetry specification takes for an instrument's name.
bool IsInstrumentName(std::string_view name);

// Whether two instrument names are the same; case does not count.
bool IsSameInstrumentName(std::string_view a, std::string_view b);

// What the samples of an instrument of that name and unit are called, without
// `_total` and the like.
std::string MetricName(std::string_view name, std::string_view unit,
                       Naming naming);

// The same of a monotonic counter, with `_total`.
std::string CounterName(std::string_view name, std::string_view unit,
                        Naming naming);

// The label name of an attribute's key: both namings agree. Empty for an empty
// key, which can be none.
std::string LabelName(std::string_view key);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_OPENTELEMETRY_NAME_H_
