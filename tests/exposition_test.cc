#include "promshm/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <locale>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "tests/support/metric_directory_writer.h"

namespace promshm {
namespace {

using testing::MetricDirectoryWriter;

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExpositionTest : public ::testing::Test {
 protected:
  void Write(const std::string& file,
             const MetricDirectoryWriter::Entries& entries) {
    directory_.Write(file, entries);
  }

  Snapshot Collect() {
    Result<Snapshot> snapshot = Collector(directory_.path()).Collect();
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
    return snapshot.ok() ? *std::move(snapshot) : Snapshot();
  }

  std::string Text(TextFormat text, Escaping escaping) {
    std::string out;
    issues_ = WriteExposition(Collect(), {text, escaping}, &out);
    return out;
  }

  nlohmann::json Json() {
    std::string out;
    WriteJson(Collect(), &out);
    EXPECT_TRUE(out.ends_with('\n'));
    return nlohmann::json::parse(out);
  }

  MetricDirectoryWriter directory_;
  std::vector<Issue> issues_;
};

TEST_F(ExpositionTest, NothingIsEmptyTextAndAnEndInOpenMetrics) {
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kUnderscores), "");
  EXPECT_EQ(Text(TextFormat::kOpenMetrics100, Escaping::kUnderscores),
            "# EOF\n");
}

TEST_F(ExpositionTest, HelpAndValuesAreEscapedAsEachFormatWants) {
  Write("counter_1.db",
        {{R"(["c", "c_total", {"v": "q\"b\\n\n"}, "q\"b\\n\n"])", 1}});
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kUnderscores),
            "# HELP c_total q\"b\\\\n\\n\n"
            "# TYPE c_total counter\n"
            "c_total{v=\"q\\\"b\\\\n\\n\"} 1.0\n");
  EXPECT_EQ(Text(TextFormat::kOpenMetrics100, Escaping::kUnderscores),
            "# HELP c q\\\"b\\\\n\\n\n"
            "# TYPE c counter\n"
            "c_total{v=\"q\\\"b\\\\n\\n\"} 1.0\n"
            "# EOF\n");
}

TEST(EscapedNameTest, SpellsANameAsTheFormatsDo) {
  EXPECT_EQ(EscapedName("a.b_c", Escaping::kUnderscores), "a_b_c");
  EXPECT_EQ(EscapedName("a.b_c", Escaping::kAllowUtf8), "\"a.b_c\"");
  EXPECT_EQ(EscapedName("a.b_c", Escaping::kDots), "a_dot_b__c");
  EXPECT_EQ(EscapedName("a.b_c", Escaping::kValues), "U__a_2e_b__c");
}

TEST_F(ExpositionTest, CounterWithoutTotalIsUnknownToOpenMetrics) {
  Write("counter_1.db", {{R"(["hits", "hits", [], []])", 3}});
  EXPECT_THAT(Text(TextFormat::kPrometheus004, Escaping::kUnderscores),
              HasSubstr("# TYPE hits counter\nhits 3.0\n"));
  EXPECT_THAT(Text(TextFormat::kOpenMetrics100, Escaping::kUnderscores),
              HasSubstr("# TYPE hits unknown\nhits 3.0\n"));
}

TEST_F(ExpositionTest, RubysTotalIsNotDoubled) {
  Write("counter_1-0.db", {{R"(["c_total","c_total",[],[]])", 3}});
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kUnderscores),
            "# HELP c_total Multiprocess metric\n"
            "# TYPE c_total counter\n"
            "c_total 3.0\n");
  EXPECT_THAT(Text(TextFormat::kOpenMetrics100, Escaping::kUnderscores),
              HasSubstr("# TYPE c counter\nc_total 3.0\n"));
}

TEST_F(ExpositionTest, QuotedNamesMoveIntoTheBraces) {
  Write("histogram_1.db",
        {{R"(["h.s", "h.s_bucket", {"a b": "1", "le": "+Inf", "z": "2"}, "h"])",
          1}});
  const std::string text =
      Text(TextFormat::kPrometheus100, Escaping::kAllowUtf8);
  EXPECT_EQ(text,
            "# HELP \"h.s\" h\n"
            "# TYPE \"h.s\" histogram\n"
            "{\"h.s_bucket\",\"a b\"=\"1\",le=\"+Inf\",z=\"2\"} 1.0\n"
            "{\"h.s_count\",\"a b\"=\"1\",z=\"2\"} 1.0\n");
}

TEST_F(ExpositionTest, FormatsBefore100NeverQuote) {
  Write("gauge_sum_1.db", {{R"(["a.b", "a.b", {"c d": "1"}, "h"])", 1}});
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kAllowUtf8),
            "# HELP a_b h\n# TYPE a_b gauge\na_b{c_d=\"1\"} 1.0\n");
  EXPECT_EQ(Text(TextFormat::kOpenMetrics001, Escaping::kAllowUtf8),
            "# HELP a_b h\n# TYPE a_b gauge\na_b{c_d=\"1\"} 1.0\n# EOF\n");
}

TEST_F(ExpositionTest, FamiliesThatEscapingMakesOneAreNotMixed) {
  Write("gauge_sum_1.db",
        {{R"(["a.b", "a.b", {}, "h"])", 1}, {R"(["a_b", "a_b", {}, "h"])", 2}});
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kUnderscores),
            "# HELP a_b h\n# TYPE a_b gauge\na_b 2.0\n");
  EXPECT_THAT(issues_, SizeIs(1));
  Text(TextFormat::kPrometheus100, Escaping::kAllowUtf8);
  EXPECT_THAT(issues_, IsEmpty());
}

TEST_F(ExpositionTest, SeriesThatEscapingMakesOneAreNotRepeated) {
  Write("gauge_sum_1.db",
        {{R"(["g", "g", {"a.b": "1"}, "h"])", 1},
         {R"(["g", "g", {"a_b": "1"}, "h"])", 2},
         {R"(["g", "g", {"a.b": "1", "a_b": "2"}, "h"])", 4}});
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kUnderscores),
            "# HELP g h\n# TYPE g gauge\ng{a_b=\"1\"} 1.0\n");
  EXPECT_THAT(issues_, SizeIs(2));
}

TEST_F(ExpositionTest, SamplesOfOneFamilyThatEscapingMakesOneAreLeftOut) {
  Write("gauge_sum_1.db",
        {{R"(["g", "g.a", {}, "h"])", 1}, {R"(["g", "g_a", {}, "h"])", 2}});
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kUnderscores), "");
  EXPECT_THAT(issues_, SizeIs(1));
  EXPECT_THAT(Text(TextFormat::kPrometheus100, Escaping::kAllowUtf8),
              HasSubstr("{\"g.a\"} 1.0\ng_a 2.0\n"));
  EXPECT_THAT(issues_, IsEmpty());
}

TEST_F(ExpositionTest, LegacyNamesAreThoseOfTheEscapedText) {
  Write("gauge_sum_1.db",
        {{R"(["z.b", "z.b", {"l.m": "1", "a": "2"}, "h"])", 1},
         {R"(["z.b", "z.b", {"l_m": "1", "a": "2"}, "h"])", 2},
         {R"(["zA", "zA", {}, "h"])", 3},
         {R"(["x.y", "x.y", {}, "h"])", 4},
         {R"(["x_y", "x_y", {}, "h"])", 5}});
  const Snapshot snapshot = Collect();
  std::vector<Issue> issues;
  const Snapshot named = WithLegacyNames(snapshot, &issues);
  EXPECT_THAT(issues, SizeIs(2));
  std::string out;
  EXPECT_THAT(WriteExposition(named, {}, &out), IsEmpty());
  EXPECT_EQ(Text(TextFormat::kPrometheus004, Escaping::kUnderscores).size(),
            out.size());
  EXPECT_THAT(out, HasSubstr("z_b{a=\"2\",l_m=\"1\"} 1.0\n"));
  EXPECT_THAT(out, HasSubstr("x_y 5.0\n"));
  // Where there is nothing to do, nothing is done.
  EXPECT_EQ(&WithLegacyNames(named, &issues).families(), &named.families());
}

TEST_F(ExpositionTest, TextIsAppended) {
  Write("gauge_sum_1.db", {{R"(["g", "g", {}, "h"])", 1}});
  const Snapshot snapshot = Collect();
  std::string out;
  EXPECT_THAT(WriteExposition(snapshot, {}, &out), IsEmpty());
  const std::string once = out;
  EXPECT_THAT(WriteExposition(snapshot, {}, &out), IsEmpty());
  EXPECT_EQ(out, once + once);
}

// What a layout keeps from one snapshot is there for the next.
TEST_F(ExpositionTest, EverySnapshotOfALayoutIsWrittenAsIfItWereTheFirst) {
  const auto write = [&](double value) {
    Write("counter_1.db", {{R"(["c", "c_total", {"k": "v"}, "h"])", value}});
    Write("gauge_sum_1.db", {{R"(["a.b", "a.b", {}, "h"])", -value},
                             {R"(["a_b", "a_b", {}, "h"])", value / 3}});
    Write("histogram_1.db",
          {{R"(["h", "h_bucket", {"a": "1", "le": "0.5"}, "h"])", value},
           {R"(["h", "h_bucket", {"a": "1", "le": "+Inf"}, "h"])", 1},
           {R"(["h", "h_sum", {"a": "1"}, "h"])", std::nan("")}});
  };
  Collector collector(directory_.path());
  const SnapshotLayout* layout = nullptr;
  for (const double value : {1.0, 1e6, 0.1, -12345678.0, HUGE_VAL}) {
    write(value);
    const Result<Snapshot> snapshot = collector.Collect();
    ASSERT_TRUE(snapshot.ok());
    if (layout == nullptr) layout = &snapshot->layout();
    EXPECT_EQ(layout, &snapshot->layout());
    for (const TextFormat text :
         {TextFormat::kPrometheus004, TextFormat::kPrometheus100,
          TextFormat::kOpenMetrics001, TextFormat::kOpenMetrics100}) {
      for (const Escaping escaping :
           {Escaping::kUnderscores, Escaping::kAllowUtf8, Escaping::kDots,
            Escaping::kValues}) {
        std::string out;
        const std::vector<Issue> issues =
            WriteExposition(*snapshot, {text, escaping}, &out);
        EXPECT_EQ(out, Text(text, escaping));
        EXPECT_EQ(issues.size(), issues_.size());
        EXPECT_THAT(out, HasSubstr("total{k=\"v\"} " + NumberText(value)));
      }
    }
  }
}

TEST_F(ExpositionTest, ASeriesThatComesIsWritten) {
  Write("gauge_sum_1.db", {{R"(["g", "g", {}, "h"])", 1}});
  Collector collector(directory_.path());
  std::string out;
  EXPECT_THAT(WriteExposition(*collector.Collect(), {}, &out), IsEmpty());
  Write("gauge_sum_2.db", {{R"(["g", "g", {"k": "v"}, "h"])", 2}});
  out.clear();
  EXPECT_THAT(WriteExposition(*collector.Collect(), {}, &out), IsEmpty());
  EXPECT_EQ(out, "# HELP g h\n# TYPE g gauge\ng 1.0\ng{k=\"v\"} 2.0\n");
}

TEST_F(ExpositionTest, DecimalCommaOfTheLocaleChangesNothing) {
  class Comma : public std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  Write("gauge_sum_1.db", {{R"(["g", "g", {}, "h"])", 12345.5}});
  const std::locale before =
      std::locale::global(std::locale(std::locale(), new Comma));
  const std::string text =
      Text(TextFormat::kPrometheus004, Escaping::kUnderscores);
  const nlohmann::json json = Json();
  std::locale::global(before);
  EXPECT_THAT(text, HasSubstr("\ng 12345.5\n"));
  EXPECT_EQ(json["families"][0]["metrics"][0]["value"], 12345.5);
}

TEST_F(ExpositionTest, JsonHasTheShapeOfProm2json) {
  Write("counter_1.db", {{R"(["c", "c_total", {"l": "v"}, "h"])", 1.5}});
  Write("gauge_sum_1.db", {{R"(["g", "g", {}, "h"])", -HUGE_VAL}});
  Write("histogram_1.db", {{R"(["h", "h_bucket", {"le": "0.5"}, "h"])", 2},
                           {R"(["h", "h_bucket", {"le": "+Inf"}, "h"])", 1},
                           {R"(["h", "h_sum", {}, "h"])", 7}});
  Write("summary_1.db", {{R"(["s", "s_count", {}, "h"])", 2},
                         {R"(["s", "s_sum", {}, "h"])", std::nan("")}});
  EXPECT_EQ(Json(), nlohmann::json::parse(R"({
    "schema": 1,
    "families": [
      {"name": "c_total", "help": "h", "type": "COUNTER",
       "metrics": [{"labels": {"l": "v"}, "value": 1.5}]},
      {"name": "g", "help": "h", "type": "GAUGE", "mode": "sum",
       "metrics": [{"labels": {}, "value": "-Inf"}]},
      {"name": "h", "help": "h", "type": "HISTOGRAM",
       "metrics": [{"labels": {}, "buckets": {"0.5": 2.0, "+Inf": 3.0},
                    "sum": 7.0, "count": 3.0}]},
      {"name": "s", "help": "h", "type": "SUMMARY",
       "metrics": [{"labels": {}, "quantiles": {}, "sum": "NaN",
                    "count": 2.0}]}
    ]})"));
}

}  // namespace
}  // namespace promshm
