#ifndef PROMSHM_OTEL_SYNC_INSTRUMENTS_H_
#define PROMSHM_OTEL_SYNC_INSTRUMENTS_H_

#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/unique_ptr.h>
#include <opentelemetry/version.h>

#include <memory>
#include <new>
#include <utility>

#include "promshm/otel/attribute_list.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

namespace context = ::opentelemetry::context;
namespace metrics = ::opentelemetry::metrics;

// Purpose: a counter or an up-down counter.
template <typename Base, typename T>
class AddingInstrument : public Base {
 public:
  explicit AddingInstrument(std::shared_ptr<Instrument> instrument) noexcept
      : instrument_(std::move(instrument)) {}

  using Base::Add;

  void Add(T value) noexcept override {
    instrument_->Record(static_cast<double>(value));
  }
  void Add(T value, const context::Context& /*context*/) noexcept override {
    instrument_->Record(static_cast<double>(value));
  }
  void Add(T value,
           const common::KeyValueIterable& attributes) noexcept override {
    otel::Record(instrument_.get(), static_cast<double>(value), attributes);
  }
  void Add(T value, const common::KeyValueIterable& attributes,
           const context::Context& /*context*/) noexcept override {
    otel::Record(instrument_.get(), static_cast<double>(value), attributes);
  }

 protected:
  const std::shared_ptr<Instrument> instrument_;
};

// Purpose: a histogram or a gauge.
template <typename Base, typename T>
class RecordingInstrument : public Base {
 public:
  explicit RecordingInstrument(std::shared_ptr<Instrument> instrument) noexcept
      : instrument_(std::move(instrument)) {}

  using Base::Record;

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  void Record(T value) noexcept override {
    instrument_->Record(static_cast<double>(value));
  }
  void Record(T value,
              const common::KeyValueIterable& attributes) noexcept override {
    otel::Record(instrument_.get(), static_cast<double>(value), attributes);
  }
#endif
  void Record(T value, const context::Context& /*context*/) noexcept override {
    instrument_->Record(static_cast<double>(value));
  }
  void Record(T value, const common::KeyValueIterable& attributes,
              const context::Context& /*context*/) noexcept override {
    otel::Record(instrument_.get(), static_cast<double>(value), attributes);
  }

 protected:
  const std::shared_ptr<Instrument> instrument_;
};

#ifdef OPENTELEMETRY_HAVE_METRICS_BOUND_INSTRUMENTS_PREVIEW

// Purpose: a counter or a histogram with its attributes settled.
template <typename Base, typename T>
class Bound : public Base {
 public:
  Bound(std::shared_ptr<Instrument> instrument,
        const common::KeyValueIterable& attributes) noexcept
      : instrument_(std::move(instrument)) {
    const AttributeList list(attributes);
    if (list.is_complete()) {
      bound_ = instrument_->Bind(list.data(), list.size());
    }
  }

 protected:
  void RecordBound(T value) noexcept {
    if (bound_ != nullptr) bound_->Record(static_cast<double>(value));
  }

 private:
  const std::shared_ptr<Instrument> instrument_;
  std::unique_ptr<BoundInstrument> bound_;
};

template <typename T>
class BoundCounter final : public Bound<metrics::BoundCounter<T>, T> {
 public:
  using Bound<metrics::BoundCounter<T>, T>::Bound;

  void Add(T value) noexcept override { this->RecordBound(value); }
};

template <typename T>
class BoundHistogram final : public Bound<metrics::BoundHistogram<T>, T> {
 public:
  using Bound<metrics::BoundHistogram<T>, T>::Bound;

  void Record(T value) noexcept override { this->RecordBound(value); }
};

#endif

template <typename T>
class Counter final : public AddingInstrument<metrics::Counter<T>, T> {
 public:
  using AddingInstrument<metrics::Counter<T>, T>::AddingInstrument;

#ifdef OPENTELEMETRY_HAVE_METRICS_BOUND_INSTRUMENTS_PREVIEW
  using metrics::Counter<T>::Bind;

  nostd::unique_ptr<metrics::BoundCounter<T>> Bind(
      const common::KeyValueIterable& attributes) noexcept override {
    return nostd::unique_ptr<metrics::BoundCounter<T>>(
        new (std::nothrow) BoundCounter<T>(this->instrument_, attributes));
  }
#endif
};

template <typename T>
class Histogram final : public RecordingInstrument<metrics::Histogram<T>, T> {
 public:
  using RecordingInstrument<metrics::Histogram<T>, T>::RecordingInstrument;

#ifdef OPENTELEMETRY_HAVE_METRICS_BOUND_INSTRUMENTS_PREVIEW
  using metrics::Histogram<T>::Bind;

  nostd::unique_ptr<metrics::BoundHistogram<T>> Bind(
      const common::KeyValueIterable& attributes) noexcept override {
    return nostd::unique_ptr<metrics::BoundHistogram<T>>(
        new (std::nothrow) BoundHistogram<T>(this->instrument_, attributes));
  }
#endif
};

template <typename T>
using UpDownCounter = AddingInstrument<metrics::UpDownCounter<T>, T>;

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
template <typename T>
using Gauge = RecordingInstrument<metrics::Gauge<T>, T>;
#endif

}  // namespace promshm::otel

#endif  // PROMSHM_OTEL_SYNC_INSTRUMENTS_H_
