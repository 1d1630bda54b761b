#ifndef PROMSHM_OTEL_METER_H_
#define PROMSHM_OTEL_METER_H_

#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/noop.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/span.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/nostd/unique_ptr.h>
#include <opentelemetry/version.h>

#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "promshm/otel/async_instruments.h"
#include "promshm/otel/attribute_list.h"
#include "promshm/otel/meter_core.h"
#include "promshm/otel/sync_instruments.h"

namespace promshm::otel {

// Takes `object`, which may be null, into shared ownership. Null when there is
// no memory for that.
template <typename Api>
nostd::shared_ptr<Api> Share(std::unique_ptr<Api> object) noexcept {
#ifdef __cpp_exceptions
  try {
    return nostd::shared_ptr<Api>(std::shared_ptr<Api>(std::move(object)));
  } catch (...) {
    return nostd::shared_ptr<Api>();
  }
#else
  return nostd::shared_ptr<Api>(std::shared_ptr<Api>(std::move(object)));
#endif
}

// Purpose: makes the instruments of one scope. They are no-ops where the name
// is none.
class Meter final : public metrics::Meter {
 public:
  Meter(std::shared_ptr<MeterCore> core, const Scope* scope) noexcept
      : core_(std::move(core)), scope_(scope) {}

  nostd::unique_ptr<metrics::Counter<std::uint64_t>> CreateUInt64Counter(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return Create<metrics::Counter<std::uint64_t>, Counter<std::uint64_t>,
                  metrics::NoopCounter<std::uint64_t>>(InstrumentKind::kCounter,
                                                       NumberType::kInteger,
                                                       name, description, unit);
  }

  nostd::unique_ptr<metrics::Counter<double>> CreateDoubleCounter(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return Create<metrics::Counter<double>, Counter<double>,
                  metrics::NoopCounter<double>>(
        InstrumentKind::kCounter, NumberType::kDouble, name, description, unit);
  }

  nostd::unique_ptr<metrics::Histogram<std::uint64_t>> CreateUInt64Histogram(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return Create<metrics::Histogram<std::uint64_t>, Histogram<std::uint64_t>,
                  metrics::NoopHistogram<std::uint64_t>>(
        InstrumentKind::kHistogram, NumberType::kInteger, name, description,
        unit);
  }

  nostd::unique_ptr<metrics::Histogram<double>> CreateDoubleHistogram(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return Create<metrics::Histogram<double>, Histogram<double>,
                  metrics::NoopHistogram<double>>(InstrumentKind::kHistogram,
                                                  NumberType::kDouble, name,
                                                  description, unit);
  }

  nostd::unique_ptr<metrics::UpDownCounter<std::int64_t>>
  CreateInt64UpDownCounter(nostd::string_view name,
                           nostd::string_view description = "",
                           nostd::string_view unit = "") noexcept override {
    return Create<metrics::UpDownCounter<std::int64_t>,
                  UpDownCounter<std::int64_t>,
                  metrics::NoopUpDownCounter<std::int64_t>>(
        InstrumentKind::kUpDownCounter, NumberType::kInteger, name, description,
        unit);
  }

  nostd::unique_ptr<metrics::UpDownCounter<double>> CreateDoubleUpDownCounter(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return Create<metrics::UpDownCounter<double>, UpDownCounter<double>,
                  metrics::NoopUpDownCounter<double>>(
        InstrumentKind::kUpDownCounter, NumberType::kDouble, name, description,
        unit);
  }

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  nostd::unique_ptr<metrics::Gauge<std::int64_t>> CreateInt64Gauge(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return Create<metrics::Gauge<std::int64_t>, Gauge<std::int64_t>,
                  metrics::NoopGauge<std::int64_t>>(
        InstrumentKind::kGauge, NumberType::kInteger, name, description, unit);
  }

  nostd::unique_ptr<metrics::Gauge<double>> CreateDoubleGauge(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return Create<metrics::Gauge<double>, Gauge<double>,
                  metrics::NoopGauge<double>>(
        InstrumentKind::kGauge, NumberType::kDouble, name, description, unit);
  }
#endif

  nostd::shared_ptr<metrics::ObservableInstrument> CreateInt64ObservableCounter(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return CreateObservable(InstrumentKind::kObservableCounter,
                            NumberType::kInteger, name, description, unit);
  }

  nostd::shared_ptr<metrics::ObservableInstrument>
  CreateDoubleObservableCounter(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return CreateObservable(InstrumentKind::kObservableCounter,
                            NumberType::kDouble, name, description, unit);
  }

  nostd::shared_ptr<metrics::ObservableInstrument> CreateInt64ObservableGauge(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return CreateObservable(InstrumentKind::kObservableGauge,
                            NumberType::kInteger, name, description, unit);
  }

  nostd::shared_ptr<metrics::ObservableInstrument> CreateDoubleObservableGauge(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return CreateObservable(InstrumentKind::kObservableGauge,
                            NumberType::kDouble, name, description, unit);
  }

  nostd::shared_ptr<metrics::ObservableInstrument>
  CreateInt64ObservableUpDownCounter(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return CreateObservable(InstrumentKind::kObservableUpDownCounter,
                            NumberType::kInteger, name, description, unit);
  }

  nostd::shared_ptr<metrics::ObservableInstrument>
  CreateDoubleObservableUpDownCounter(
      nostd::string_view name, nostd::string_view description = "",
      nostd::string_view unit = "") noexcept override {
    return CreateObservable(InstrumentKind::kObservableUpDownCounter,
                            NumberType::kDouble, name, description, unit);
  }

#ifdef PROMSHM_HAS_MULTI_OBSERVER
  std::uintptr_t RegisterCallback(metrics::MultiObservableCallbackPtr callback,
                                  void* state,
                                  nostd::span<metrics::ObservableInstrument*>
                                      instruments) noexcept override {
    CallbackSource source;
    source.scope = scope_;
    return core_->AddCallback(
        source, MultiObservation::Make(callback, state, instruments));
  }

  void DeregisterCallback(std::uintptr_t callback_id) noexcept override {
    core_->RemoveCallback(callback_id);
  }
#endif

 private:
  template <typename Api, typename Ours, typename Noop>
  nostd::unique_ptr<Api> Create(InstrumentKind kind, NumberType number,
                                nostd::string_view name,
                                nostd::string_view description,
                                nostd::string_view unit) const noexcept {
    std::shared_ptr<Instrument> instrument =
        Find(kind, number, name, description, unit);
    if (instrument == nullptr) {
      return nostd::unique_ptr<Api>(new (std::nothrow)
                                        Noop(name, description, unit));
    }
    return nostd::unique_ptr<Api>(new (std::nothrow)
                                      Ours(std::move(instrument)));
  }

  nostd::shared_ptr<metrics::ObservableInstrument> CreateObservable(
      InstrumentKind kind, NumberType number, nostd::string_view name,
      nostd::string_view description, nostd::string_view unit) const noexcept {
    using Api = metrics::ObservableInstrument;
    std::shared_ptr<Instrument> instrument =
        Find(kind, number, name, description, unit);
    return Share(std::unique_ptr<Api>(new (std::nothrow) ObservableInstrument(
        core_, scope_, number, std::move(instrument))));
  }

  std::shared_ptr<Instrument> Find(InstrumentKind kind, NumberType number,
                                   nostd::string_view name,
                                   nostd::string_view description,
                                   nostd::string_view unit) const noexcept {
    return core_->FindOrAddInstrument(
        *scope_, {kind, number, ToStd(name), ToStd(description), ToStd(unit)});
  }

  const std::shared_ptr<MeterCore> core_;
  const Scope* const scope_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_OTEL_METER_H_
