#ifndef PROMSHM_TESTS_STRESS_OPENTELEMETRY_WORKLOAD_H_
#define PROMSHM_TESTS_STRESS_OPENTELEMETRY_WORKLOAD_H_

#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/observer_result.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/unique_ptr.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/stress/totals.h"

namespace promshm::testing {

using Attributes = std::vector<std::pair<std::string, std::string>>;

// Purpose: an instrument of each synchronous kind, found or made, and
// measurements by number. Every amount is a multiple of kUnit, so that sums are
// exact in whatever order they are made.
//
// Thread safety: const methods may be called from several threads.
class OpenTelemetryWorkload {
 public:
  static constexpr double kUnit = 0.25;

  explicit OpenTelemetryWorkload(opentelemetry::metrics::Meter* meter);

  // Measures without attributes, with some that all threads have, in an order
  // that is the thread's, and with some that are its own. No value falls.
  void Measure(int thread, int round) const;

  // What that makes in so many threads and rounds, of which each comes with
  // each. Wants bounds of 1 and 2; the rounds have to be a multiple of five.
  static Totals Expected(int threads, int rounds);

  // One negative amount for a counter and a histogram, and one NaN.
  void MeasureInVain() const;

 private:
  template <typename... AttributeSets>
  void MeasureWith(const AttributeSets&... attributes) const;

  opentelemetry::nostd::unique_ptr<
      opentelemetry::metrics::Counter<std::uint64_t>>
      jobs_;
  opentelemetry::nostd::unique_ptr<opentelemetry::metrics::Counter<double>>
      work_;
  opentelemetry::nostd::unique_ptr<
      opentelemetry::metrics::UpDownCounter<std::int64_t>>
      open_;
  opentelemetry::nostd::unique_ptr<
      opentelemetry::metrics::UpDownCounter<double>>
      load_;
  opentelemetry::nostd::unique_ptr<
      opentelemetry::metrics::Histogram<std::uint64_t>>
      lines_;
  opentelemetry::nostd::unique_ptr<opentelemetry::metrics::Histogram<double>>
      time_;
};

// Purpose: what a callback of a thread's observable instruments says.
//
// Lifetime: no callback may run with it any more when it goes. Thread safety:
// const methods may be called from several threads.
class Observed {
 public:
  Observed(int thread, int value);

  // The callback; `state` is an Observed.
  static void Observe(opentelemetry::metrics::ObserverResult result,
                      void* state);

 private:
  const std::string by_;
  const int value_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_STRESS_OPENTELEMETRY_WORKLOAD_H_
