#ifndef PROMSHM_OTEL_METER_CORE_H_
#define PROMSHM_OTEL_METER_CORE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "promshm/export.h"
#include "promshm/meter_provider_options.h"
#include "promshm/otel/attribute.h"

/// The compiled half of meter_provider.h, which knows nothing of
/// OpenTelemetry's classes: those look different in every application. An
/// application has no use for it.
namespace promshm::otel {

enum class InstrumentKind {
  kCounter,
  kUpDownCounter,
  kHistogram,
  kGauge,
  kObservableCounter,
  kObservableUpDownCounter,
  kObservableGauge
};

enum class NumberType { kInteger, kDouble };

struct InstrumentDescription {
  InstrumentKind kind = InstrumentKind::kCounter;
  NumberType number = NumberType::kDouble;
  std::string_view name;
  std::string_view description;
  std::string_view unit;
};

/// What identifies a meter.
struct ScopeDescription {
  std::string_view name;
  std::string_view version;
  std::string_view schema_url;
  const Attribute* attributes = nullptr;
  std::size_t attribute_count = 0;
};

class Scope;

/// Purpose: an instrument with its attributes settled.
///
/// Lifetime: as long as its MeterCore. Thread safety: every method may be
/// called from several threads.
class BoundInstrument {
 public:
  virtual ~BoundInstrument() = default;

  virtual void Record(double value) noexcept = 0;
};

/// Purpose: the state of an instrument, one for all that are identical.
/// Record() adds to counters and up-down counters, sets gauges, counts in
/// histograms. For observable instruments it states what is observed, and is of
/// no effect but in a callback that MeterCore runs.
///
/// Nothing is written before the first measurement. Fork, signals and failure
/// are as for a Counter of promshm/counter.h, but that a new attribute set
/// allocates memory, which is not for signal handlers.
///
/// Lifetime: as long as its MeterCore. Thread safety: every method may be
/// called from several threads.
class PROMSHM_EXPORT Instrument {
 public:
  virtual ~Instrument();

  virtual void Record(double value) noexcept = 0;

  virtual void Record(double value, const Attribute* attributes,
                      std::size_t count) noexcept = 0;

  /// Null when out of memory.
  virtual std::unique_ptr<BoundInstrument> Bind(const Attribute* attributes,
                                                std::size_t count) noexcept = 0;
};

/// Purpose: a function of the application that observes.
class Callback {
 public:
  virtual ~Callback() = default;

  /// What it throws is reported.
  virtual void Run() = 0;
};

/// Whose a callback is. Two of equal sources, if they name a function, are one.
struct CallbackSource {
  const Scope* scope = nullptr;
  const void* owner = nullptr;
  void (*function)() = nullptr;
  const void* state = nullptr;

  bool operator==(const CallbackSource& other) const noexcept {
    return scope == other.scope && owner == other.owner &&
           function == other.function && state == other.state;
  }
};

/// Purpose: the instruments of one provider, their files and their callbacks.
///
/// Thread safety: every method may be called from several threads. Lifetime:
/// shared by provider, meters and instruments; the last one ends the thread
/// that runs the callbacks.
class PROMSHM_EXPORT MeterCore
    : public std::enable_shared_from_this<MeterCore> {
 public:
  /// Null when out of memory.
  static std::shared_ptr<MeterCore> Create(
      const MeterProviderOptions& options) noexcept;

  ~MeterCore();

  MeterCore(const MeterCore&) = delete;
  MeterCore& operator=(const MeterCore&) = delete;

  /// Null when out of memory. Lives as long as the core.
  const Scope* FindOrAddScope(const ScopeDescription& description) noexcept;

  /// Forgets the scopes of these names, whatever their attributes, and ends
  /// their callbacks. Their instruments go on.
  void RemoveScopes(std::string_view name, std::string_view version,
                    std::string_view schema_url) noexcept;

  /// The one that is there for an identical description; shares ownership of
  /// the core. Null when the name is none (which is reported) or out of memory.
  std::shared_ptr<Instrument> FindOrAddInstrument(
      const Scope& scope, const InstrumentDescription& description) noexcept;

  /// Has `callback` run at every collection, until it is removed. Returns what
  /// RemoveCallback() wants; 0 when out of memory or shut down.
  std::uintptr_t AddCallback(const CallbackSource& source,
                             std::unique_ptr<Callback> callback) noexcept;

  /// When these return, the callbacks are not running and will not run, except
  /// where one of them called, and except as Shutdown() says.
  void RemoveCallback(std::uintptr_t id) noexcept;
  void RemoveCallback(const CallbackSource& source) noexcept;
  void RemoveCallbacksOf(const void* owner) noexcept;

  /// Runs every callback once, and then stores what they observed. False when
  /// that took longer than `timeout`; when the time is over before the last
  /// callback has begun, what was observed is forgotten. False also in a
  /// callback, and after Shutdown().
  bool Collect(std::chrono::microseconds timeout) noexcept;

  /// Collects once more and ends the thread. Only the first call does so; the
  /// others are true. When that was not in time, nobody waits for a callback
  /// any more.
  bool Shutdown(std::chrono::microseconds timeout) noexcept;

  bool IsShutDown() const noexcept;

  /// How many measurements of this process were negative where that means
  /// nothing, or no number.
  std::uint64_t RefusedMeasurements() const noexcept;

  /// How many found no file; see Registry::DroppedIncrements().
  std::uint64_t DroppedMeasurements() const noexcept;

  std::string_view directory() const noexcept;

 private:
  class State;

  explicit MeterCore(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_OTEL_METER_CORE_H_
