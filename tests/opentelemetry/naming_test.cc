#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/span.h>
#include <opentelemetry/nostd/string_view.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "promshm/meter_provider.h"
#include "tests/opentelemetry/provider_testing.h"

namespace promshm::testing {
namespace {

using ::nlohmann::json;
using ::opentelemetry::context::Context;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const json& Cases() {
  static const json& cases =
      *new json(json::parse(std::ifstream(PROMSHM_NAMING_JSON)));
  return cases;
}

// The synchronous and the observable instrument of a kind, where there are two.
using Way =
    std::function<void(metrics::Meter* meter, PrometheusMeterProvider* provider,
                       const std::string& name, const std::string& unit)>;

using Creator = decltype(&metrics::Meter::CreateDoubleObservableGauge);

Way ObservedBy(Creator creator) {
  return [creator](metrics::Meter* meter, PrometheusMeterProvider* provider,
                   const std::string& name, const std::string& unit) {
    Callback callback(Observing(1.0));
    const auto instrument = (meter->*creator)(name, "", unit);
    callback.AddTo(instrument.get());
    EXPECT_TRUE(provider->Collect());
  };
}

const std::vector<Way>& WaysOf(const std::string& kind) {
  using Provider = PrometheusMeterProvider;
  static const auto& ways = *new std::map<std::string, std::vector<Way>>{
      {"counter",
       {[](metrics::Meter* meter, Provider*, const std::string& name,
           const std::string& unit) {
          meter->CreateUInt64Counter(name, "", unit)->Add(1);
        },
        ObservedBy(&metrics::Meter::CreateDoubleObservableCounter)}},
      {"updown",
       {[](metrics::Meter* meter, Provider*, const std::string& name,
           const std::string& unit) {
          meter->CreateInt64UpDownCounter(name, "", unit)->Add(1);
        },
        ObservedBy(&metrics::Meter::CreateDoubleObservableUpDownCounter)}},
      {"histogram",
       {[](metrics::Meter* meter, Provider*, const std::string& name,
           const std::string& unit) {
         meter->CreateDoubleHistogram(name, "", unit)->Record(1, Context{});
       }}},
      {"gauge",
       {ObservedBy(&metrics::Meter::CreateDoubleObservableGauge),
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
        [](metrics::Meter* meter, Provider*, const std::string& name,
           const std::string& unit) {
          meter->CreateInt64Gauge(name, "", unit)->Record(1);
        }
#endif
       }}};
  return ways.at(kind);
}

struct Expectation {
  std::string file;
  std::string key_family;
  std::set<std::string> key_samples;
  std::string family;
  std::string type;
  std::set<std::string> samples;
};

class NamingTest : public ProviderTest {
 protected:
  MeterProviderOptions Compatible(Naming naming) {
    MeterProviderOptions options =
        Options(MeterProviderOptions::PythonCompatible());
    options.naming = naming;
    return options;
  }

  // One measurement of an instrument, by itself in a directory of its own.
  void ExpectNames(const json& instrument, Naming naming, const Way& way,
                   const Expectation& expected) {
    const TemporaryDirectory directory;
    MeterProviderOptions options = Compatible(naming);
    options.directory = directory.path();
    PrometheusMeterProvider provider(options);
    const auto meter = MeterOf(&provider);
    way(meter.get(), &provider, instrument.at("otel_name").get<std::string>(),
        instrument.at("unit").get<std::string>());
    std::set<std::string> key_samples;
    for (const RawEntry& entry : RawEntriesOf(directory)) {
      const json key = json::parse(entry.key);
      EXPECT_EQ(entry.file, expected.file);
      EXPECT_EQ(key.at(0), expected.key_family);
      key_samples.insert(key.at(1).get<std::string>());
    }
    EXPECT_EQ(key_samples, expected.key_samples);
    const std::string text = ExpositionOf(directory);
    EXPECT_THAT(text, HasSubstr("# TYPE " + expected.family + " " +
                                expected.type + "\n"));
    std::set<std::string> samples;
    for (const std::string& line : SamplesOf(directory)) {
      samples.insert(line.substr(0, line.find_first_of("{ ")));
    }
    EXPECT_EQ(samples, expected.samples);
    EXPECT_THAT(Errors(), IsEmpty());
  }
};

// A counter's family in the file is without `_total`, a histogram's count is
// not in it.
Expectation BySpecification(const json& instrument) {
  const json& spec = instrument.at("spec");
  Expectation expected;
  expected.file = instrument.at("seed").at("file");
  expected.type = instrument.at("seed").at("type");
  expected.family = spec.at("family");
  expected.samples = spec.at("samples").get<std::set<std::string>>();
  expected.key_family = expected.family;
  if (expected.type == "counter") {
    expected.key_family.resize(expected.family.size() - 6);
  }
  expected.key_samples = expected.samples;
  if (expected.type == "histogram") {
    expected.key_samples.erase(expected.family + "_count");
  }
  return expected;
}

Expectation ByPython(const json& instrument) {
  // kBy is kilobytes here as well.
  if (instrument.at("unit") == "kBy") return BySpecification(instrument);
  const json& seed = instrument.at("seed");
  return {seed.at("file"),
          seed.at("key_metric_name"),
          seed.at("key_sample_names").get<std::set<std::string>>(),
          seed.at("family"),
          seed.at("type"),
          seed.at("samples").get<std::set<std::string>>()};
}

void WithPid(Expectation* expected) {
  const std::string placeholder = "<pid>";
  expected->file.replace(expected->file.find(placeholder), placeholder.size(),
                         "PID");
}

TEST_F(NamingTest, EveryNameIsThePythonPackages) {
  int seen = 0;
  for (const json& instrument : Cases().at("cases")) {
    if (!instrument.at("valid_instrument_name").get<bool>()) continue;
    SCOPED_TRACE(instrument.dump());
    Expectation expected = ByPython(instrument);
    WithPid(&expected);
    const std::vector<Way> ways = WaysOf(instrument.at("kind"));
    for (const Way& way : ways) {
      ExpectNames(instrument, Naming::kPython, way, expected);
    }
    ++seen;
  }
  EXPECT_EQ(seen, 112);
}

TEST_F(NamingTest, EveryNameIsTheSpecifications) {
  for (const json& instrument : Cases().at("cases")) {
    if (!instrument.at("valid_instrument_name").get<bool>()) continue;
    SCOPED_TRACE(instrument.dump());
    Expectation expected = BySpecification(instrument);
    WithPid(&expected);
    const std::vector<Way> ways = WaysOf(instrument.at("kind"));
    for (const Way& way : ways) {
      ExpectNames(instrument, Naming::kSpec, way, expected);
    }
  }
}

TEST_F(NamingTest, BothSpellingsOfKilobytesAreKnown) {
  for (const Naming naming : {Naming::kPython, Naming::kSpec}) {
    for (const char* unit : {"kBy", "KBy"}) {
      SCOPED_TRACE(unit);
      const json instrument = {{"otel_name", "m.value"}, {"unit", unit}};
      ExpectNames(instrument, naming, WaysOf("counter").front(),
                  {"counter_PID.db",
                   "m_value_kilobytes",
                   {"m_value_kilobytes_total"},
                   "m_value_kilobytes_total",
                   "counter",
                   {"m_value_kilobytes_total"}});
    }
  }
}

TEST_F(NamingTest, AnInvalidNameIsReportedOnceAndGivesANoOp) {
  std::vector<std::pair<std::string, std::string>> invalid = {
      {"", "counter"},
      {" ", "gauge"},
      {"a:b", "updown"},
      {"_abc", "histogram"},
      {"-a", "counter"},
      {"/a", "updown"},
      {"a\n", "histogram"},
      {std::string("a\0b", 3), "counter"},
      {"a*", "gauge"},
      {"\xff", "counter"},
      {std::string(256, 'a'), "counter"}};
  for (const json& instrument : Cases().at("cases")) {
    if (instrument.at("valid_instrument_name").get<bool>()) continue;
    invalid.emplace_back(instrument.at("otel_name"), instrument.at("kind"));
  }
  EXPECT_THAT(invalid, SizeIs(11 + 12));
  std::size_t reports = 0;
  for (const auto& [name, kind] : invalid) {
    for (const Naming naming : {Naming::kPython, Naming::kSpec}) {
      for (const Way& way : WaysOf(kind)) {
        SCOPED_TRACE(name);
        PrometheusMeterProvider provider(Compatible(naming));
        const auto meter = MeterOf(&provider);
        way(meter.get(), &provider, name, "");
        EXPECT_THAT(Errors(), SizeIs(++reports));
        EXPECT_EQ(provider.DroppedMeasurements(), 0U);
        EXPECT_EQ(provider.RefusedMeasurements(), 0U);
      }
    }
  }
  EXPECT_THAT(RawEntries(), IsEmpty());
}

TEST_F(NamingTest, ANameMayHave255Characters) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  const std::string name(255, 'a');
  meter->CreateUInt64Counter(name)->Add(2);
  EXPECT_THAT(Errors(), IsEmpty());
  EXPECT_THAT(Samples(), ElementsAre(name + "_total 2.0"));
}

TEST_F(NamingTest, AUnitMayBeAnything) {
  PrometheusMeterProvider provider(Options());
  const auto meter = MeterOf(&provider);
  meter->CreateUInt64Counter("a", "", std::string(64, 'u'))->Add(1);
  meter->CreateUInt64Counter("b", "", "\xff")->Add(1);
  meter->CreateUInt64Counter("c", "", std::string("s\0", 2))->Add(1);
  EXPECT_THAT(Errors(), IsEmpty());
  EXPECT_THAT(Samples(), ElementsAre("a_" + std::string(64, 'u') + "_total 1.0",
                                     "b_total 1.0", "c_s_total 1.0"));
}

TEST_F(NamingTest, EveryKeyBecomesALabelName) {
  for (const Naming naming : {Naming::kPython, Naming::kSpec}) {
    const TemporaryDirectory directory;
    MeterProviderOptions options = Compatible(naming);
    options.directory = directory.path();
    PrometheusMeterProvider provider(options);
    const auto meter = MeterOf(&provider);
    std::vector<std::string> expected;
    int index = 0;
    for (const json& label : Cases().at("labels")) {
      const std::string key = label.at("key");
      const std::string name = "c" + std::to_string(10 + index++);
      meter->CreateUInt64Counter(name)->Add(1, {{key, "v"}});
      const json& column =
          label.at(naming == Naming::kSpec ? "spec" : "python");
      // Python writes a label without a name.
      expected.push_back(key.empty()
                             ? name + "_total 1.0"
                             : name + "_total{" + column.get<std::string>() +
                                   "=\"v\"} 1.0");
    }
    EXPECT_EQ(SamplesOf(directory), expected);
    EXPECT_EQ(index, 21);
  }
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("c12"), HasSubstr("c12")));
}

struct Spelling {
  common::AttributeValue value;
  std::string by_specification;
};

TEST_F(NamingTest, EveryValueIsSpelledBothWays) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr std::array<std::int32_t, 2> kNumbers = {1, 2};
  const std::array<nostd::string_view, 2> texts = {"a", "b"};
  constexpr std::array<std::uint8_t, 1> kBytes = {'x'};
  const std::map<std::string, Spelling> spellings = {
      {"True (bool)", {true, "true"}},
      {"1 (int)", {1, "1"}},
      {"1.0 (double)", {1.0, "1.0"}},
      {"1.5 (double)", {1.5, "1.5"}},
      {"1e-07 (double)", {1e-7, "1e-07"}},
      {"nan (double)", {kNan, "NaN"}},
      {"inf (double)", {kInfinity, "Infinity"}},
      {"[1, 2] (int array)",
       {nostd::span<const std::int32_t>(kNumbers.data(), kNumbers.size()),
        "[1,2]"}},
      {"('a', 'b') (string array)",
       {nostd::span<const nostd::string_view>(texts.data(), texts.size()),
        R"(["a","b"])"}},
      {"b'x' (bytes)",
       {nostd::span<const std::uint8_t>(kBytes.data(), kBytes.size()), "eA=="}},
      {"None (empty)", {static_cast<const char*>(nullptr), ""}},
      {"str", {"as is", "as is"}}};
  ASSERT_THAT(Cases().at("attribute_values"), SizeIs(spellings.size()));
  for (const auto spelling :
       {AttributeSpelling::kSpec, AttributeSpelling::kPython}) {
    const TemporaryDirectory directory;
    MeterProviderOptions options = Options();
    options.directory = directory.path();
    options.attribute_spelling = spelling;
    PrometheusMeterProvider provider(options);
    const auto counter = MeterOf(&provider)->CreateUInt64Counter("c");
    std::set<std::string> expected;
    for (const json& row : Cases().at("attribute_values")) {
      const Spelling& value = spellings.at(row.at("value"));
      counter->Add(1, {{"k", value.value}});
      expected.insert(spelling == AttributeSpelling::kPython
                          ? row.at("seed").get<std::string>()
                          : value.by_specification);
    }
    std::set<std::string> found;
    for (const RawEntry& entry : RawEntriesOf(directory)) {
      found.insert(json::parse(entry.key).at(2).at("k").get<std::string>());
    }
    EXPECT_EQ(found, expected);
    EXPECT_THAT(Errors(), IsEmpty());
  }
}

// The rows of a directory that the Python package wrote.
TEST_F(NamingTest, FilesAndKeysAreThePythonPackagesToTheByte) {
  PrometheusMeterProvider provider(
      Options(MeterProviderOptions::PythonCompatible()));
  const auto meter = MeterOf(&provider);
  const auto requests = meter->CreateDoubleCounter("requests", "help text", "");
  requests->Add(3);
  requests->Add(1.5);
  meter->CreateUInt64Counter("http.requests", "h", "{request}")
      ->Add(1, {{"http.method", "GET"}, {"code", 200}});
  const auto queue =
      meter->CreateInt64UpDownCounter("queue.size", "h", "{items}");
  queue->Add(5);
  queue->Add(-2);
  Callback callback(Observing(21.5));
  const auto temperature =
      meter->CreateDoubleObservableGauge("temp", "h", "Cel");
  callback.AddTo(temperature.get());
  EXPECT_TRUE(provider.Collect());
  meter->CreateUInt64Histogram("http.client.duration", "h", "ms")
      ->Record(7, Context{});
  meter->CreateUInt64Counter("f", "h\xc3\xa4", "")
      ->Add(1, {{"k", "\xe2\x82\xac\xf0\x9f\x98\x80"}});

  const std::string histogram =
      R"(histogram_PID.db ["http_client_duration_milliseconds", )"
      R"("http_client_duration_milliseconds_)";
  std::vector<std::string> expected = {
      R"(counter_PID.db ["requests", "requests_total", {}, "help text"] 4.5)",
      R"(counter_PID.db ["http_requests", "http_requests_total", )"
      R"({"code": "200", "http_method": "GET"}, "h"] 1.0)",
      R"(counter_PID.db ["f", "f_total", {"k": "\u20ac\ud83d\ude00"}, )"
      R"("h\u00e4"] 1.0)",
      R"(gauge_all_PID.db ["queue_size", "queue_size", {}, "h"] 3.0)",
      R"(gauge_all_PID.db ["temp_celsius", "temp_celsius", {}, "h"] 21.5)",
      histogram + R"(sum", {}, "h"] 7.0)"};
  for (const char* bound :
       {"0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75",
        "1.0", "2.5", "5.0", "7.5", "10.0", "+Inf"}) {
    expected.push_back(histogram + R"(bucket", {"le": ")" + bound +
                       R"("}, "h"] )" +
                       (std::string(bound) == "7.5" ? "1.0" : "0.0"));
  }
  EXPECT_EQ(Entries(), expected);
  for (const RawEntry& entry : RawEntries()) EXPECT_EQ(entry.timestamp, 0);
  EXPECT_THAT(Errors(), IsEmpty());
}

}  // namespace
}  // namespace promshm::testing
