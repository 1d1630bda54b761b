#include <benchmark/benchmark.h>
#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/meter_provider.h>
#include <opentelemetry/metrics/observer_result.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/nostd/unique_ptr.h>
#include <opentelemetry/nostd/variant.h>
#include <opentelemetry/sdk/metrics/data/metric_data.h>
#include <opentelemetry/sdk/metrics/export/metric_producer.h>
#include <opentelemetry/sdk/metrics/meter_provider.h>
#include <opentelemetry/sdk/metrics/meter_provider_factory.h>
#include <opentelemetry/sdk/metrics/metric_reader.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/meter_provider.h"
#include "tests/bench/comparison.h"
#include "tests/support/temporary_directory.h"

// What measuring through OpenTelemetry's API costs, beside its SDK. Each
// benchmark checks that what it timed was done.

namespace promshm {
namespace {

using benchmark::State;

namespace metrics = opentelemetry::metrics;
namespace nostd = opentelemetry::nostd;
namespace sdk = opentelemetry::sdk::metrics;

using KeyValue =
    std::pair<nostd::string_view, opentelemetry::common::AttributeValue>;
using KeyValues = std::array<KeyValue, 3>;

constexpr std::size_t kObservedSeries = 1000;
constexpr std::int64_t kNewAttributeSets = 1500;  // below anybody's limit
constexpr std::size_t kSetsLookedUp = 100;

// What arrived.
struct Counted {
  double measurements = 0;  // of observable counters: their values
  std::size_t series = 0;
};

// Purpose: somebody's meter provider, with an instrument of each kind that is
// timed.
//
// Thread safety: the instruments' own; everything else needs external locking.
class Side {
 public:
  virtual ~Side() = default;

  virtual metrics::MeterProvider& provider() = 0;

  // Runs the callbacks.
  virtual bool Collect() = 0;

  virtual Counted Count() = 0;

  void MakeInstruments() {
    meter_ = provider().GetMeter("bench");
    counter_ = meter_->CreateUInt64Counter("counter");
    histogram_ = meter_->CreateDoubleHistogram("histogram");
  }

  metrics::Meter& meter() { return *meter_; }
  metrics::Counter<std::uint64_t>& counter() { return *counter_; }
  metrics::Histogram<double>& histogram() { return *histogram_; }

 private:
  nostd::shared_ptr<metrics::Meter> meter_;
  nostd::unique_ptr<metrics::Counter<std::uint64_t>> counter_;
  nostd::unique_ptr<metrics::Histogram<double>> histogram_;
};

#ifndef SDK_ONLY
// Purpose: promshm's provider, with a directory of its own, on disk.
class PromshmSide : public Side {
 public:
  metrics::MeterProvider& provider() override { return provider_; }

  bool Collect() override { return provider_.Collect(); }

  Counted Count() override {
    Collector collector(directory_.path());
    const Result<Snapshot> snapshot = collector.Collect();
    Counted counted;
    if (!snapshot.ok()) return counted;
    for (const MetricFamily& family : snapshot->families()) {
      for (const Series& series : family.series) {
        // A counter's only sample, or a histogram's _count.
        counted.measurements += snapshot->value(series.samples.back());
        ++counted.series;
      }
    }
    return counted;
  }

 private:
  MeterProviderOptions Options() const {
    MeterProviderOptions options;
    options.directory = directory_.path();
    options.observe_interval = std::chrono::milliseconds(0);
    return options;
  }

  testing::TemporaryDirectory directory_;
  PrometheusMeterProvider provider_{Options()};
};
#endif

// Purpose: makes the SDK aggregate as for the Prometheus exporter, and collects
// when told to.
//
// Thread safety: as MetricReader.
class PullReader : public sdk::MetricReader {
 public:
  sdk::AggregationTemporality GetAggregationTemporality(
      sdk::InstrumentType) const noexcept override {
    return sdk::AggregationTemporality::kCumulative;
  }

 private:
  bool OnForceFlush(std::chrono::microseconds) noexcept override {
    return true;
  }
  bool OnShutDown(std::chrono::microseconds) noexcept override { return true; }
};

double Measurements(const sdk::PointType& point) {
  if (const auto* sum = nostd::get_if<sdk::SumPointData>(&point)) {
    return static_cast<double>(nostd::get<std::int64_t>(sum->value_));
  }
  return static_cast<double>(nostd::get<sdk::HistogramPointData>(point).count_);
}

// Purpose: the provider of OpenTelemetry's SDK, whose series stay in memory.
class SdkSide : public Side {
 public:
  SdkSide() { provider_->AddMetricReader(reader_); }

  metrics::MeterProvider& provider() override { return *provider_; }

  bool Collect() override {
    return reader_->Collect([](sdk::ResourceMetrics& collected) {
      benchmark::DoNotOptimize(&collected);
      return true;
    });
  }

  Counted Count() override {
    Counted counted;
    reader_->Collect([&counted](sdk::ResourceMetrics& collected) {
      for (const sdk::ScopeMetrics& scope : collected.scope_metric_data_) {
        for (const sdk::MetricData& metric : scope.metric_data_) {
          for (const auto& point : metric.point_data_attr_) {
            counted.measurements += Measurements(point.point_data);
            ++counted.series;
          }
        }
      }
      return true;
    });
    return counted;
  }

 private:
  std::shared_ptr<PullReader> reader_ = std::make_shared<PullReader>();
  std::unique_ptr<sdk::MeterProvider> provider_ =
      sdk::MeterProviderFactory::Create();
};

// Of the benchmark that runs; its threads share it.
std::unique_ptr<Side> side;

template <typename OneSide>
void SetUp(const State&) {
  side = std::make_unique<OneSide>();
  side->MakeInstruments();
}

void TearDown(const State&) { side.reset(); }

void ExpectCounted(State& state, double measurements, std::size_t series) {
  if (state.thread_index() != 0) return;
  const Counted counted = side->Count();
  if (counted.measurements != measurements) {
    bench::Fail(state, "not every measurement was counted");
  } else if (counted.series != series) {
    bench::Fail(state, "not as many series as attribute sets");
  }
}

// Once an iteration.
void ExpectCounted(State& state, std::size_t series = 1) {
  ExpectCounted(
      state, static_cast<double>(state.iterations()) * state.threads(), series);
}

void Add(State& state) {
  for (auto _ : state) side->counter().Add(1);
  ExpectCounted(state);
}

void AddOne(State& state) {
  for (auto _ : state) side->counter().Add(1, {{"method", "GET"}});
  ExpectCounted(state);
}

void AddThree(State& state) {
  for (auto _ : state) {
    side->counter().Add(
        1, {{"method", "GET"}, {"route", "/api/v1/things"}, {"status", "200"}});
  }
  ExpectCounted(state);
}

void AddThreeIntegers(State& state) {
  for (auto _ : state) {
    side->counter().Add(1, {{"shard", 17}, {"size", 4096}, {"status", 200}});
  }
  ExpectCounted(state);
}

// Values for which std::string allocates.
void AddThreeLong(State& state) {
  for (auto _ : state) {
    side->counter().Add(1, {{"http.request.method", "application-defined"},
                            {"http.route", "/api/v1/things/{thing}/parts"},
                            {"server.address", "things.example.internal"}});
  }
  ExpectCounted(state);
}

void AddTen(State& state) {
  for (auto _ : state) {
    side->counter().Add(1, {{"client", "mobile"},
                            {"method", "GET"},
                            {"protocol", "http"},
                            {"region", "eu-central"},
                            {"route", "/api/v1/things"},
                            {"scheme", "https"},
                            {"server", "things-1"},
                            {"status", "200"},
                            {"tenant", "acme"},
                            {"version", "1.1"}});
  }
  ExpectCounted(state);
}

void AddReordered(State& state) {
  const KeyValue method = {"method", "GET"};
  const KeyValue route = {"route", "/api/v1/things"};
  const KeyValue status = {"status", "200"};
  const std::array<KeyValues, 6> orders = {{{method, route, status},
                                            {method, status, route},
                                            {route, method, status},
                                            {route, status, method},
                                            {status, method, route},
                                            {status, route, method}}};
  std::size_t i = 0;
  for (auto _ : state) {
    side->counter().Add(1, orders[i]);
    if (++i == orders.size()) i = 0;
  }
  ExpectCounted(state);
}

// Purpose: attribute sets that differ in one value, with what their views show.
struct AttributeSets {
  explicit AttributeSets(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      routes.push_back("/things/" + std::to_string(i));
    }
    for (const std::string& route : routes) {
      sets.push_back(
          {{{"method", "GET"}, {"route", route}, {"status", "200"}}});
    }
  }

  std::vector<std::string> routes;
  std::vector<KeyValues> sets;
};

void AddInTurns(State& state) {
  const AttributeSets attributes(kSetsLookedUp);
  for (const KeyValues& set : attributes.sets) side->counter().Add(1, set);
  std::size_t i = 0;
  for (auto _ : state) {
    side->counter().Add(1, attributes.sets[i]);
    if (++i == attributes.sets.size()) i = 0;
  }
  ExpectCounted(state, static_cast<double>(state.iterations() + kSetsLookedUp),
                kSetsLookedUp);
}

void AddNew(State& state) {
  const AttributeSets attributes(kNewAttributeSets);
  std::size_t i = 0;
  for (auto _ : state) side->counter().Add(1, attributes.sets[i++]);
  ExpectCounted(state, kNewAttributeSets);
}

// Each thread counts in a series of its own.
void AddOwn(State& state) {
  const AttributeSets attributes(static_cast<std::size_t>(state.threads()));
  const KeyValues& own =
      attributes.sets[static_cast<std::size_t>(state.thread_index())];
  for (auto _ : state) side->counter().Add(1, own);
  ExpectCounted(state, attributes.sets.size());
}

// The same for everybody: over all buckets, evenly by magnitude.
const std::vector<double>& Observations() {
  static const std::vector<double> values = [] {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> magnitude(std::log(1),
                                                     std::log(20'000));
    std::vector<double> made(4096);
    for (double& value : made) value = std::exp(magnitude(random));
    return made;
  }();
  return values;
}

void Record(State& state) {
  const opentelemetry::context::Context context;
  const std::vector<double>& values = Observations();
  std::size_t i = 0;
  for (auto _ : state) {
    side->histogram().Record(values[i++ % values.size()], context);
  }
  ExpectCounted(state);
}

void RecordThree(State& state) {
  const opentelemetry::context::Context context;
  const std::vector<double>& values = Observations();
  std::size_t i = 0;
  for (auto _ : state) {
    side->histogram().Record(
        values[i++ % values.size()],
        {{"method", "GET"}, {"route", "/api/v1/things"}, {"status", "200"}},
        context);
  }
  ExpectCounted(state);
}

void ObserveSets(metrics::ObserverResult result, void* attributes) {
  const auto& observer =
      nostd::get<nostd::shared_ptr<metrics::ObserverResultT<std::int64_t>>>(
          result);
  for (const KeyValues& set : static_cast<AttributeSets*>(attributes)->sets) {
    observer->Observe(1, set);
  }
}

void Observe(State& state) {
  AttributeSets attributes(kObservedSeries);
  const nostd::shared_ptr<metrics::ObservableInstrument> observable =
      side->meter().CreateInt64ObservableCounter("observed");
  observable->AddCallback(ObserveSets, &attributes);
  for (auto _ : state) side->Collect();
  ExpectCounted(state, kObservedSeries, kObservedSeries);
  observable->RemoveCallback(ObserveSets, &attributes);
}

// What is timed for promshm and the SDK.
struct Benchmark {
  const char* name;
  void (*body)(State&);
  int threads;
  std::int64_t iterations;  // 0: as many as it takes
  double target;            // promshm's share of the SDK's time; 0: none
};

constexpr Benchmark kBenchmarks[] = {
    {"add_0", Add, 1, 0, 0.25},
    {"add_0_x2", Add, 2, 0, 0},
    {"add_1", AddOne, 1, 0, 0},
    {"add_3", AddThree, 1, 0, 0.5},
    {"add_3_x2", AddThree, 2, 0, 1},
    {"add_3_x2_own", AddOwn, 2, 0, 1},
    {"add_3_int", AddThreeIntegers, 1, 0, 0},
    {"add_3_long", AddThreeLong, 1, 0, 0},
    {"add_3_reorder", AddReordered, 1, 0, 0},
    {"add_3_of_100", AddInTurns, 1, 0, 0},
    {"add_3_new", AddNew, 1, kNewAttributeSets, 0},
    {"add_10", AddTen, 1, 0, 0},
    {"record_0", Record, 1, 0, 0},
    {"record_3", RecordThree, 1, 0, 0.75},
    {"observe_1000", Observe, 1, 0, 0},
};

// Purpose: keeps the time by the clock on the wall, too, as that of a benchmark
// `wall/NAME`.
//
// Thread safety: needs external locking.
class BothClocks : public bench::Reporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> by_wall;
    for (Run run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      run.run_name.function_name.insert(0, "wall/");
      run.cpu_accumulated_time = run.real_accumulated_time;
      by_wall.push_back(std::move(run));
    }
    Reporter::ReportRuns(runs);
    Reporter::ReportRuns(by_wall);
  }
};

void PrintComparisons(const bench::Reporter& reporter) {
  std::deque<std::string> names;
  std::vector<bench::Comparison> comparisons;
  for (const std::string clock : {"", "wall/"}) {
    for (const Benchmark& one : kBenchmarks) {
      const std::string name = clock + one.name;
      comparisons.push_back({names.emplace_back(name + "/promshm").c_str(),
                             names.emplace_back(name + "/sdk").c_str(),
                             one.target});
    }
  }
  bench::PrintComparisons(reporter, comparisons);
}

template <typename OneSide>
void Register(const Benchmark& one, const char* whose) {
  auto* added = benchmark::RegisterBenchmark(
      (std::string(one.name) + whose).c_str(), one.body);
  added->Threads(one.threads)->Setup(SetUp<OneSide>)->Teardown(TearDown);
  if (one.iterations != 0) added->Iterations(one.iterations);
}

int Run(int argc, char** argv) {
  // Taken in turns, so that what else the machine does meets all alike. What
  // the command line says comes later and wins.
  std::vector<std::string> defaults = {
      "--benchmark_repetitions=15", "--benchmark_min_time=0.05",
      "--benchmark_enable_random_interleaving=true"};
  std::vector<char*> arguments = {argv[0]};
  for (std::string& argument : defaults) arguments.push_back(argument.data());
  for (int i = 1; i < argc; ++i) arguments.push_back(argv[i]);
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  for (const Benchmark& one : kBenchmarks) {
#ifndef SDK_ONLY
    Register<PromshmSide>(one, "/promshm");
#endif
    Register<SdkSide>(one, "/sdk");
  }
  BothClocks reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  if (bench::failed()) return 1;
  PrintComparisons(reporter);
  return 0;
}

}  // namespace
}  // namespace promshm

int main(int argc, char** argv) { return promshm::Run(argc, argv); }
