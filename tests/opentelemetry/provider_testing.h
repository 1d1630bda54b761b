#ifndef PROMSHM_TESTS_OPENTELEMETRY_PROVIDER_TESTING_H_
#define PROMSHM_TESTS_OPENTELEMETRY_PROVIDER_TESTING_H_

#include <gtest/gtest.h>
#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/meter_provider.h>
#include <opentelemetry/metrics/observer_result.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/nostd/variant.h>

#include <atomic>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promshm/meter_provider.h"
#include "promshm/snapshot.h"
#include "tests/support/temporary_directory.h"

namespace promshm::testing {

namespace common = ::opentelemetry::common;
namespace metrics = ::opentelemetry::metrics;
namespace nostd = ::opentelemetry::nostd;

#ifdef __SANITIZE_THREAD__
inline constexpr bool kThreadSanitized = true;
#else
inline constexpr bool kThreadSanitized = false;
#endif
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = kThreadSanitized;
#endif

using AttributeInitializer = std::initializer_list<
    std::pair<nostd::string_view, common::AttributeValue>>;

// A meter as an application asks for it: of the API's class.
nostd::shared_ptr<metrics::Meter> MeterOf(metrics::MeterProvider* provider,
                                          const std::string& name = "meter",
                                          const std::string& version = "",
                                          const std::string& schema_url = "");

template <typename T>
void Observe(const metrics::ObserverResult& result, T value) {
  nostd::get<nostd::shared_ptr<metrics::ObserverResultT<T>>>(result)->Observe(
      value);
}

template <typename T>
void Observe(const metrics::ObserverResult& result, T value,
             AttributeInitializer attributes) {
  nostd::get<nostd::shared_ptr<metrics::ObserverResultT<T>>>(result)->Observe(
      value, attributes);
}

// Purpose: a function in the form in which observable instruments take one.
//
// Lifetime: must outlive its being added. Thread safety: const methods may be
// called from several threads.
class Callback {
 public:
  using Body = std::function<void(const metrics::ObserverResult& result)>;

  explicit Callback(Body body) : body_(std::move(body)) {}

  void AddTo(metrics::ObservableInstrument* instrument) {
    instrument->AddCallback(&Run, this);
  }
  void RemoveFrom(metrics::ObservableInstrument* instrument) {
    instrument->RemoveCallback(&Run, this);
  }

  int runs() const { return runs_; }

 private:
  // Handed over by value, as the API has it.
  // NOLINTNEXTLINE(performance-unnecessary-value-param)
  static void Run(metrics::ObserverResult result, void* state) {
    auto* const callback = static_cast<Callback*>(state);
    ++callback->runs_;
    callback->body_(result);
  }

  const Body body_;
  std::atomic<int> runs_{0};
};

template <typename T>
Callback::Body Observing(T value) {
  return [value](const metrics::ObserverResult& result) {
    Observe(result, value);
  };
}

// Looks again and again, for half a minute at most, whether `condition` holds.
bool HoldsSoon(const std::function<bool()>& condition);

// An entry of a file, whose name has `PID` for this process's ID.
struct RawEntry {
  std::string file;
  std::string key;
  double value = 0;
  double timestamp = 0;
};

// What stands in a directory; it has to be without issues. In the exposition,
// the label `pid` of this process is `PID`; samples are its lines that are no
// comments.
std::vector<RawEntry> RawEntriesOf(const TemporaryDirectory& directory);
std::string ExpositionOf(const TemporaryDirectory& directory);
std::vector<std::string> SamplesOf(const TemporaryDirectory& directory);

// Purpose: a directory for a provider, what stands in it, and what the provider
// reports.
class ProviderTest : public ::testing::Test {
 protected:
  // Of this test's directory, with the errors kept and no thread.
  MeterProviderOptions Options(MeterProviderOptions options = {});

  std::vector<std::string> Errors() const;

  std::vector<RawEntry> RawEntries() const { return RawEntriesOf(directory_); }

  // Each as `FILE KEY VALUE`.
  std::vector<std::string> Entries() const;

  std::string Exposition() const { return ExpositionOf(directory_); }

  std::vector<std::string> Samples() const { return SamplesOf(directory_); }

  // Of a sample as it is exposed, `name{label="value"}`.
  std::optional<double> Value(const std::string& sample) const;

  const TemporaryDirectory directory_;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> errors_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_OPENTELEMETRY_PROVIDER_TESTING_H_
