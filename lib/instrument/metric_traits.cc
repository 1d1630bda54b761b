#include "instrument/metric_traits.h"

#include <stdexcept>
#include <utility>

#include "format/name_pattern.h"
#include "format/opentelemetry_name.h"
#include "instrument/family_core.h"

namespace promshm::otel {
namespace {

constexpr std::string_view kTotal = "_total";

bool IsCounter(InstrumentKind kind) {
  return kind == InstrumentKind::kCounter ||
         kind == InstrumentKind::kObservableCounter;
}

bool IsUpDownCounter(InstrumentKind kind) {
  return kind == InstrumentKind::kUpDownCounter ||
         kind == InstrumentKind::kObservableUpDownCounter;
}

// Readers add it to series, or drop it: `pid` is not kept in any gauge's mode.
std::string OwnLabel(InstrumentKind kind) {
  if (IsCounter(kind)) return {};
  return kind == InstrumentKind::kHistogram ? "le" : "pid";
}

std::vector<double> DefaultBounds(std::string_view unit) {
  std::vector<double> bounds = {0,   5,   10,   25,   50,   75,   100,  250,
                                500, 750, 1000, 2500, 5000, 7500, 10000};
  if (unit == "s") {
    for (double& bound : bounds) bound /= 1000;
  }
  return bounds;
}

bool Matches(const View& view, const InstrumentDescription& instrument) {
  return format::MatchesPattern(view.instrument, instrument.name,
                                format::LetterCase::kIgnored) &&
         (!view.unit || *view.unit == instrument.unit);
}

// What the first view that states a property says of it.
template <typename T>
std::optional<T> FromViews(const MeterProviderOptions& options,
                           const InstrumentDescription& instrument,
                           std::optional<T> View::*property) {
  for (const View& view : options.views) {
    if (view.*property && Matches(view, instrument)) return view.*property;
  }
  return std::nullopt;
}

std::vector<double> BoundsOf(const InstrumentDescription& instrument,
                             const MeterProviderOptions& options,
                             std::string* problem) {
  for (const auto& bounds :
       {FromViews(options, instrument, &View::bounds), options.bounds}) {
    if (!bounds) continue;
    try {
      return instrument::CheckBounds(*bounds);
    } catch (const std::invalid_argument& error) {
      *problem = error.what();
    }
  }
  return DefaultBounds(instrument.unit);
}

}  // namespace

std::string_view ToString(InstrumentKind kind) {
  switch (kind) {
    case InstrumentKind::kCounter:
      return "counter";
    case InstrumentKind::kUpDownCounter:
      return "updowncounter";
    case InstrumentKind::kHistogram:
      return "histogram";
    case InstrumentKind::kGauge:
      return "gauge";
    case InstrumentKind::kObservableCounter:
      return "observable_counter";
    case InstrumentKind::kObservableUpDownCounter:
      return "observable_updowncounter";
    case InstrumentKind::kObservableGauge:
      break;
  }
  return "observable_gauge";
}

bool IsObservable(InstrumentKind kind) {
  return kind == InstrumentKind::kObservableCounter ||
         kind == InstrumentKind::kObservableUpDownCounter ||
         kind == InstrumentKind::kObservableGauge;
}

MetricTraits MakeTraits(const InstrumentDescription& instrument,
                        const MeterProviderOptions& options,
                        const Labels& scope_labels, std::string* problem) {
  MetricTraits traits;
  traits.kind = instrument.kind;
  const auto name_of =
      IsCounter(traits.kind) ? &format::CounterName : &format::MetricName;
  traits.name = name_of(instrument.name, instrument.unit, options.naming);
  traits.mode =
      FromViews(options, instrument, &View::mode)
          .value_or(IsUpDownCounter(traits.kind) ? options.up_down_counter_mode
                                                 : options.gauge_mode);
  traits.scope_labels = scope_labels;
  traits.instrument = instrument.name;
  traits.own_label = OwnLabel(traits.kind);
  traits.kept_keys = FromViews(options, instrument, &View::attribute_keys);
  if (traits.kind == InstrumentKind::kHistogram) {
    traits.bounds = BoundsOf(instrument, options, problem);
  }
  return traits;
}

MetricTraits WithKindInName(MetricTraits traits) {
  const bool has_total = IsCounter(traits.kind);
  if (has_total) traits.name.resize(traits.name.size() - kTotal.size());
  traits.name.append("_").append(ToString(traits.kind));
  if (has_total) traits.name.append(kTotal);
  return traits;
}

}  // namespace promshm::otel
