#include "tests/stress/opentelemetry_workload.h"

#include <opentelemetry/context/context.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/nostd/variant.h>

#include <limits>

#include "promshm/labels.h"

namespace promshm::testing {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

constexpr int kSeries = 5;

Totals ExpectedOf(const Labels& labels, double times) {
  const auto bucket = [&labels](const char* family, const char* bound) {
    Labels all = labels;
    all["le"] = bound;
    return SeriesName(std::string(family) + "_bucket", all);
  };
  return {
      {SeriesName("jobs_total", labels), times},
      {SeriesName("work_total", labels), OpenTelemetryWorkload::kUnit * times},
      {SeriesName("open", labels), 2 * times},
      {SeriesName("load", labels), 0.5 * times},
      {bucket("lines", "1.0"), 0},
      {bucket("lines", "2.0"), 0},
      {bucket("lines", "+Inf"), times},
      {SeriesName("lines_count", labels), times},
      {SeriesName("lines_sum", labels), 3 * times},
      {bucket("time", "1.0"), 0},
      {bucket("time", "2.0"), times},
      {bucket("time", "+Inf"), times},
      {SeriesName("time_count", labels), times},
      {SeriesName("time_sum", labels), 1.5 * times},
  };
}

}  // namespace

OpenTelemetryWorkload::OpenTelemetryWorkload(
    opentelemetry::metrics::Meter* meter)
    : jobs_(meter->CreateUInt64Counter("jobs", "Jobs")),
      work_(meter->CreateDoubleCounter("work", "Work")),
      open_(meter->CreateInt64UpDownCounter("open", "Open")),
      load_(meter->CreateDoubleUpDownCounter("load", "Load")),
      lines_(meter->CreateUInt64Histogram("lines", "Lines")),
      time_(meter->CreateDoubleHistogram("time", "Time")) {}

void OpenTelemetryWorkload::Measure(int thread, int round) const {
  const std::string n = std::to_string(round % kSeries);
  MeasureWith();
  MeasureWith(thread % 2 == 0 ? Attributes{{"by", "all"}, {"n", n}}
                              : Attributes{{"n", n}, {"by", "all"}});
  MeasureWith(Attributes{{"by", std::to_string(thread)}, {"n", n}});
}

template <typename... AttributeSets>
void OpenTelemetryWorkload::MeasureWith(
    const AttributeSets&... attributes) const {
  jobs_->Add(1, attributes...);
  work_->Add(kUnit, attributes...);
  open_->Add(2, attributes...);
  load_->Add(0.5, attributes...);
  lines_->Record(3, attributes..., context::Context{});
  time_->Record(1.5, attributes..., context::Context{});
}

Totals OpenTelemetryWorkload::Expected(int threads, int rounds) {
  const double rounds_of_one = static_cast<double>(rounds) / kSeries;
  Totals totals = ExpectedOf({}, threads * rounds);
  for (int series = 0; series < kSeries; ++series) {
    const std::string n = std::to_string(series);
    totals.merge(
        ExpectedOf({{"by", "all"}, {"n", n}}, threads * rounds_of_one));
    for (int thread = 0; thread < threads; ++thread) {
      totals.merge(ExpectedOf({{"by", std::to_string(thread)}, {"n", n}},
                              rounds_of_one));
    }
  }
  return totals;
}

void OpenTelemetryWorkload::MeasureInVain() const {
  work_->Add(-1);
  time_->Record(-1, context::Context{});
  load_->Add(std::numeric_limits<double>::quiet_NaN());
}

Observed::Observed(int thread, int value)
    : by_(std::to_string(thread)), value_(value) {}

void Observed::Observe(opentelemetry::metrics::ObserverResult result,
                       void* state) {
  const auto& observed = *static_cast<const Observed*>(state);
  nostd::visit(
      [&observed](const auto& typed) {
        typed->Observe(observed.value_,
                       {{"by", nostd::string_view(observed.by_)}});
      },
      result);
}

}  // namespace promshm::testing
