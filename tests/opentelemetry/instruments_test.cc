#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/common/key_value_iterable_view.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/sync_instruments.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "promshm/meter_provider.h"
#include "tests/opentelemetry/provider_testing.h"

namespace promshm::testing {
namespace {

using ::opentelemetry::context::Context;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class InstrumentsTest : public ProviderTest {};

using TextMap = std::map<std::string, std::string>;

// Twice without attributes, six times with {k="v"}.
template <typename I, typename T>
void AddEveryWay(I* instrument, T value) {
  const Context context;
  const TextMap map = {{"k", "v"}};
  const common::KeyValueIterableView<TextMap> view(map);
  const common::KeyValueIterable& iterable = view;
  instrument->Add(value);
  instrument->Add(value, context);
  instrument->Add(value, iterable);
  instrument->Add(value, iterable, context);
  instrument->Add(value, map);
  instrument->Add(value, map, context);
  instrument->Add(value, {{"k", "v"}});
  instrument->Add(value, {{"k", "v"}}, context);
}

// Once without attributes, three times with {k="v"}.
template <typename I, typename T>
void RecordEveryWayWithContext(I* instrument, T value) {
  const Context context;
  const TextMap map = {{"k", "v"}};
  const common::KeyValueIterableView<TextMap> view(map);
  const common::KeyValueIterable& iterable = view;
  instrument->Record(value, context);
  instrument->Record(value, iterable, context);
  instrument->Record(value, map, context);
  instrument->Record(value, {{"k", "v"}}, context);
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
// The same again.
template <typename I, typename T>
void RecordEveryWayWithoutContext(I* instrument, T value) {
  const TextMap map = {{"k", "v"}};
  const common::KeyValueIterableView<TextMap> view(map);
  const common::KeyValueIterable& iterable = view;
  instrument->Record(value);
  instrument->Record(value, iterable);
  instrument->Record(value, map);
  instrument->Record(value, {{"k", "v"}});
}
#endif

TEST_F(InstrumentsTest, CountersTakeEveryFormOfAdd) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  AddEveryWay(meter->CreateUInt64Counter("a").get(), std::uint64_t{2});
  AddEveryWay(meter->CreateDoubleCounter("b").get(), 0.5);
  AddEveryWay(meter->CreateInt64UpDownCounter("c").get(), std::int64_t{-3});
  AddEveryWay(meter->CreateDoubleUpDownCounter("d").get(), -0.25);
  EXPECT_THAT(Samples(),
              ElementsAre("a_total 4.0", "a_total{k=\"v\"} 12.0", "b_total 1.0",
                          "b_total{k=\"v\"} 3.0", "c -6.0", "c{k=\"v\"} -18.0",
                          "d -0.5", "d{k=\"v\"} -1.5"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(InstrumentsTest, HistogramsTakeEveryFormOfRecord) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto integers = meter->CreateUInt64Histogram("a");
  const auto doubles = meter->CreateDoubleHistogram("b");
  RecordEveryWayWithContext(integers.get(), std::uint64_t{7});
  RecordEveryWayWithContext(doubles.get(), 0.5);
  double times = 1;
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  RecordEveryWayWithoutContext(integers.get(), std::uint64_t{7});
  RecordEveryWayWithoutContext(doubles.get(), 0.5);
  times = 2;
#endif
  EXPECT_EQ(Value("a_sum"), 7 * times);
  EXPECT_EQ(Value("a_count"), times);
  EXPECT_EQ(Value("a_bucket{le=\"5.0\"}"), 0);
  EXPECT_EQ(Value("a_bucket{le=\"10.0\"}"), times);
  EXPECT_EQ(Value("a_sum{k=\"v\"}"), 21 * times);
  EXPECT_EQ(Value("a_count{k=\"v\"}"), 3 * times);
  EXPECT_EQ(Value("b_sum"), 0.5 * times);
  EXPECT_EQ(Value("b_sum{k=\"v\"}"), 1.5 * times);
  EXPECT_EQ(Value("b_bucket{k=\"v\",le=\"5.0\"}"), 3 * times);
  EXPECT_THAT(Errors(), IsEmpty());
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
TEST_F(InstrumentsTest, GaugesTakeEveryFormOfRecord) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto integers = meter->CreateInt64Gauge("a");
  const auto doubles = meter->CreateDoubleGauge("b");
  RecordEveryWayWithContext(integers.get(), std::int64_t{7});
  RecordEveryWayWithoutContext(doubles.get(), 0.5);
  EXPECT_THAT(Samples(), ElementsAre("a 7.0", "a{k=\"v\"} 7.0", "b 0.5",
                                     "b{k=\"v\"} 0.5"));
  RecordEveryWayWithoutContext(integers.get(), std::int64_t{-7});
  RecordEveryWayWithContext(doubles.get(), 1.5);
  EXPECT_THAT(Samples(), ElementsAre("a -7.0", "a{k=\"v\"} -7.0", "b 1.5",
                                     "b{k=\"v\"} 1.5"));
  EXPECT_THAT(Errors(), IsEmpty());
}
#endif

#ifdef OPENTELEMETRY_HAVE_METRICS_BOUND_INSTRUMENTS_PREVIEW
template <typename I, typename Use>
void BindEveryWay(I* instrument, const Use& use) {
  const TextMap map = {{"k", "v"}};
  const common::KeyValueIterableView<TextMap> view(map);
  const common::KeyValueIterable& iterable = view;
  use(instrument->Bind(iterable));
  use(instrument->Bind(map));
  use(instrument->Bind({{"k", "v"}}));
  const TextMap none;
  use(instrument->Bind(none));
}

TEST_F(InstrumentsTest, BoundInstrumentsCountWithTheirAttributes) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto add = [](const auto& bound) {
    bound->Add(2);
    bound->Add(1);
  };
  const auto record = [](const auto& bound) {
    bound->Record(2);
    bound->Record(1);
  };
  BindEveryWay(meter->CreateUInt64Counter("a").get(), add);
  BindEveryWay(meter->CreateDoubleCounter("b").get(), add);
  BindEveryWay(meter->CreateUInt64Histogram("c").get(), record);
  BindEveryWay(meter->CreateDoubleHistogram("d").get(), record);
  EXPECT_THAT(Samples(), IsSupersetOf({"a_total 3.0", "a_total{k=\"v\"} 9.0",
                                       "b_total 3.0", "b_total{k=\"v\"} 9.0",
                                       "c_sum 3.0", "c_sum{k=\"v\"} 9.0",
                                       "d_count 2.0", "d_count{k=\"v\"} 6.0"}));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(InstrumentsTest, ABoundInstrumentMayOutliveItsInstrument) {
  const auto bound = [this] {
    PrometheusMeterProvider provider(Options());
    return MeterOf(&provider)->CreateUInt64Counter("a")->Bind({{"k", "v"}});
  }();
  bound->Add(2);
  EXPECT_EQ(Value("a_total{k=\"v\"}"), 2);
}

TEST_F(InstrumentsTest, ABoundInstrumentRefusesWhatItsInstrumentRefuses) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateDoubleCounter("a");
  const auto bound = counter->Bind({{"k", "v"}});
  bound->Add(-1);
  bound->Add(kNan);
  bound->Add(2);
  EXPECT_EQ(provider.RefusedMeasurements(), 2U);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a")));
  EXPECT_EQ(Value("a_total{k=\"v\"}"), 2);
}
#endif

TEST_F(InstrumentsTest, EveryCreatorMakesAnInstrumentThatWorks) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a", "help", "s")->Add(1);
  meter->CreateDoubleCounter("b", "help", "s")->Add(1);
  meter->CreateInt64UpDownCounter("c", "help", "s")->Add(1);
  meter->CreateDoubleUpDownCounter("d", "help", "s")->Add(1);
  meter->CreateUInt64Histogram("e", "help", "s")->Record(1, Context{});
  meter->CreateDoubleHistogram("f", "help", "s")->Record(1, Context{});
  std::vector<std::string> samples = {
      "a_seconds_total 1.0", "b_seconds_total 1.0", "c_seconds 1.0",
      "d_seconds 1.0",       "e_seconds_sum 1.0",   "f_seconds_sum 1.0",
      "g_seconds_total 3.0", "h_seconds_total 3.5", "i_seconds 3.0",
      "j_seconds 3.5",       "k_seconds 3.0",       "l_seconds 3.5"};
  std::vector<std::string> types = {
      "a_seconds_total counter", "b_seconds_total counter",
      "c_seconds gauge",         "d_seconds gauge",
      "e_seconds histogram",     "f_seconds histogram",
      "g_seconds_total counter", "h_seconds_total counter",
      "i_seconds gauge",         "j_seconds gauge",
      "k_seconds gauge",         "l_seconds gauge"};
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  meter->CreateInt64Gauge("m", "help", "s")->Record(1);
  meter->CreateDoubleGauge("n", "help", "s")->Record(1);
  samples.insert(samples.end(), {"m_seconds 1.0", "n_seconds 1.0"});
  types.insert(types.end(), {"m_seconds gauge", "n_seconds gauge"});
#endif
  Callback integer(Observing(std::int64_t{3}));
  Callback real(Observing(3.5));
  const auto g = meter->CreateInt64ObservableCounter("g", "help", "s");
  const auto h = meter->CreateDoubleObservableCounter("h", "help", "s");
  const auto i = meter->CreateInt64ObservableUpDownCounter("i", "help", "s");
  const auto j = meter->CreateDoubleObservableUpDownCounter("j", "help", "s");
  const auto k = meter->CreateInt64ObservableGauge("k", "help", "s");
  const auto l = meter->CreateDoubleObservableGauge("l", "help", "s");
  for (auto* instrument : {g.get(), i.get(), k.get()}) {
    integer.AddTo(instrument);
  }
  for (auto* instrument : {h.get(), j.get(), l.get()}) real.AddTo(instrument);
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Samples(), IsSupersetOf(samples));
  const std::string text = Exposition();
  for (const std::string& type : types) {
    const std::string name = type.substr(0, type.find(' '));
    EXPECT_THAT(text,
                HasSubstr("# HELP " + name + " help\n# TYPE " + type + "\n"));
  }
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(InstrumentsTest, NothingIsWrittenBeforeTheFirstMeasurement) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateUInt64Counter("a");
  const auto histogram = meter->CreateDoubleHistogram("b");
  const auto gauge = meter->CreateInt64ObservableGauge("c");
  EXPECT_TRUE(provider.Collect());
  EXPECT_THAT(Entries(), IsEmpty());
  counter->Add(0);
  EXPECT_THAT(Entries(), ElementsAre("counter_PID.db "
                                     R"(["a", "a_total", {}, ""] 0.0)"));
}

TEST_F(InstrumentsTest, IntegersAreKeptAsDoubles) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a")->Add(
      std::numeric_limits<std::uint64_t>::max());
  meter->CreateInt64UpDownCounter("b")->Add(
      std::numeric_limits<std::int64_t>::min());
  meter->CreateUInt64Counter("c")->Add((std::uint64_t{1} << 53) - 1);
  EXPECT_EQ(Value("a_total"), 18446744073709551615.0);
  EXPECT_EQ(Value("b"), -9223372036854775808.0);
  EXPECT_EQ(Value("c_total"), 9007199254740991.0);
  EXPECT_EQ(provider.RefusedMeasurements(), 0U);
}

TEST_F(InstrumentsTest, InfinityIsAcceptedAndWhatIsNoNumberRefused) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const auto counter = meter->CreateDoubleCounter("a");
  const auto updown = meter->CreateDoubleUpDownCounter("b");
  const auto histogram = meter->CreateDoubleHistogram("c");
  Callback callback(Observing(kNan));
  const auto gauge = meter->CreateDoubleObservableGauge("d");
  callback.AddTo(gauge.get());
  for (int i = 0; i < 3; ++i) {
    counter->Add(-1);
    counter->Add(-kInfinity, {{"k", "v"}});
    counter->Add(kNan);
    updown->Add(kNan);
    histogram->Record(-1, Context{});
    histogram->Record(kNan, {{"k", "v"}}, Context{});
    EXPECT_TRUE(provider.Collect());
  }
  EXPECT_EQ(provider.RefusedMeasurements(), 21U);
  EXPECT_EQ(provider.DroppedMeasurements(), 0U);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a"), HasSubstr("b"),
                                    HasSubstr("c"), HasSubstr("d")));
  EXPECT_THAT(Samples(), IsEmpty());
  counter->Add(kInfinity);
  updown->Add(-kInfinity);
  histogram->Record(kInfinity, Context{});
  histogram->Record(0, Context{});
  EXPECT_EQ(Value("a_total"), kInfinity);
  EXPECT_EQ(Value("b"), -kInfinity);
  EXPECT_EQ(Value("c_sum"), kInfinity);
  EXPECT_EQ(Value("c_count"), 2);
  EXPECT_EQ(Value("c_bucket{le=\"10000.0\"}"), 1);
  EXPECT_EQ(provider.RefusedMeasurements(), 21U);
  EXPECT_THAT(Errors(), SizeIs(4));
}

TEST_F(InstrumentsTest, MetersOfOneIdentityShareTheirInstruments) {
  PrometheusMeterProvider provider(Options());
  for (int i = 0; i < 3; ++i) {
    MeterOf(&provider, "m", "1", "url")->CreateUInt64Counter("a")->Add(1);
    MeterOf(&provider, "m", "2", "url")->CreateUInt64Counter("b")->Add(1);
  }
  EXPECT_THAT(Samples(), ElementsAre("a_total 3.0", "b_total 3.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
TEST_F(InstrumentsTest, MetersMayHaveAttributes) {
  PrometheusMeterProvider provider(Options());
  const TextMap map = {{"k", "v"}};
  const common::KeyValueIterableView<TextMap> view(map);
  provider.GetMeter("m", "1", "url", &view)->CreateUInt64Counter("a")->Add(1);
  provider.GetMeter("m", "1", "url", map)->CreateUInt64Counter("a")->Add(1);
  provider.GetMeter("m", "1", "url", {{"k", "v"}})
      ->CreateUInt64Counter("a")
      ->Add(1);
  provider.GetMeter("m", "1", "url", nullptr)->CreateUInt64Counter("b")->Add(1);
  provider.GetMeter("m")->CreateUInt64Counter("b")->Add(1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 3.0", "b_total 2.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(InstrumentsTest, InstrumentsOfARemovedMeterWorkOn) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider, "m", "1")->CreateUInt64Counter("a");
  counter->Add(1);
  provider.RemoveMeter("m", "1", "");
  provider.RemoveMeter("other");
  counter->Add(1);
  MeterOf(&provider, "m", "1")->CreateUInt64Counter("a")->Add(1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 3.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}
#endif

TEST_F(InstrumentsTest, ThreadsMayUseAllInstrumentsAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 500;
  PrometheusMeterProvider provider(Options());
  Callback callback(Observing(2.0));
  const auto work = [&provider, &callback](int thread) {
    const auto meter = MeterOf(&provider);
    const auto counter = meter->CreateDoubleCounter("a");
    const auto updown = meter->CreateInt64UpDownCounter("b");
    const auto histogram = meter->CreateUInt64Histogram("c");
    const auto gauge = meter->CreateDoubleObservableGauge("d");
    for (int i = 0; i < kRounds; ++i) {
      counter->Add(1, {{"k", i}, {"thread", thread}});
      counter->Add(1);
      updown->Add(1, {{"k", i % 10}});
      histogram->Record(1, {{"k", i % 10}}, Context{});
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
      meter->CreateInt64Gauge("e")->Record(i);
#endif
      if (i % 50 == 0) {
        callback.AddTo(gauge.get());
        EXPECT_TRUE(provider.Collect());
        callback.RemoveFrom(gauge.get());
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(callback.runs(), kThreads * 10);
  EXPECT_EQ(Value("a_total"), kThreads * kRounds);
  EXPECT_EQ(Value("a_total{otel_metric_overflow=\"true\"}"),
            kThreads * kRounds - 1999);
  EXPECT_EQ(Value("b{k=\"3\"}"), kThreads * kRounds / 10);
  EXPECT_EQ(Value("c_count{k=\"9\"}"), kThreads * kRounds / 10);
}

}  // namespace
}  // namespace promshm::testing
