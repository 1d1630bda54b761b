#ifndef PROMSHM_OTEL_ASYNC_INSTRUMENTS_H_
#define PROMSHM_OTEL_ASYNC_INSTRUMENTS_H_

#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/observer_result.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/span.h>
#include <opentelemetry/version.h>

#if OPENTELEMETRY_ABI_VERSION_NO >= 2 && \
    __has_include(<opentelemetry/metrics/multi_observer_result.h>)
#include <opentelemetry/metrics/multi_observer_result.h>
#define PROMSHM_HAS_MULTI_OBSERVER
#endif

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <utility>

#include "promshm/otel/attribute_list.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

namespace metrics = ::opentelemetry::metrics;

// Purpose: what a callback observes with. Without an instrument it discards.
template <typename T>
class ObserverResult final : public metrics::ObserverResultT<T> {
 public:
  ObserverResult() = default;
  explicit ObserverResult(std::shared_ptr<Instrument> instrument) noexcept
      : instrument_(std::move(instrument)) {}

  using metrics::ObserverResultT<T>::Observe;

  void Observe(T value) noexcept override {
    if (instrument_ == nullptr) return;
    instrument_->Record(static_cast<double>(value));
  }
  void Observe(T value,
               const common::KeyValueIterable& attributes) noexcept override {
    if (instrument_ == nullptr) return;
    Record(instrument_.get(), static_cast<double>(value), attributes);
  }

 private:
  std::shared_ptr<Instrument> instrument_;
};

// Purpose: a callback of one instrument, which must not keep its core alive:
// the core owns the callback.
class Observation final : public Callback {
 public:
  Observation(const std::shared_ptr<Instrument>& instrument, NumberType number,
              metrics::ObservableCallbackPtr function, void* state) noexcept
      : instrument_(instrument),
        number_(number),
        function_(function),
        state_(state) {}

  void Run() override {
    if (number_ == NumberType::kInteger) {
      function_(MakeResult<std::int64_t>(), state_);
    } else {
      function_(MakeResult<double>(), state_);
    }
  }

 private:
  template <typename T>
  nostd::shared_ptr<metrics::ObserverResultT<T>> MakeResult() const {
    return nostd::shared_ptr<metrics::ObserverResultT<T>>(
        new ObserverResult<T>(instrument_.lock()));
  }

  const std::weak_ptr<Instrument> instrument_;
  const NumberType number_;
  const metrics::ObservableCallbackPtr function_;
  void* const state_;
};

// Purpose: an observable instrument; without an Instrument, a no-op.
class ObservableInstrument final : public metrics::ObservableInstrument {
 public:
  ObservableInstrument(std::shared_ptr<MeterCore> core, const Scope* scope,
                       NumberType number,
                       std::shared_ptr<Instrument> instrument) noexcept
      : core_(std::move(core)),
        scope_(scope),
        number_(number),
        instrument_(std::move(instrument)) {}

  ~ObservableInstrument() override { core_->RemoveCallbacksOf(this); }

  void AddCallback(metrics::ObservableCallbackPtr function,
                   void* state) noexcept override {
    if (instrument_ == nullptr) return;
    core_->AddCallback(SourceOf(function, state),
                       std::unique_ptr<Callback>(new (std::nothrow) Observation(
                           instrument_, number_, function, state)));
  }

  void RemoveCallback(metrics::ObservableCallbackPtr function,
                      void* state) noexcept override {
    core_->RemoveCallback(SourceOf(function, state));
  }

  const std::shared_ptr<Instrument>& instrument() const { return instrument_; }

 private:
  CallbackSource SourceOf(metrics::ObservableCallbackPtr function,
                          const void* state) const noexcept {
    return {scope_, this, reinterpret_cast<void (*)()>(function), state};
  }

  const std::shared_ptr<MeterCore> core_;
  const Scope* const scope_;
  const NumberType number_;
  const std::shared_ptr<Instrument> instrument_;
};

#ifdef PROMSHM_HAS_MULTI_OBSERVER

// Purpose: a callback of several instruments.
class MultiObservation final : public Callback {
 public:
  // Null when out of memory.
  static std::unique_ptr<Callback> Make(
      metrics::MultiObservableCallbackPtr function, void* state,
      nostd::span<metrics::ObservableInstrument*> instruments) noexcept {
    std::unique_ptr<MultiObservation> made(
        new (std::nothrow) MultiObservation(function, state));
    if (made == nullptr) return nullptr;
    made->instruments_.reset(new (std::nothrow) Observed[instruments.size()]);
    if (made->instruments_ == nullptr) return nullptr;
    for (const metrics::ObservableInstrument* instrument : instruments) {
#ifdef __cpp_rtti
      // Another provider's is of no use here.
      const auto* ours = dynamic_cast<const ObservableInstrument*>(instrument);
      if (ours == nullptr) continue;
#else
      const auto* ours = static_cast<const ObservableInstrument*>(instrument);
#endif
      made->instruments_[made->size_++] = {instrument, ours->instrument()};
    }
    return made;
  }

  void Run() override {
    Results results;
    for (std::size_t i = 0; i < size_; ++i) {
      results.Add(instruments_[i].key, instruments_[i].instrument.lock());
    }
    function_(results, state_);
  }

 private:
  struct Observed {
    const metrics::ObservableInstrument* key = nullptr;
    std::weak_ptr<Instrument> instrument;
  };

  MultiObservation(metrics::MultiObservableCallbackPtr function,
                   void* state) noexcept
      : function_(function), state_(state) {}

  class Results final : public metrics::MultiObserverResult {
   public:
    void Add(const metrics::ObservableInstrument* key,
             const std::shared_ptr<Instrument>& instrument) {
      results_.emplace_back(key, instrument);
    }

   protected:
    metrics::ObserverResultT<double>& ForInstrumentDouble(
        const metrics::ObservableInstrument* instrument) override {
      return Find(instrument).floating;
    }
    metrics::ObserverResultT<std::int64_t>& ForInstrumentInt64(
        const metrics::ObservableInstrument* instrument) override {
      return Find(instrument).integer;
    }

   private:
    struct Result {
      Result() = default;
      Result(const metrics::ObservableInstrument* observed,
             const std::shared_ptr<Instrument>& instrument)
          : key(observed), floating(instrument), integer(instrument) {}

      const metrics::ObservableInstrument* key = nullptr;
      ObserverResult<double> floating;
      ObserverResult<std::int64_t> integer;
    };

    Result& Find(const metrics::ObservableInstrument* key) {
      for (Result& result : results_) {
        if (result.key == key) return result;
      }
      return none_;
    }

    std::deque<Result> results_;
    Result none_;
  };

  const metrics::MultiObservableCallbackPtr function_;
  void* const state_;
  std::unique_ptr<Observed[]> instruments_;
  std::size_t size_ = 0;
};

#endif  // PROMSHM_HAS_MULTI_OBSERVER

}  // namespace promshm::otel

#endif  // PROMSHM_OTEL_ASYNC_INSTRUMENTS_H_
