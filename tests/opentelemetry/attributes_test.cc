#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/function_ref.h>
#include <opentelemetry/nostd/span.h>
#include <opentelemetry/nostd/string_view.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promshm/meter_provider.h"
#include "tests/opentelemetry/provider_testing.h"

namespace promshm::testing {
namespace {

using ::opentelemetry::context::Context;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class AttributesTest : public ProviderTest {};

template <typename T, std::size_t N>
nostd::span<const T> SpanOf(const std::array<T, N>& values) {
  return nostd::span<const T>(values.data(), values.size());
}

TEST_F(AttributesTest, AttributesOfEveryTypeBecomeText) {
  constexpr auto kInt64 = std::numeric_limits<std::int64_t>::min();
  constexpr auto kUInt64 = std::numeric_limits<std::uint64_t>::max();
  constexpr auto kUInt32 = std::numeric_limits<std::uint32_t>::max();
  const std::array<bool, 2> bools = {true, false};
  const std::array<std::int32_t, 1> int32s = {-1};
  const std::array<std::int64_t, 1> int64s = {kInt64};
  const std::array<std::uint32_t, 1> uint32s = {kUInt32};
  const std::array<std::uint64_t, 1> uint64s = {kUInt64};
  const std::array<double, 3> doubles = {1, 1.5, kNan};
  const std::array<std::uint8_t, 4> bytes = {0, 'a', 0xff, '\n'};
  const std::array<nostd::string_view, 2> texts = {"a\"\\b", "\xc3\xa4"};
  PrometheusMeterProvider provider(Options());
  MeterOf(&provider)->CreateUInt64Counter("c")->Add(
      1, {{"a01", true},
          {"a02", std::int32_t{-1}},
          {"a03", kInt64},
          {"a04", kUInt32},
          {"a05", kUInt64},
          {"a06", 0.1},
          {"a07", static_cast<const char*>("text")},
          {"a08", nostd::string_view("text")},
          {"a09", static_cast<const char*>(nullptr)},
          {"a10", SpanOf(bools)},
          {"a11", SpanOf(int32s)},
          {"a12", SpanOf(int64s)},
          {"a13", SpanOf(uint32s)},
          {"a14", SpanOf(uint64s)},
          {"a15", SpanOf(doubles)},
          {"a16", SpanOf(bytes)},
          {"a17", SpanOf(texts)},
          {"a18", nostd::span<const std::int32_t>()}});
  EXPECT_THAT(
      Entries(),
      ElementsAre(
          R"(counter_PID.db ["c", "c_total", {"a01": "true", "a02": "-1", )"
          R"("a03": "-9223372036854775808", "a04": "4294967295", )"
          R"("a05": "18446744073709551615", "a06": "0.1", "a07": "text", )"
          R"("a08": "text", "a09": "", "a10": "[true,false]", )"
          R"("a11": "[-1]", "a12": "[-9223372036854775808]", )"
          R"("a13": "[4294967295]", "a14": "[18446744073709551615]", )"
          R"("a15": "[1.0,1.5,\"NaN\"]", "a16": "AGH/Cg==", )"
          R"("a17": "[\"a\\\"\\\\b\",\"\\u00e4\"]", "a18": "[]"}, ""] 1.0)"));
}

TEST_F(AttributesTest, AMeasurementMayHaveFortyAttributes) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("c");
  std::vector<std::pair<std::string, int>> attributes;
  std::string labels;
  for (int i = 10; i < 50; ++i) {
    attributes.emplace_back("k" + std::to_string(i), i);
    labels += (i > 10 ? ",k" : "k") + std::to_string(i) + "=\"" +
              std::to_string(i) + "\"";
  }
  counter->Add(1, attributes);
  counter->Add(1, std::vector(attributes.rbegin(), attributes.rend()));
  EXPECT_THAT(Samples(), ElementsAre("c_total{" + labels + "} 2.0"));
}

TEST_F(AttributesTest, OfAKeyGivenTwiceTheLastValueCounts) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("c");
  counter->Add(1, {{"k", "1"}, {"l", "x"}, {"k", "2"}});
  counter->Add(1, {{"k", 2}, {"l", "x"}});
  EXPECT_THAT(Samples(), ElementsAre("c_total{k=\"2\",l=\"x\"} 2.0"));
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(AttributesTest, TextThatIsNotUtf8IsReplaced) {
  PrometheusMeterProvider provider(Options());
  MeterOf(&provider)
      ->CreateUInt64Counter("c", "h\xff")
      ->Add(1, {{"k", "\xc3"}, {"l\xff", "v"}});
  EXPECT_THAT(Entries(),
              ElementsAre(R"(counter_PID.db ["c", "c_total", )"
                          R"({"k": "\ufffd", "l_": "v"}, "h\ufffd"] 1.0)"));
}

TEST_F(AttributesTest, ARenamedKeyMayMeetAnother) {
  PrometheusMeterProvider provider(Options());
  const auto histogram = MeterOf(&provider)->CreateDoubleHistogram("h");
  histogram->Record(1, {{"le_", 6}, {"le", 5}}, Context{});
  EXPECT_THAT(Samples(), Contains("h_count{le_=\"5;6\"} 1.0"));
  EXPECT_THAT(Errors(), SizeIs(2));
}

TEST_F(AttributesTest, AScopesLabelIsNotReplaced) {
  MeterProviderOptions options = Options();
  options.scope_labels = true;
  PrometheusMeterProvider provider(options);
  MeterOf(&provider, "shop")
      ->CreateUInt64Counter("c")
      ->Add(1, {{"otel.scope.name", "mine"}});
  EXPECT_THAT(
      Samples(),
      ElementsAre("c_total{otel_scope_name=\"shop\",otel_scope_name_=\"mine\","
                  "otel_scope_schema_url=\"\",otel_scope_version=\"\"} 1.0"));
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("otel.scope.name")));
}

// Bytes after which the memory is somebody else's.
class Unterminated {
 public:
  explicit Unterminated(std::string_view text)
      : size_(text.size()), bytes_(new char[text.size()]) {
    text.copy(bytes_.get(), size_);
  }
  nostd::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

TEST_F(AttributesTest, TextsNeedNoTerminator) {
  const Unterminated name("name"), help("help"), unit("ms"), key("key"),
      value("value");
  MeterProviderOptions options = Options();
  options.scope_labels = true;
  PrometheusMeterProvider provider(options);
  metrics::MeterProvider& base = provider;
  const auto meter = base.GetMeter(name.view(), unit.view(), value.view());
  meter->CreateUInt64Counter(name.view(), help.view(), unit.view())
      ->Add(1, {{key.view(), value.view()}});
  EXPECT_THAT(Entries(),
              ElementsAre(R"(counter_PID.db ["name_milliseconds", )"
                          R"("name_milliseconds_total", {"key": "value", )"
                          R"("otel_scope_name": "name", )"
                          R"("otel_scope_schema_url": "value", )"
                          R"("otel_scope_version": "ms"}, "help"] 1.0)"));
}

// Makes its texts for the call alone, as the API allows.
class BriefAttributes : public common::KeyValueIterable {
 public:
  bool ForEachKeyValue(
      nostd::function_ref<bool(nostd::string_view, common::AttributeValue)>
          callback) const noexcept override {
    for (const char* name : {"first", "second"}) {
      // On the heap, and gone after each.
      const auto key =
          std::make_unique<std::string>(std::string(40, 'k') + name);
      const auto value = std::make_unique<std::string>(40, *name);
      const std::vector<double> numbers{1.5, 2.5};
      const std::vector<std::string> texts{std::string(40, 'x'), *value};
      const std::vector<nostd::string_view> views{texts[0], texts[1]};
      if (!callback(*key, nostd::string_view(*value)) ||
          !callback(*key + ".numbers", nostd::span<const double>(
                                           numbers.data(), numbers.size())) ||
          !callback(*key + ".texts", nostd::span<const nostd::string_view>(
                                         views.data(), views.size()))) {
        return false;
      }
    }
    return true;
  }
  std::size_t size() const noexcept override { return 6; }
};

TEST_F(AttributesTest, NeedNotLiveLongerThanTheyAreTold) {
  PrometheusMeterProvider provider(Options());
  const auto counter = MeterOf(&provider)->CreateUInt64Counter("a");
  const BriefAttributes attributes;
  const common::KeyValueIterable& iterable = attributes;
  counter->Add(1, iterable);
  counter->Add(2, iterable);
  const std::string k(40, 'k');
  const std::string x(40, 'x');
  const std::string f(40, 'f');
  const std::string s(40, 's');
  EXPECT_THAT(
      Samples(),
      ElementsAre("a_total{" + k + "first=\"" + f + "\"," + k +
                  "first_numbers=\"[1.5,2.5]\"," + k + "first_texts=\"[\\\"" +
                  x + "\\\",\\\"" + f + "\\\"]\"," + k + "second=\"" + s +
                  "\"," + k + "second_numbers=\"[1.5,2.5]\"," + k +
                  "second_texts=\"[\\\"" + x + "\\\",\\\"" + s +
                  "\\\"]\"} 3.0"));
}

}  // namespace
}  // namespace promshm::testing
