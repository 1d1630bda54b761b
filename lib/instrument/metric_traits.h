#ifndef PROMSHM_INSTRUMENT_METRIC_TRAITS_H_
#define PROMSHM_INSTRUMENT_METRIC_TRAITS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/gauge_mode.h"
#include "promshm/labels.h"
#include "promshm/meter_provider_options.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

// What a metric is. Instruments that make the same metric share its state.
struct MetricTraits {
  InstrumentKind kind = InstrumentKind::kCounter;
  std::string name;  // as the family is registered
  GaugeMode mode = GaugeMode::kAll;
  Labels scope_labels;

  std::string instrument;  // the name of the first that made it, for reports
  std::string own_label;   // that the file gives its series, or empty
  std::optional<std::vector<std::string>> kept_keys;  // of attributes
  std::vector<double> bounds;                         // of a histogram
};

// As names and reports have it: `counter`, `observable_gauge`.
std::string_view ToString(InstrumentKind kind);

bool IsObservable(InstrumentKind kind);

// What an instrument makes, by the options. Bounds that do not rise are told to
// `problem` and left out.
MetricTraits MakeTraits(const InstrumentDescription& instrument,
                        const MeterProviderOptions& options,
                        const Labels& scope_labels, std::string* problem);

// The same under a name that tells its kind.
MetricTraits WithKindInName(MetricTraits traits);

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_METRIC_TRAITS_H_
