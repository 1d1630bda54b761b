#include "collect/layout_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace promshm::collect {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// The text with `<i>` where value i stands.
std::string WithIndexes(const LayoutText& layout) {
  std::string shown;
  std::size_t begin = 0;
  for (const LayoutText::Gap& gap : layout.gaps) {
    shown += layout.text.substr(begin, gap.at - begin);
    shown += '<' + std::to_string(gap.value) + '>';
    begin = gap.at;
  }
  return shown + layout.text.substr(begin);
}

Series GaugeSeries(std::vector<Label> labels, std::uint32_t value) {
  return {std::move(labels), {{0, "", value}}};
}

MetricFamily Gauge(const std::string& name, std::vector<Series> series) {
  return {name, "h", FamilyType::kGauge, "sum", {name}, std::move(series), 1};
}

MetricFamily Histogram(std::vector<Label> labels) {
  Series series = {std::move(labels),
                   {{0, "0.5", 0}, {0, "+Inf", 1}, {1, "", 2}, {2, "", 3}}};
  return {"h",
          "help",
          FamilyType::kHistogram,
          "",
          {"h_bucket", "h_sum", "h_count"},
          {series},
          1};
}

TEST(LayoutTextTest, EachNumberHasAGapWithItsIndex) {
  const std::vector<MetricFamily> families = {
      Gauge("a", {GaugeSeries({}, 7), GaugeSeries({{"k", "v"}}, 2)}),
      Gauge("b", {GaugeSeries({{"k", "1"}, {"l", "\"\\\n"}}, 4'000'000'000)})};
  EXPECT_EQ(WithIndexes(MakeLayoutText(families, {})),
            "# HELP a h\n# TYPE a gauge\n"
            "a <7>\na{k=\"v\"} <2>\n"
            "# HELP b h\n# TYPE b gauge\n"
            "b{k=\"1\",l=\"\\\"\\\\\\n\"} <4000000000>\n");
}

TEST(LayoutTextTest, BoundsStandAtTheirPlaceAmongTheLabels) {
  const auto bucket_lines = [](std::vector<Label> labels) {
    const std::string text =
        WithIndexes(MakeLayoutText({Histogram(std::move(labels))}, {}));
    return text.substr(text.find("\nh_") + 1);
  };
  EXPECT_EQ(bucket_lines({}),
            "h_bucket{le=\"0.5\"} <0>\nh_bucket{le=\"+Inf\"} <1>\n"
            "h_sum <2>\nh_count <3>\n");
  EXPECT_EQ(bucket_lines({{"a", "1"}}),
            "h_bucket{a=\"1\",le=\"0.5\"} <0>\n"
            "h_bucket{a=\"1\",le=\"+Inf\"} <1>\n"
            "h_sum{a=\"1\"} <2>\nh_count{a=\"1\"} <3>\n");
  EXPECT_EQ(bucket_lines({{"z", "1"}}),
            "h_bucket{le=\"0.5\",z=\"1\"} <0>\n"
            "h_bucket{le=\"+Inf\",z=\"1\"} <1>\n"
            "h_sum{z=\"1\"} <2>\nh_count{z=\"1\"} <3>\n");
  EXPECT_EQ(bucket_lines({{"a", "1"}, {"b", "2"}, {"y", "3"}, {"z", "4"}}),
            "h_bucket{a=\"1\",b=\"2\",le=\"0.5\",y=\"3\",z=\"4\"} <0>\n"
            "h_bucket{a=\"1\",b=\"2\",le=\"+Inf\",y=\"3\",z=\"4\"} <1>\n"
            "h_sum{a=\"1\",b=\"2\",y=\"3\",z=\"4\"} <2>\n"
            "h_count{a=\"1\",b=\"2\",y=\"3\",z=\"4\"} <3>\n");
}

TEST(LayoutTextTest, WhatIsLeftOutHasAnIssueAndNoGap) {
  const std::vector<MetricFamily> families = {
      Gauge("a.b", {GaugeSeries({}, 0)}), Gauge("a_b", {GaugeSeries({}, 1)}),
      Gauge("c", {GaugeSeries({{"k.l", "1"}}, 2),
                  GaugeSeries({{"k.l", "1"}, {"k_l", "1"}}, 3),
                  GaugeSeries({{"k_l", "1"}}, 4)})};
  const LayoutText escaped = MakeLayoutText(families, {});
  EXPECT_EQ(WithIndexes(escaped),
            "# HELP a_b h\n# TYPE a_b gauge\na_b <1>\n"
            "# HELP c h\n# TYPE c gauge\nc{k_l=\"1\"} <2>\n");
  EXPECT_THAT(escaped.issues, SizeIs(3));

  const LayoutText quoted =
      MakeLayoutText(families, {false, Escaping::kAllowUtf8});
  EXPECT_THAT(quoted.gaps, SizeIs(5));
  EXPECT_THAT(quoted.issues, IsEmpty());
}

TEST(LayoutTextTest, FormatsThatWriteTheSameHaveOneStyle) {
  const auto style = [](TextFormat text, Escaping escaping) {
    const TextStyle found = StyleOf({text, escaping});
    return std::pair(found.open_metrics, found.escaping);
  };
  EXPECT_EQ(style(TextFormat::kPrometheus004, Escaping::kAllowUtf8),
            std::pair(false, Escaping::kUnderscores));
  EXPECT_EQ(style(TextFormat::kPrometheus100, Escaping::kAllowUtf8),
            std::pair(false, Escaping::kAllowUtf8));
  EXPECT_EQ(style(TextFormat::kOpenMetrics001, Escaping::kAllowUtf8),
            std::pair(true, Escaping::kUnderscores));
  EXPECT_EQ(style(TextFormat::kOpenMetrics100, Escaping::kDots),
            style(TextFormat::kOpenMetrics001, Escaping::kDots));
}

}  // namespace
}  // namespace promshm::collect
