#include "opentelemetry_instruments.h"

#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/observer_result.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/unique_ptr.h>
#include <opentelemetry/nostd/variant.h>
#include <opentelemetry/version.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include "opentelemetry_attributes.h"

namespace opentelemetry_program {

namespace {

namespace common = opentelemetry::common;
namespace context = opentelemetry::context;
namespace metrics = opentelemetry::metrics;
namespace nostd = opentelemetry::nostd;

using writer_program::Words;

template <typename T, template <typename> typename Instrument>
Measure Adding(nostd::unique_ptr<Instrument<T>> instrument) {
  return [shared = std::shared_ptr<Instrument<T>>(instrument.release())](
             double value, const Words& words) {
    if (words.empty()) {
      shared->Add(static_cast<T>(value));
    } else {
      const Attributes attributes(words);
      const common::KeyValueIterable& iterable = attributes;
      shared->Add(static_cast<T>(value), iterable);
    }
  };
}

template <typename T, template <typename> typename Instrument>
Measure Recording(nostd::unique_ptr<Instrument<T>> instrument) {
  return [shared = std::shared_ptr<Instrument<T>>(instrument.release())](
             double value, const Words& words) {
    if (words.empty()) {
      shared->Record(static_cast<T>(value), context::Context{});
    } else {
      const Attributes attributes(words);
      const common::KeyValueIterable& iterable = attributes;
      shared->Record(static_cast<T>(value), iterable, context::Context{});
    }
  };
}

// Purpose: an observable instrument and what its callback says. The callback
// takes no lock, which a forked child might find taken.
//
// Thread safety: the callback may run in any thread; Say() needs external
// locking.
class Observed {
 public:
  explicit Observed(nostd::shared_ptr<metrics::ObservableInstrument> instrument)
      : instrument_(std::move(instrument)) {
    instrument_->AddCallback(&Observed::Callback, this);
  }

  ~Observed() { instrument_->RemoveCallback(&Observed::Callback, this); }
  Observed(const Observed&) = delete;
  Observed& operator=(const Observed&) = delete;

  void Say(double value, const Words& attributes) {
    Values values = versions_.back();
    values[attributes] = value;
    versions_.push_back(std::move(values));
    current_ = &versions_.back();
  }

 private:
  using Values = std::map<Words, double>;

  static void Callback(metrics::ObserverResult result, void* state) {
    const Values& values = *static_cast<Observed*>(state)->current_.load();
    for (const auto& [words, value] : values) {
      const Attributes attributes(words);
      if (nostd::holds_alternative<Result<double>>(result)) {
        Say(*nostd::get<Result<double>>(result), value, attributes);
      } else {
        Say(*nostd::get<Result<std::int64_t>>(result), value, attributes);
      }
    }
  }

  template <typename T>
  using Result = nostd::shared_ptr<metrics::ObserverResultT<T>>;

  template <typename T>
  static void Say(metrics::ObserverResultT<T>& result, double value,
                  const common::KeyValueIterable& attributes) {
    if (attributes.size() == 0) {
      result.Observe(static_cast<T>(value));
    } else {
      result.Observe(static_cast<T>(value), attributes);
    }
  }

  // None goes before the end: the callback may be in it.
  std::deque<Values> versions_ = std::deque<Values>(1);
  std::atomic<const Values*> current_{&versions_.back()};
  nostd::shared_ptr<metrics::ObservableInstrument> instrument_;
};

Measure Observing(nostd::shared_ptr<metrics::ObservableInstrument> instrument) {
  return [shared = std::make_shared<Observed>(std::move(instrument))](
             double value, const Words& words) { shared->Say(value, words); };
}

}  // namespace

Measure CreateInstrument(metrics::Meter& meter, const std::string& kind,
                         const std::string& name,
                         const std::string& description,
                         const std::string& unit) {
  if (kind == "UInt64Counter") {
    return Adding(meter.CreateUInt64Counter(name, description, unit));
  }
  if (kind == "DoubleCounter") {
    return Adding(meter.CreateDoubleCounter(name, description, unit));
  }
  if (kind == "Int64UpDownCounter") {
    return Adding(meter.CreateInt64UpDownCounter(name, description, unit));
  }
  if (kind == "DoubleUpDownCounter") {
    return Adding(meter.CreateDoubleUpDownCounter(name, description, unit));
  }
  if (kind == "UInt64Histogram") {
    return Recording(meter.CreateUInt64Histogram(name, description, unit));
  }
  if (kind == "DoubleHistogram") {
    return Recording(meter.CreateDoubleHistogram(name, description, unit));
  }
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  if (kind == "Int64Gauge") {
    return Recording(meter.CreateInt64Gauge(name, description, unit));
  }
  if (kind == "DoubleGauge") {
    return Recording(meter.CreateDoubleGauge(name, description, unit));
  }
#endif
  if (kind == "Int64ObservableCounter") {
    return Observing(
        meter.CreateInt64ObservableCounter(name, description, unit));
  }
  if (kind == "DoubleObservableCounter") {
    return Observing(
        meter.CreateDoubleObservableCounter(name, description, unit));
  }
  if (kind == "Int64ObservableUpDownCounter") {
    return Observing(
        meter.CreateInt64ObservableUpDownCounter(name, description, unit));
  }
  if (kind == "DoubleObservableUpDownCounter") {
    return Observing(
        meter.CreateDoubleObservableUpDownCounter(name, description, unit));
  }
  if (kind == "Int64ObservableGauge") {
    return Observing(meter.CreateInt64ObservableGauge(name, description, unit));
  }
  if (kind == "DoubleObservableGauge") {
    return Observing(
        meter.CreateDoubleObservableGauge(name, description, unit));
  }
  throw std::invalid_argument(kind + ": unknown kind");
}

}  // namespace opentelemetry_program
