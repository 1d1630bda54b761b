#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/sync_instruments.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "promshm/gauge_mode.h"
#include "promshm/meter_provider.h"
#include "tests/opentelemetry/provider_testing.h"

namespace promshm::testing {
namespace {

using ::opentelemetry::context::Context;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// What becomes of instruments that are the same, or nearly.
class ConflictsTest : public ProviderTest {};

TEST_F(ConflictsTest, IdenticalInstrumentsAreOne) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  Callback callback(Observing(std::int64_t{3}));
  for (int i = 0; i < 3; ++i) {
    meter->CreateUInt64Counter("a", "h", "s")->Add(1, {{"k", "v"}});
    meter->CreateDoubleHistogram("b", "h", "s")->Record(1, Context{});
    const auto observed = meter->CreateInt64ObservableCounter("c", "h", "s");
    callback.AddTo(observed.get());
    EXPECT_TRUE(provider.Collect());
  }
  EXPECT_EQ(Value("a_seconds_total{k=\"v\"}"), 3);
  EXPECT_EQ(Value("b_seconds_count"), 3);
  EXPECT_EQ(Value("c_seconds_total"), 3);
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ConflictsTest, OfTwoLetterCasesTheFirstIsTheName) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("Requests.Served")->Add(1);
  EXPECT_THAT(Errors(), IsEmpty());
  meter->CreateUInt64Counter("requests.served")->Add(2);
  meter->CreateUInt64Counter("REQUESTS.SERVED")->Add(3);
  EXPECT_THAT(Samples(), ElementsAre("Requests_Served_total 6.0"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("requests.served")));
}

TEST_F(ConflictsTest, OfTwoDescriptionsTheFirstIsTheHelp) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a", "first")->Add(1);
  meter->CreateUInt64Counter("a", "second")->Add(2);
  EXPECT_THAT(Entries(), ElementsAre(R"(counter_PID.db ["a", "a_total", {}, )"
                                     R"("first"] 3.0)"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a")));
}

TEST_F(ConflictsTest, TwoNumberTypesCountInOneSeries) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a")->Add(1);
  meter->CreateDoubleCounter("a")->Add(0.5);
  EXPECT_THAT(Samples(), ElementsAre("a_total 1.5"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a")));
}

TEST_F(ConflictsTest, TwoUnitsAreTwoFamilies) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a", "", "s")->Add(1);
  meter->CreateUInt64Counter("a", "", "By")->Add(2);
  EXPECT_THAT(Samples(),
              ElementsAre("a_bytes_total 2.0", "a_seconds_total 1.0"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a")));
}

TEST_F(ConflictsTest, UnitsThatAreNotInTheNameShareAFamily) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a", "", "{x}")->Add(1);
  meter->CreateUInt64Counter("a", "", "{y}")->Add(2);
  EXPECT_THAT(Samples(), ElementsAre("a_total 3.0"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a")));
}

// Makes an instrument and measures 1.
using Use =
    std::function<void(PrometheusMeterProvider* provider,
                       const std::string& meter, const std::string& name)>;

struct Kind {
  std::string name;
  Use use;
  std::string suffix;  // of its samples
};

using Creator = decltype(&metrics::Meter::CreateDoubleObservableGauge);

Use Observed(Creator creator) {
  return [creator](PrometheusMeterProvider* provider, const std::string& meter,
                   const std::string& name) {
    Callback callback(Observing(1.0));
    const auto instrument =
        (MeterOf(provider, meter).get()->*creator)(name, "", "");
    callback.AddTo(instrument.get());
    EXPECT_TRUE(provider->Collect());
  };
}

std::vector<Kind> Kinds() {
  using Provider = PrometheusMeterProvider;
  using Text = std::string;
  return {
    {"counter",
     [](Provider* provider, const Text& meter, const Text& name) {
       MeterOf(provider, meter)->CreateUInt64Counter(name)->Add(1);
     },
     "_total"},
        {"updowncounter",
         [](Provider* provider, const Text& meter, const Text& name) {
           MeterOf(provider, meter)->CreateInt64UpDownCounter(name)->Add(1);
         },
         ""},
        {"histogram",
         [](Provider* provider, const Text& meter, const Text& name) {
           MeterOf(provider, meter)
               ->CreateUInt64Histogram(name)
               ->Record(1, Context{});
         },
         "_count"},
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
        {"gauge",
         [](Provider* provider, const Text& meter, const Text& name) {
           MeterOf(provider, meter)->CreateInt64Gauge(name)->Record(1);
         },
         ""},
#endif
        {"observable_counter",
         Observed(&metrics::Meter::CreateDoubleObservableCounter), "_total"},
        {"observable_updowncounter",
         Observed(&metrics::Meter::CreateDoubleObservableUpDownCounter), ""},
    {
      "observable_gauge",
          Observed(&metrics::Meter::CreateDoubleObservableGauge), ""
    }
  };
}

// Runs `body` for every two different kinds, each pair in both orders, with a
// provider of its own; the second instrument's meter is another one, too.
// A value that is observed no more stays.
void ForEveryTwoKinds(
    MeterProviderOptions options,
    const std::function<void(const TemporaryDirectory& directory,
                             PrometheusMeterProvider* provider,
                             const Kind& first, const Kind& second,
                             const std::string& second_meter)>& body) {
  options.gauge_mode = GaugeMode::kMax;
  options.up_down_counter_mode = GaugeMode::kMax;
  for (const Kind& first : Kinds()) {
    for (const Kind& second : Kinds()) {
      if (first.name == second.name) continue;
      for (const std::string second_meter : {"m", "n"}) {
        SCOPED_TRACE(first.name + ", " + second.name + " of " + second_meter);
        const TemporaryDirectory directory;
        options.directory = directory.path();
        PrometheusMeterProvider provider(options);
        body(directory, &provider, first, second, second_meter);
      }
    }
  }
}

TEST_F(ConflictsTest, AnotherKindOfANameGetsItsKindInItsName) {
  int pairs = 0;
  ForEveryTwoKinds(
      Options(), [&](const TemporaryDirectory& directory,
                     PrometheusMeterProvider* provider, const Kind& first,
                     const Kind& second, const std::string& second_meter) {
        const std::size_t before = Errors().size();
        first.use(provider, "m", "x");
        EXPECT_THAT(Errors(), SizeIs(before));
        second.use(provider, second_meter, "x");
        const std::string name = "x_" + second.name;
        const std::size_t after = Errors().size();
        EXPECT_GT(after, before);
        EXPECT_THAT(Errors().back(), AllOf(StartsWith("x: "), HasSubstr(name)));
        EXPECT_THAT(SamplesOf(directory),
                    IsSupersetOf({"x" + first.suffix + " 1.0",
                                  name + second.suffix + " 1.0"}));
        // Again, they are the same.
        first.use(provider, "m", "x");
        second.use(provider, second_meter, "x");
        EXPECT_THAT(Errors(), SizeIs(after));
        ++pairs;
      });
  const auto kinds = static_cast<int>(Kinds().size());
  EXPECT_EQ(pairs, 2 * kinds * (kinds - 1));
}

TEST_F(ConflictsTest, AnInstrumentOfTwoMetersIsOneFamily) {
  for (const Kind& kind : Kinds()) {
    SCOPED_TRACE(kind.name);
    PrometheusMeterProvider provider(Options());
    kind.use(&provider, "m", "x_" + kind.name);
    kind.use(&provider, "n", "x_" + kind.name);
    const bool adds_up = kind.name == "counter" || kind.name == "histogram" ||
                         kind.name == "updowncounter";
    EXPECT_EQ(Value("x_" + kind.name + kind.suffix), adds_up ? 2 : 1);
  }
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ConflictsTest, ASampleOfAnotherFamilyIsNoName) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a")->Add(1);
  meter->CreateInt64UpDownCounter("a.total")->Add(1);
  meter->CreateUInt64Histogram("h")->Record(1, Context{});
  meter->CreateInt64UpDownCounter("h.count")->Add(1);
  meter->CreateInt64UpDownCounter("h.sum")->Add(1);
  meter->CreateInt64UpDownCounter("h.bucket")->Add(1);
  meter->CreateInt64UpDownCounter("i.count")->Add(1);
  meter->CreateUInt64Histogram("i")->Record(1, Context{});
  EXPECT_THAT(
      Samples(),
      IsSupersetOf({"a_total 1.0", "a_total_updowncounter 1.0", "h_count 1.0",
                    "h_count_updowncounter 1.0", "h_sum_updowncounter 1.0",
                    "h_bucket_updowncounter 1.0", "i_count 1.0",
                    "i_histogram_count 1.0"}));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("a_total_updowncounter"),
                                    HasSubstr("h_count_updowncounter"),
                                    HasSubstr("h_sum_updowncounter"),
                                    HasSubstr("h_bucket_updowncounter"),
                                    HasSubstr("i_histogram")));
}

TEST_F(ConflictsTest, NamesThatSanitizingMakesEqualShareAFamily) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  for (const char* name : {"a.b", "a-b", "a/b", "a__b", "a..b"}) {
    meter->CreateUInt64Counter(name)->Add(1);
  }
  EXPECT_THAT(Samples(), ElementsAre("a_b_total 5.0"));
}

TEST_F(ConflictsTest, AnEmptyMeterNameWorksAndIsReported) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider, "");
  ASSERT_TRUE(meter);
  meter->CreateUInt64Counter("a")->Add(1);
  MeterOf(&provider, "", "1")->CreateUInt64Counter("a")->Add(1);
  EXPECT_THAT(Samples(), ElementsAre("a_total 2.0"));
  EXPECT_THAT(Errors(), Not(IsEmpty()));
}

}  // namespace
}  // namespace promshm::testing
