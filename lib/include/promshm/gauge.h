#ifndef PROMSHM_GAUGE_H_
#define PROMSHM_GAUGE_H_

#include <memory>

#include "promshm/builder.h"
#include "promshm/export.h"
#include "promshm/gauge_mode.h"

namespace promshm {

namespace instrument {
class Entries;
}

/// Purpose: a value that rises and falls, one series of a family. Made by
/// Family<Gauge>::Add(). The family's mode says what becomes of the values of
/// several processes.
///
/// Cost, fork, signals and failure are as for a Counter. In the modes
/// mostrecent and livemostrecent every change also stores the time, by
/// CLOCK_REALTIME, after the value.
///
/// Lifetime: as long as its Registry. Thread safety: every method may be called
/// from several threads.
class PROMSHM_EXPORT Gauge {
 public:
  ~Gauge();

  void Set(double value) noexcept;

  void Increment() noexcept;
  void Increment(double amount) noexcept;
  void Decrement() noexcept;
  void Decrement(double amount) noexcept;

  /// Sets the Unix time in seconds, with its fraction.
  void SetToCurrentTime() noexcept;

  /// Says that there is no value any more, as far as the format can say it: in
  /// the modes mostrecent and livemostrecent the value counts as never set, in
  /// sum and livesum it becomes 0. In the others it stays. Does nothing where
  /// this process has not set it.
  void Withdraw() noexcept;

  /// What this process has set; 0 while it has no file.
  double Value() const noexcept;

 private:
  template <typename T>
  friend class Family;
  Gauge(std::unique_ptr<instrument::Entries> entries, GaugeMode mode);

  void Change(double amount) noexcept;

  std::unique_ptr<instrument::Entries> entries_;
  const GaugeMode mode_;
  const bool stamped_;
};

/// Starts the description of a family of gauges. Its mode is kAll, as
/// prometheus_client's, until Mode() says otherwise.
inline Builder<Gauge> BuildGauge() { return {}; }

}  // namespace promshm

#endif  // PROMSHM_GAUGE_H_
