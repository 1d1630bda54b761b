#include "tools/serve/metrics/family_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "promshm/exposition.h"

namespace promshm::tools {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ExpositionFormat kText = {TextFormat::kPrometheus004,
                                    Escaping::kUnderscores};
constexpr ExpositionFormat kOpenMetrics = {TextFormat::kOpenMetrics100,
                                           Escaping::kAllowUtf8};

prometheus::MetricFamily Own(const std::string& name, MetricType type) {
  ClientMetric metric;
  metric.counter.value = 2;
  metric.gauge.value = 3;
  return {name, "Help.", type, {metric}};
}

// An application with one family.
Snapshot Application(const std::string& name, FamilyType type,
                     const std::string& sample) {
  auto layout = std::make_shared<SnapshotLayout>();
  MetricFamily family;
  family.name = name;
  family.type = type;
  family.sample_names = {sample};
  family.series = {{{}, {Sample{}}}};
  layout->families = {family};
  return {std::move(layout), {1}, {1}, {}};
}

TEST(FamilySnapshotTest, BecomesWhatOurWriterWrites) {
  ClientMetric second;
  second.label = {{"z", "1"}, {"a", "q\"uote"}};
  second.gauge.value = 0.1 + 0.2;
  ClientMetric first;
  first.label = {{"a", "b"}, {"z", "2"}};
  first.gauge.value = 1e9;
  const std::vector<prometheus::MetricFamily> families = {
      {"x_total", "A counter.", MetricType::Counter, Own("", {}).metric},
      {"b_gauge", "A gauge.", MetricType::Gauge, {second, first}},
      {"no_type", "Not ours.", MetricType::Untyped, {first}}};
  std::string text;
  AppendExposition(families, kText, &text);
  EXPECT_EQ(text,
            "# HELP b_gauge A gauge.\n"
            "# TYPE b_gauge gauge\n"
            "b_gauge{a=\"b\",z=\"2\"} 1e+09\n"
            "b_gauge{a=\"q\\\"uote\",z=\"1\"} 0.30000000000000004\n"
            "# HELP x_total A counter.\n"
            "# TYPE x_total counter\n"
            "x_total 2.0\n");
  std::string open_metrics;
  AppendExposition({families[0]}, kOpenMetrics, &open_metrics);
  EXPECT_EQ(open_metrics,
            "# HELP x A counter.\n"
            "# TYPE x counter\n"
            "x_total 2.0\n"
            "# EOF\n");
}

TEST(FamilySnapshotTest, AppendsWithOneEnd) {
  const auto families = {Own("own", MetricType::Gauge)};
  const Snapshot application = Application("app", FamilyType::kGauge, "app");
  for (const ExpositionFormat& format : {kText, kOpenMetrics}) {
    std::string alone;
    EXPECT_THAT(WriteExposition(application, format, &alone), IsEmpty());
    std::string text = alone;
    AppendExposition({}, format, &text);
    EXPECT_EQ(text, alone);
    AppendExposition(families, format, &text);
    const std::size_t end = text.find("# EOF\n");
    if (format.text == TextFormat::kOpenMetrics100) {
      EXPECT_EQ(end, text.size() - 6);
    } else {
      EXPECT_EQ(end, std::string::npos);
    }
    EXPECT_EQ(text.find("app 1.0\n"), alone.find("app 1.0\n"));
    EXPECT_NE(text.find("own 3.0\n"), std::string::npos);
  }
  std::string nothing;
  AppendExposition({}, kOpenMetrics, &nothing);
  EXPECT_EQ(nothing, "# EOF\n");
}

struct Collision {
  const char* family;
  FamilyType type;
  const char* sample;
  std::vector<std::string> left_out;
};

TEST(FamilySnapshotTest, LeavesToTheApplicationWhatItHas) {
  using enum FamilyType;
  const std::vector<Collision> collisions = {
      {"other", kGauge, "other", {}},
      {"own_files", kGauge, "own_files", {"own_files"}},
      {"own_cpu", kCounter, "own_cpu_total", {"own_cpu_total"}},
      {"own_cpu_total", kCounter, "own_cpu_total", {"own_cpu_total"}},
      {"own_cpu", kGauge, "own_cpu", {"own_cpu_total"}},
      {"own_cpu_created", kGauge, "own_cpu_created", {"own_cpu_total"}},
      // What a histogram has, or would have.
      {"own", kHistogram, "own_count", {"own_sum"}},
      {"own", kSummary, "own_count", {"own_sum"}},
      {"own", kGauge, "own", {}},
      // Escaped: by underscores, by dots.
      {"own.files", kGauge, "own.files", {"own_files"}},
      {"own/files", kGauge, "own/files", {"own_files"}},
      {"own.cpu", kCounter, "own.cpu_total", {"own_cpu_total"}},
      {"own_filess", kGauge, "own_filess", {}},
  };
  for (const Collision& collision : collisions) {
    FamiliesBeside beside = WithoutCollisions(
        {Own("own_files", MetricType::Gauge),
         Own("own_cpu_total", MetricType::Counter),
         Own("own_sum", MetricType::Gauge)},
        Application(collision.family, collision.type, collision.sample));
    EXPECT_EQ(beside.left_out, collision.left_out)
        << collision.family << ' ' << ToString(collision.type);
    EXPECT_EQ(beside.families.size() + beside.left_out.size(), 3u);
  }
}

// By values, a name of ours can look like an escaped one.
TEST(FamilySnapshotTest, KnowsEveryScheme) {
  EXPECT_THAT(WithoutCollisions(
                  {Own("U__own_2e_files", MetricType::Gauge)},
                  Application("own.files", FamilyType::kGauge, "own.files"))
                  .left_out,
              ElementsAre("U__own_2e_files"));
}

}  // namespace
}  // namespace promshm::tools
