#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "promshm/registry.h"
#include "tests/bench/comparison.h"
#include "tests/support/temporary_directory.h"

// What writing costs, beside a bare atomic add and beside prometheus-cpp. Each
// benchmark checks that what it timed was done.

namespace promshm {
namespace {

using benchmark::State;

// prometheus_client's default.
const std::vector<double> kBounds = {.005, .01, .025, .05, .075, .1,  .25,
                                     .5,   .75, 1,    2.5, 5,    7.5, 10};

constexpr int kMethods = 10;
constexpr int kPaths = 10;
constexpr std::int64_t kNewLabelSets = 10'000;

// Purpose: a registry with a directory of its own, on disk.
struct Writer {
  testing::TemporaryDirectory directory;
  Registry registry{directory.path()};

  void ExpectNothingDropped(State& state) const {
    if (registry.DroppedIncrements() != 0) {
      bench::Fail(state, "increments were dropped");
    }
  }
};

void ExpectCount(State& state, double count) {
  if (count != static_cast<double>(state.iterations())) {
    bench::Fail(state, "not every increment was counted");
  }
}

// The same for everybody: from below the first bound to above the last, evenly
// by magnitude.
const std::vector<double>& Observations() {
  static const std::vector<double> values = [] {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> magnitude(std::log(0.002),
                                                     std::log(20));
    std::vector<double> made(4096);
    for (double& value : made) value = std::exp(magnitude(random));
    return made;
  }();
  return values;
}

// Of the series that are looked up.
const std::vector<Labels>& LabelSets() {
  static const std::vector<Labels> sets = [] {
    std::vector<Labels> made;
    for (int i = 0; i < kMethods; ++i) {
      for (int j = 0; j < kPaths; ++j) {
        made.push_back({{"method", "METHOD" + std::to_string(i)},
                        {"path", "/api/v1/things/" + std::to_string(j)}});
      }
    }
    return made;
  }();
  return sets;
}

void BareAdd(State& state) {
  std::atomic<double> value{0};
  for (auto _ : state) {
    value.fetch_add(1, std::memory_order_relaxed);
    benchmark::ClobberMemory();
  }
  ExpectCount(state, value);
}

template <typename Counter>
void IncrementAll(State& state, Counter& counter) {
  for (auto _ : state) counter.Increment();
  ExpectCount(state, counter.Value());
}

void PromshmIncrement(State& state) {
  Writer writer;
  IncrementAll(state,
               BuildCounter().Name("c").Register(writer.registry).Add({}));
}

void PrometheusCppIncrement(State& state) {
  prometheus::Registry registry;
  IncrementAll(state,
               prometheus::BuildCounter().Name("c").Register(registry).Add({}));
}

template <typename Histogram>
void ObserveAll(State& state, Histogram& histogram) {
  const std::vector<double>& values = Observations();
  std::size_t i = 0;
  for (auto _ : state) histogram.Observe(values[i++ % values.size()]);
}

void PromshmObserve(State& state) {
  Writer writer;
  ObserveAll(
      state,
      BuildHistogram().Name("h").Register(writer.registry).Add({}, kBounds));
  writer.ExpectNothingDropped(state);
}

void PrometheusCppObserve(State& state) {
  prometheus::Registry registry;
  prometheus::Histogram& histogram =
      prometheus::BuildHistogram().Name("h").Register(registry).Add({},
                                                                    kBounds);
  ObserveAll(state, histogram);
  ExpectCount(state,
              static_cast<double>(histogram.Collect().histogram.sample_count));
}

template <typename Gauge>
void SetAll(State& state, Gauge& gauge) {
  double value = 0;
  for (auto _ : state) gauge.Set(++value);
  ExpectCount(state, gauge.Value());
}

template <GaugeMode kMode>
void PromshmSet(State& state) {
  Writer writer;
  SetAll(state,
         BuildGauge().Name("g").Mode(kMode).Register(writer.registry).Add({}));
}

void PrometheusCppSet(State& state) {
  prometheus::Registry registry;
  SetAll(state, prometheus::BuildGauge().Name("g").Register(registry).Add({}));
}

// A label set that is there already, by labels that are at hand.
template <typename Family>
void LookUp(State& state, Family& family) {
  const std::vector<Labels>& sets = LabelSets();
  for (const Labels& labels : sets) family.Add(labels);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&family.Add(sets[i++ % sets.size()]));
  }
}

// The same, with the labels made for each call.
template <typename Family>
void MakeAndLookUp(State& state, Family& family) {
  std::vector<std::string> methods;
  std::vector<std::string> paths;
  for (const Labels& labels : LabelSets()) {
    family.Add(labels);
    methods.push_back(labels.at("method"));
    paths.push_back(labels.at("path"));
  }
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        &family.Add({{"method", methods[i]}, {"path", paths[i]}}));
    if (++i == paths.size()) i = 0;
  }
}

template <typename Family>
void AddNew(State& state, Family& family) {
  std::vector<Labels> sets;
  for (std::int64_t i = 0; i < kNewLabelSets; ++i) {
    sets.push_back({{"method", "METHOD0"},
                    {"path", "/api/v1/things/new/" + std::to_string(i)}});
  }
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(&family.Add(sets[i++]));
  if (!family.Has(sets.back())) bench::Fail(state, "a label set is missing");
}

template <void (*kBody)(State&, Family<Counter>&)>
void WithPromshm(State& state) {
  Writer writer;
  kBody(state, BuildCounter().Name("c").Register(writer.registry));
  writer.ExpectNothingDropped(state);
}

template <void (*kBody)(State&, prometheus::Family<prometheus::Counter>&)>
void WithPrometheusCpp(State& state) {
  prometheus::Registry registry;
  kBody(state, prometheus::BuildCounter().Name("c").Register(registry));
}

struct Benchmark {
  const char* name;
  void (*body)(State&);
  std::int64_t iterations;  // 0: as many as it takes
};

constexpr Benchmark kBenchmarks[] = {
    {"increment/bare_atomic", BareAdd, 0},
    {"increment/promshm", PromshmIncrement, 0},
    {"increment/prometheus_cpp", PrometheusCppIncrement, 0},
    {"observe/promshm", PromshmObserve, 0},
    {"observe/prometheus_cpp", PrometheusCppObserve, 0},
    {"set/promshm", PromshmSet<GaugeMode::kMax>, 0},
    {"set/promshm_mostrecent", PromshmSet<GaugeMode::kMostRecent>, 0},
    {"set/prometheus_cpp", PrometheusCppSet, 0},
    {"look_up/promshm", WithPromshm<LookUp>, 0},
    {"look_up/prometheus_cpp", WithPrometheusCpp<LookUp>, 0},
    {"make_and_look_up/promshm", WithPromshm<MakeAndLookUp>, 0},
    {"make_and_look_up/prometheus_cpp", WithPrometheusCpp<MakeAndLookUp>, 0},
    {"add_new/promshm", WithPromshm<AddNew>, kNewLabelSets},
    {"add_new/prometheus_cpp", WithPrometheusCpp<AddNew>, kNewLabelSets},
};

constexpr bench::Comparison kComparisons[] = {
    {"increment/promshm", "increment/bare_atomic", 1.3},
    {"increment/promshm", "increment/prometheus_cpp", 0},
    {"observe/promshm", "observe/prometheus_cpp", 1},
    {"set/promshm", "set/prometheus_cpp", 0},
    {"set/promshm_mostrecent", "set/prometheus_cpp", 0},
    {"look_up/promshm", "look_up/prometheus_cpp", 0.5},
    {"make_and_look_up/promshm", "make_and_look_up/prometheus_cpp", 0.5},
    {"add_new/promshm", "add_new/prometheus_cpp", 0},
};

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
    auto* added = benchmark::RegisterBenchmark(one.name, one.body);
    if (one.iterations != 0) added->Iterations(one.iterations);
  }
  bench::Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  if (bench::failed()) return 1;
  bench::PrintComparisons(reporter, kComparisons);
  return 0;
}

}  // namespace
}  // namespace promshm

int main(int argc, char** argv) { return promshm::Run(argc, argv); }
