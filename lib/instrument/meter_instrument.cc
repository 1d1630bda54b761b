#include "instrument/meter_instrument.h"

#include <exception>
#include <limits>
#include <utility>

#include "format/number_text.h"
#include "instrument/attribute_set.h"

namespace promshm::otel {
namespace {

double LeastOf(InstrumentKind kind) {
  switch (kind) {
    case InstrumentKind::kCounter:
    case InstrumentKind::kHistogram:
    case InstrumentKind::kObservableCounter:
      return 0.0;
    default:
      return -std::numeric_limits<double>::infinity();
  }
}

}  // namespace

Instrument::~Instrument() = default;

MeterInstrument::MeterInstrument(MetricTraits traits, MeterContext* context)
    : traits_(std::move(traits)),
      context_(context),
      least_(LeastOf(traits_.kind)) {}

bool MeterInstrument::IsFirst(Remark remark) noexcept {
  const unsigned bit = 1U << static_cast<unsigned>(remark);
  return (remarked_.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
}

void MeterInstrument::Report(std::string_view what,
                             std::string_view detail) const noexcept {
  try {
    std::string message = traits_.instrument;
    message.append(": ").append(what).append(": ").append(detail);
    context_->Report(message);
  } catch (const std::exception&) {
    return;
  }
}

void MeterInstrument::ReportOverflow() noexcept {
  if (!IsFirst(Remark::kOverflow)) return;
  Report("too many attribute sets",
         "further ones are counted as otel_metric_overflow");
}

Labels MeterInstrument::MakeLabels(std::string_view set_text) {
  LabelRemarks remarks;
  Labels labels =
      LabelsOf(set_text, traits_.scope_labels, traits_.own_label, &remarks);
  if (!remarks.renamed.empty() && IsFirst(Remark::kRenamedLabel)) {
    Report("attribute renamed, for the label is taken", remarks.renamed);
  }
  if (!remarks.joined.empty() && IsFirst(Remark::kJoinedLabels)) {
    Report("attributes joined in one label", remarks.joined);
  }
  if (remarks.empty_key && IsFirst(Remark::kEmptyKey)) {
    Report("attribute left out", "it has no key");
  }
  return labels;
}

void MeterInstrument::NoteRefusal(double value) noexcept {
  context_->refused()->Increment();
  if (!IsFirst(Remark::kRefused)) return;
  try {
    std::string text;
    format::AppendNumber(value, &text);
    Report("value refused", text);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace promshm::otel
