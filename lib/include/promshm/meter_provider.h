#ifndef PROMSHM_METER_PROVIDER_H_
#define PROMSHM_METER_PROVIDER_H_

#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/meter_provider.h>
#include <opentelemetry/metrics/noop.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/version.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

#include "promshm/meter_provider_options.h"
#include "promshm/otel/attribute_list.h"
#include "promshm/otel/meter.h"
#include "promshm/otel/meter_core.h"

namespace promshm {

/// Purpose: lets OpenTelemetry's instruments write the files of a multiprocess
/// directory, so that the processes of a service count together:
///
///     namespace metrics = opentelemetry::metrics;
///     metrics::Provider::SetMeterProvider(
///         opentelemetry::nostd::shared_ptr<metrics::MeterProvider>(
///             new promshm::PrometheusMeterProvider));
///     auto requests = metrics::Provider::GetMeterProvider()
///                         ->GetMeter("shop")
///                         ->CreateUInt64Counter("http.requests");
///     requests->Add(1, {{"http.request.method", "GET"}});
///
/// This header is compiled with the application's own OpenTelemetry: API 1.19
/// or later, ABI version 1 or 2, with whatever OPENTELEMETRY_STL_VERSION. The
/// SDK is not needed. What to know:
///
/// * OpenTelemetry for C++ has no proxy: instruments that were made before
///   SetMeterProvider() do nothing.
/// * Fork, failure, other writers: as registry.h says. An instrument that was
///   made before a fork counts in the child, in the child's own file.
/// * Counters become counters, histograms histograms, up-down counters gauges
///   of mode livesum and gauges gauges of mode livemostrecent; see
///   MeterProviderOptions for this and for names.
/// * Nothing is written before an instrument's first measurement. Views,
///   exemplars and temporality of the SDK have no place in the files.
/// * Instruments of one name: identical ones are one; a name in other case is
///   the first one's; other units, descriptions or number types work and are
///   reported. Where the metric's name is taken by another kind of instrument,
///   the later one works under a name with its kind behind it (`x_histogram`,
///   `x_updowncounter`), and that is reported.
/// * Observable instruments: callbacks run in Collect() and ForceFlush(), in
///   the calling thread, and every `observe_interval` in a thread of the
///   provider's, which gets no signals and is started anew in a forked child.
///   What is observed becomes visible when all callbacks have run. Counters and
///   up-down counters are set to what is observed, several observations of one
///   series being added up; a gauge keeps the last. A series that is not
///   observed any more: a counter stays; the modes sum and livesum become 0;
///   mostrecent and livemostrecent vanish; in the other modes the value stays.
/// * A negative amount for a counter or a histogram, and NaN for any of them,
///   is refused: counted, and reported once an instrument. Infinity is a
///   number; an up-down counter that gets both infinities is NaN from then on.
/// * An attribute `le` of a histogram, and `pid` of a gauge or an up-down
///   counter, would be lost in the file: `le_` and `pid_` it is.
/// * A signal handler may record what has been recorded before in the same way,
///   with up to eight attributes of a few hundred bytes in all and no arrays.
/// * Destroying an observable instrument, or removing its callback, waits for
///   the callback where that is running; not after a Shutdown() that was not in
///   time.
///
/// Nothing here throws.
///
/// Lifetime: instruments may outlive their meter and the provider; the files
/// are closed, and the thread ends, with the last of them. Thread safety: every
/// method may be called from several threads.
class PrometheusMeterProvider : public ::opentelemetry::metrics::MeterProvider {
 public:
  /// Writes where PROMETHEUS_MULTIPROC_DIR says.
  PrometheusMeterProvider() noexcept
      : PrometheusMeterProvider(MeterProviderOptions()) {}

  explicit PrometheusMeterProvider(const MeterProviderOptions& options) noexcept
      : core_(otel::MeterCore::Create(options)) {}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  using ::opentelemetry::metrics::MeterProvider::GetMeter;

  ::opentelemetry::nostd::shared_ptr<::opentelemetry::metrics::Meter> GetMeter(
      ::opentelemetry::nostd::string_view name,
      ::opentelemetry::nostd::string_view version,
      ::opentelemetry::nostd::string_view schema_url,
      const ::opentelemetry::common::KeyValueIterable* attributes) noexcept
      override {
    otel::ScopeDescription scope{otel::ToStd(name), otel::ToStd(version),
                                 otel::ToStd(schema_url)};
    if (attributes == nullptr) return MakeMeter(scope);
    const otel::AttributeList list(*attributes);
    scope.attributes = list.data();
    scope.attribute_count = list.size();
    return MakeMeter(scope);
  }

  /// Ends the callbacks of the meters of these names. Their instruments go on.
  void RemoveMeter(
      ::opentelemetry::nostd::string_view name,
      ::opentelemetry::nostd::string_view version = "",
      ::opentelemetry::nostd::string_view schema_url = "") noexcept override {
    if (core_ == nullptr) return;
    core_->RemoveScopes(otel::ToStd(name), otel::ToStd(version),
                        otel::ToStd(schema_url));
  }
#else
  ::opentelemetry::nostd::shared_ptr<::opentelemetry::metrics::Meter> GetMeter(
      ::opentelemetry::nostd::string_view name,
      ::opentelemetry::nostd::string_view version = "",
      ::opentelemetry::nostd::string_view schema_url = "") noexcept override {
    return MakeMeter(
        {otel::ToStd(name), otel::ToStd(version), otel::ToStd(schema_url)});
  }
#endif

  /// Runs every callback once, in this thread, and stores what they observed.
  /// False when that took longer than `timeout`; when the time is over before
  /// the last callback has begun, nothing is stored. A callback that runs is
  /// not interrupted. False also in a callback, and after Shutdown().
  bool Collect(std::chrono::microseconds timeout =
                   (std::chrono::microseconds::max)()) noexcept {
    return core_ != nullptr && core_->Collect(timeout);
  }

  /// The same, by the name that it has in the SDK. What synchronous instruments
  /// count needs no flush.
  bool ForceFlush(std::chrono::microseconds timeout =
                      (std::chrono::microseconds::max)()) noexcept {
    return Collect(timeout);
  }

  /// Collects once more and ends the thread; later meters make no-ops. Returns
  /// what Collect() did; true when it was shut down already. Synchronous
  /// instruments that are there go on.
  bool Shutdown(std::chrono::microseconds timeout =
                    (std::chrono::microseconds::max)()) noexcept {
    return core_ != nullptr && core_->Shutdown(timeout);
  }

  /// How many measurements of this process were refused.
  std::uint64_t RefusedMeasurements() const noexcept {
    return core_ == nullptr ? 0 : core_->RefusedMeasurements();
  }

  /// How many measurements of this process have found no file; see
  /// Registry::DroppedIncrements().
  std::uint64_t DroppedMeasurements() const noexcept {
    return core_ == nullptr ? 0 : core_->DroppedMeasurements();
  }

  /// Where the files are, absolute; empty where nobody named a directory.
  std::string_view directory() const noexcept {
    return core_ == nullptr ? std::string_view() : core_->directory();
  }

 private:
  ::opentelemetry::nostd::shared_ptr<::opentelemetry::metrics::Meter> MakeMeter(
      const otel::ScopeDescription& description) const noexcept {
    using Api = ::opentelemetry::metrics::Meter;
    const otel::Scope* scope = nullptr;
    if (core_ != nullptr && !core_->IsShutDown()) {
      scope = core_->FindOrAddScope(description);
    }
    if (scope == nullptr) {
      return otel::Share(std::unique_ptr<Api>(
          new (std::nothrow)::opentelemetry::metrics::NoopMeter));
    }
    return otel::Share(
        std::unique_ptr<Api>(new (std::nothrow) otel::Meter(core_, scope)));
  }

  // Null when there was no memory for it.
  const std::shared_ptr<otel::MeterCore> core_;
};

}  // namespace promshm

#endif  // PROMSHM_METER_PROVIDER_H_
