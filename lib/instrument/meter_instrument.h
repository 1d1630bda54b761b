#ifndef PROMSHM_INSTRUMENT_METER_INSTRUMENT_H_
#define PROMSHM_INSTRUMENT_METER_INSTRUMENT_H_

#include <atomic>
#include <string_view>

#include "instrument/meter_context.h"
#include "instrument/metric_traits.h"
#include "promshm/labels.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

// Purpose: the state behind instruments, whatever their series are.
//
// Lifetime: `context` must outlive it. Thread safety: every method may be
// called from several threads, Store() by that of the pass.
class MeterInstrument : public Instrument {
 public:
  MeterInstrument(MetricTraits traits, MeterContext* context);

  const MetricTraits& traits() const { return traits_; }

  // Gives the series what was observed in the pass.
  virtual void Store() noexcept = 0;

  void ReportOverflow() noexcept;

  // The labels of an attribute set.
  Labels MakeLabels(std::string_view set_text);

  // The next of the core's.
  MeterInstrument* next = nullptr;

 protected:
  // False for what is no number, or less than the kind allows: that is noted.
  bool Accepts(double value) noexcept {
    if (value >= least_) return true;
    NoteRefusal(value);
    return false;
  }

  MeterContext* context() const { return context_; }

 private:
  // What is told once.
  enum class Remark : unsigned {
    kRefused,
    kOverflow,
    kRenamedLabel,
    kJoinedLabels,
    kEmptyKey
  };

  bool IsFirst(Remark remark) noexcept;
  void Report(std::string_view what, std::string_view detail) const noexcept;
  void NoteRefusal(double value) noexcept;

  const MetricTraits traits_;
  MeterContext* const context_;
  const double least_;
  std::atomic<unsigned> remarked_{0};
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_METER_INSTRUMENT_H_
