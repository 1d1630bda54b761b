#include <malloc.h>
#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/observer_result.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/nostd/unique_ptr.h>
#include <opentelemetry/nostd/variant.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "promshm/meter_provider.h"
#include "tests/support/temporary_directory.h"

// Whether measuring takes memory: its amount before and after many calls of
// each kind. Exits 1 when it grew.

namespace promshm {
namespace {

namespace metrics = opentelemetry::metrics;
namespace nostd = opentelemetry::nostd;

using KeyValue =
    std::pair<nostd::string_view, opentelemetry::common::AttributeValue>;

constexpr std::uint64_t kCalls = 10'000'000;
constexpr std::int64_t kObservedSeries = 1000;

// What may come and go around the calls, such as a page of the stack.
constexpr std::int64_t kResidentMargin = 16 * 4096;
constexpr std::int64_t kHeapMargin = 4096;

struct Memory {
  std::int64_t resident = 0;
  std::int64_t heap = 0;
  std::int64_t files = 0;
};

Memory Measure(const std::string& directory) {
  Memory memory;
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0;
  if (!(statm >> size >> memory.resident)) {
    throw std::runtime_error("/proc/self/statm: cannot be read");
  }
  memory.resident *= sysconf(_SC_PAGESIZE);
  const struct mallinfo2 heap = mallinfo2();
  memory.heap = static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    memory.files += static_cast<std::int64_t>(file.file_size());
  }
  return memory;
}

// Purpose: a provider, and calls of its instruments to repeat.
//
// Thread safety: the calls may be made from several threads, but Collect().
class Application {
 public:
  Application() { observed_->AddCallback(Observe, nullptr); }

  ~Application() { observed_->RemoveCallback(Observe, nullptr); }

  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  const std::string& directory() const { return directory_.path(); }

  // False when measurements were refused or dropped.
  bool AllCounted() const {
    return provider_.RefusedMeasurements() == 0 &&
           provider_.DroppedMeasurements() == 0;
  }

  void Add(std::uint64_t) { counter_->Add(1); }

  void AddThree(std::uint64_t) {
    counter_->Add(
        1, {{"method", "GET"}, {"route", "/api/v1/things"}, {"status", 200}});
  }

  void AddReordered(std::uint64_t call) {
    std::array<KeyValue, 3> attributes = {
        {{"method", "GET"}, {"route", "/api/v1/things"}, {"status", 200}}};
    std::swap(attributes[0], attributes[call % attributes.size()]);
    counter_->Add(1, attributes);
  }

  void AddUpAndDown(std::uint64_t call) {
    up_down_->Add(call % 2 == 0 ? 1 : -1, {{"queue", "mail"}});
  }

  void Record(std::uint64_t call) {
    histogram_->Record(static_cast<double>(call % 12'000),
                       {{"method", "GET"}, {"ratio", 0.5}, {"retry", false}},
                       {});
  }

  // Of the attribute sets that come in the end each is a new one.
  void AddPastLimit(std::uint64_t call) {
    past_limit_->Add(1, {{"method", "GET"}, {"user", call}});
  }

  // A collection takes as many calls as it stores values.
  void Collect(std::uint64_t call) {
    if (call % kObservedSeries == 0) provider_.Collect();
  }

 private:
  static void Observe(metrics::ObserverResult result, void*) {
    const auto& observer =
        nostd::get<nostd::shared_ptr<metrics::ObserverResultT<std::int64_t>>>(
            result);
    for (std::int64_t i = 0; i < kObservedSeries; ++i) {
      observer->Observe(i, {{"pool", "main"}, {"worker", i}});
    }
  }

  MeterProviderOptions Options() const {
    MeterProviderOptions options;
    options.directory = directory_.path();
    options.observe_interval = std::chrono::milliseconds(0);
    return options;
  }

  testing::TemporaryDirectory directory_;
  PrometheusMeterProvider provider_{Options()};
  nostd::shared_ptr<metrics::Meter> meter_ = provider_.GetMeter("memory");
  nostd::unique_ptr<metrics::Counter<std::uint64_t>> counter_ =
      meter_->CreateUInt64Counter("counter");
  nostd::unique_ptr<metrics::Counter<std::uint64_t>> past_limit_ =
      meter_->CreateUInt64Counter("past_limit");
  nostd::unique_ptr<metrics::UpDownCounter<std::int64_t>> up_down_ =
      meter_->CreateInt64UpDownCounter("up_down");
  nostd::unique_ptr<metrics::Histogram<double>> histogram_ =
      meter_->CreateDoubleHistogram("histogram");
  nostd::shared_ptr<metrics::ObservableInstrument> observed_ =
      meter_->CreateInt64ObservableGauge("observed");
};

struct Kind {
  const char* name;
  void (Application::*call)(std::uint64_t);
  int threads;
};

constexpr Kind kKinds[] = {
    {"add", &Application::Add, 1},
    {"add, three attributes", &Application::AddThree, 1},
    {"add, three reordered", &Application::AddReordered, 1},
    {"add, two threads", &Application::AddThree, 2},
    {"add, up and down", &Application::AddUpAndDown, 1},
    {"add, past the limit", &Application::AddPastLimit, 1},
    {"record, three attributes", &Application::Record, 1},
    {"collect 1000", &Application::Collect, 1},
};

void CallAll(Application& application, const Kind& kind, std::uint64_t first,
             std::uint64_t last) {
  for (std::uint64_t i = first; i < last; ++i) (application.*kind.call)(i);
}

void CallFromThreads(Application& application, const Kind& kind,
                     std::uint64_t first, std::uint64_t last) {
  if (kind.threads == 1) return CallAll(application, kind, first, last);
  std::vector<std::thread> threads;
  for (int i = 0; i < kind.threads; ++i) {
    threads.emplace_back(CallAll, std::ref(application), std::cref(kind), first,
                         first + (last - first) / kind.threads);
  }
  for (std::thread& thread : threads) thread.join();
}

// Whether memory stays as it is after the first calls.
bool IsConstant(Application& application, const Kind& kind,
                std::uint64_t calls) {
  const std::uint64_t first_calls = 10'000;
  CallFromThreads(application, kind, 0, first_calls);
  const Memory before = Measure(application.directory());
  CallFromThreads(application, kind, first_calls, first_calls + calls);
  const Memory after = Measure(application.directory());
  std::printf(
      "%-25s %9jd %+7jd %9jd %+7jd %9jd %+7jd\n", kind.name,
      std::intmax_t{before.resident},
      std::intmax_t{after.resident - before.resident},
      std::intmax_t{before.heap}, std::intmax_t{after.heap - before.heap},
      std::intmax_t{before.files}, std::intmax_t{after.files - before.files});
  return after.resident - before.resident <= kResidentMargin &&
         after.heap - before.heap <= kHeapMargin && after.files == before.files;
}

int Run(std::uint64_t calls) {
  Application application;
  std::printf("%-25s %9s %7s %9s %7s %9s %7s\n", "bytes", "resident", "grown",
              "heap", "grown", "files", "grown");
  // The first time brings code of its own into memory.
  Measure(application.directory());
  bool constant = true;
  for (const Kind& kind : kKinds) {
    constant = IsConstant(application, kind, calls) && constant;
  }
  if (!application.AllCounted()) {
    std::fputs("measurements were not counted\n", stderr);
    return 1;
  }
  if (!constant) std::fputs("memory grew\n", stderr);
  return constant ? 0 : 1;
}

}  // namespace
}  // namespace promshm

int main(int argc, char** argv) {
  std::uint64_t calls = promshm::kCalls;
  if (argc > 1) {
    const char* end = argv[1] + std::strlen(argv[1]);
    const auto [stop, error] = std::from_chars(argv[1], end, calls);
    if (argc > 2 || error != std::errc() || stop != end) {
      std::fputs("Usage: promshm_bench_opentelemetry_memory [CALLS]\n", stderr);
      return 2;
    }
  }
  return promshm::Run(calls);
}
