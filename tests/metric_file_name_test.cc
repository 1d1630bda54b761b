#include "format/metric_file_name.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/golden.h"

namespace promshm::format {
namespace {

struct GoodName {
  const char* name;
  FamilyType type;
  const char* mode;  // of a gauge
  const char* identifier;
};

const std::vector<GoodName> kGoodNames = {
    {"counter_123.db", FamilyType::kCounter, "", "123"},
    {"histogram_123.db", FamilyType::kHistogram, "", "123"},
    {"summary_123.db", FamilyType::kSummary, "", "123"},
    {"gauge_all_1.db", FamilyType::kGauge, "all", "1"},
    {"gauge_liveall_1.db", FamilyType::kGauge, "liveall", "1"},
    {"gauge_min_1.db", FamilyType::kGauge, "min", "1"},
    {"gauge_livemin_1.db", FamilyType::kGauge, "livemin", "1"},
    {"gauge_max_1.db", FamilyType::kGauge, "max", "1"},
    {"gauge_livemax_1.db", FamilyType::kGauge, "livemax", "1"},
    {"gauge_sum_1.db", FamilyType::kGauge, "sum", "1"},
    {"gauge_livesum_1.db", FamilyType::kGauge, "livesum", "1"},
    {"gauge_mostrecent_1.db", FamilyType::kGauge, "mostrecent", "1"},
    {"gauge_livemostrecent_1.db", FamilyType::kGauge, "livemostrecent", "1"},
    {"counter_worker0.db", FamilyType::kCounter, "", "worker0"},
    {"counter_12.5.db", FamilyType::kCounter, "", "12.5"},
    {"counter_host-3.db", FamilyType::kCounter, "", "host-3"},
    {"counter_a_b_c.db", FamilyType::kCounter, "", "a_b_c"},
    {"counter_.db.db", FamilyType::kCounter, "", ".db"},
    {"counter__.db", FamilyType::kCounter, "", "_"},
    {"counter_ .db", FamilyType::kCounter, "", " "},
    {"counter_\xff.db", FamilyType::kCounter, "", "\xff"},
    {"gauge_all_worker_1.db", FamilyType::kGauge, "all", "worker_1"},
    {"gauge_all__.db", FamilyType::kGauge, "all", "_"},
    {"gauge_sum_process_id_7-0.db", FamilyType::kGauge, "sum",
     "process_id_7-0"},
};

TEST(MetricFileNameTest, NamesThatClientsMakeAreTakenApart) {
  for (const GoodName& row : kGoodNames) {
    const auto name = MetricFileName::Parse(row.name);
    ASSERT_TRUE(name.has_value()) << row.name;
    EXPECT_EQ(name->type, row.type) << row.name;
    EXPECT_EQ(name->identifier, row.identifier) << row.name;
    EXPECT_EQ(name->part, std::nullopt) << row.name;
    if (row.type == FamilyType::kGauge) {
      EXPECT_EQ(ToString(name->mode), row.mode) << row.name;
    }
  }
}

TEST(MetricFileNameTest, ToStringGivesTheSameNameBack) {
  for (const GoodName& row : kGoodNames) {
    auto name = MetricFileName::Parse(row.name);
    ASSERT_TRUE(name.has_value()) << row.name;
    EXPECT_EQ(name->ToString(), row.name);
    name->SplitPart();
    EXPECT_EQ(name->ToString(), row.name);
  }
}

TEST(MetricFileNameTest, EveryGoldenNameIsKnown) {
  for (const testing::GoldenFile& file : testing::ReadAllGolden()) {
    const auto name = MetricFileName::Parse(file.name);
    ASSERT_TRUE(name.has_value()) << file.path;
    EXPECT_EQ(name->ToString(), file.name);
  }
}

TEST(MetricFileNameTest, EverythingElseIsRefused) {
  const std::vector<std::string_view> names = {
      "",
      ".",
      "..",
      ".db",
      "_.db",
      "counter",
      "counter.db",
      "counter_.db",
      "counter_123",
      "counter_123.DB",
      "counter_123.db ",
      " counter_123.db",
      "counter_123.db~",
      "counter_123.db.tmp",
      "counter_123.dbx",
      ".counter_123.db",
      "Counter_123.db",
      "COUNTER_123.db",
      "counters_123.db",
      "counter-123.db",
      "counter123.db",
      "histogram_.db",
      "summary_.db",
      "summary.db",
      "gauge.db",
      "gauge_.db",
      "gauge_1.db",
      "gauge_all.db",
      "gauge_all_.db",
      "gauge__1.db",
      "gauge_live_1.db",
      "gauge_livelive_1.db",
      "gauge_avg_1.db",
      "gauge_ALL_1.db",
      "gauge_alll_1.db",
      "gauge_mostrecen_1.db",
      "gauge_liveallx_1.db",
      "info_1.db",
      "enum_1.db",
      "untyped_1.db",
      "metrics.db",
      "sqlite.db",
      std::string_view("counter_1.db\0", 13),
  };
  for (const std::string_view name : names) {
    EXPECT_EQ(MetricFileName::Parse(name), std::nullopt) << name;
  }
}

struct Split {
  const char* identifier;
  const char* process;
  std::optional<std::string> part;
};

TEST(MetricFileNameTest, SplitPartTakesTheLastNumberOff) {
  const std::vector<Split> table = {
      {"process_id_123-0", "process_id_123", "0"},
      {"worker_1-12", "worker_1", "12"},
      {"host-3-0", "host-3", "0"},
      {"1-0", "1", "0"},
      {"a--1", "a-", "1"},
      {"123", "123", std::nullopt},
      {"-0", "-0", std::nullopt},
      {"a-", "a-", std::nullopt},
      {"a-b", "a-b", std::nullopt},
      {"a-1b", "a-1b", std::nullopt},
      {"a-1 ", "a-1 ", std::nullopt},
      {"-", "-", std::nullopt},
  };
  for (const Split& row : table) {
    MetricFileName name;
    name.identifier = row.identifier;
    const std::string before = name.ToString();
    name.SplitPart();
    EXPECT_EQ(name.identifier, row.process) << row.identifier;
    EXPECT_EQ(name.part, row.part) << row.identifier;
    EXPECT_EQ(name.ToString(), before);
  }
}

TEST(MetricFileNameTest, SplitPartTwiceTakesOnePart) {
  MetricFileName name;
  name.identifier = "host-3-0";
  name.SplitPart();
  name.SplitPart();
  EXPECT_EQ(name.identifier, "host-3");
  EXPECT_EQ(name.part, "0");
}

}  // namespace
}  // namespace promshm::format
