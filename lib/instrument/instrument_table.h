#ifndef PROMSHM_INSTRUMENT_INSTRUMENT_TABLE_H_
#define PROMSHM_INSTRUMENT_INSTRUMENT_TABLE_H_

#include <atomic>
#include <memory>
#include <string>

#include "instrument/meter_context.h"
#include "instrument/meter_instrument.h"
#include "instrument/meter_scope.h"
#include "instrument/metric_traits.h"
#include "promshm/family.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

// Purpose: which instruments there are, and which metrics they make. Both lists
// only grow, at their heads, so that a forked child finds them sound.
//
// Lifetime: `context` must outlive it. Thread safety: every method may be
// called from several threads.
class InstrumentTable {
 public:
  explicit InstrumentTable(MeterContext* context) : context_(*context) {}
  ~InstrumentTable();

  InstrumentTable(const InstrumentTable&) = delete;
  InstrumentTable& operator=(const InstrumentTable&) = delete;

  // Null, and that is reported, where the name is none or no metric can have
  // it. Throws std::bad_alloc.
  MeterInstrument* FindOrAdd(const Scope& scope,
                             const InstrumentDescription& description);

  template <typename Function>
  void ForEach(const Function& function) const {
    for (MeterInstrument* metric = metrics_.load(std::memory_order_acquire);
         metric != nullptr; metric = metric->next) {
      function(metric);
    }
  }

 private:
  struct Declaration;

  MeterInstrument* FindOrAddMetric(const Scope& scope,
                                   const InstrumentDescription& description);
  MeterInstrument* FindOrAddMetric(const MetricTraits& traits,
                                   const std::string& help);
  std::unique_ptr<MeterInstrument> Make(const MetricTraits& traits,
                                        const std::string& help);
  template <typename T>
  std::unique_ptr<MeterInstrument> MakeOf(const MetricTraits& traits,
                                          Family<T>* family);
  template <typename Matcher>
  Declaration* FindDeclaration(const Matcher& matches) const;
  void ReportConflict(const Declaration& first,
                      const InstrumentDescription& other) const;

  MeterContext& context_;
  std::atomic<Declaration*> declarations_{nullptr};
  std::atomic<MeterInstrument*> metrics_{nullptr};
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_INSTRUMENT_TABLE_H_
