#include "collect/name_escaping.h"

#include <gtest/gtest.h>

#include <string>

namespace promshm::collect {
namespace {

using format::NameKind;

std::string Metric(const std::string& name, Escaping escaping) {
  std::string out;
  AppendName(name, NameKind::kMetric, escaping, &out);
  return out;
}

std::string LabelName(const std::string& name, Escaping escaping) {
  std::string out;
  AppendName(name, NameKind::kLabel, escaping, &out);
  return out;
}

struct Case {
  const char* name;
  const char* underscores;
  const char* allow_utf8;
  const char* dots;
  const char* values;
};

// Prometheus' own libraries answer the same.
constexpr Case kCases[] = {
    {"http_requests", "http_requests", "http_requests", "http__requests",
     "http_requests"},
    {"ns:rule", "ns:rule", "ns:rule", "ns:rule", "ns:rule"},
    {"http.requests", "http_requests", "\"http.requests\"", "http_dot_requests",
     "U__http_2e_requests"},
    {"my-histo.gram_sum", "my_histo_gram_sum", "\"my-histo.gram_sum\"",
     "my__histo_dot_gram__sum", "U__my_2d_histo_2e_gram__sum"},
    {"température", "temp_rature", "\"température\"", "temp__rature",
     "U__temp_e9_rature"},
    {"🙂x", "_x", "\"🙂x\"", "__x", "U___1f642_x"},
    {"0ad", "_ad", "\"0ad\"", "__ad", "U___30_ad"},
    {"a\"b\\c\nd", "a_b_c_d", "\"a\\\"b\\\\c\\nd\"", "a__b__c__d",
     "U__a_22_b_5c_c_a_d"},
};

TEST(NameEscaping, SpellsNamesAsEachSchemeDoes) {
  for (const Case& test : kCases) {
    EXPECT_EQ(Metric(test.name, Escaping::kUnderscores), test.underscores);
    EXPECT_EQ(Metric(test.name, Escaping::kAllowUtf8), test.allow_utf8);
    EXPECT_EQ(Metric(test.name, Escaping::kDots), test.dots);
    EXPECT_EQ(Metric(test.name, Escaping::kValues), test.values);
  }
}

TEST(NameEscaping, ColonIsForMetricsOnly) {
  EXPECT_EQ(LabelName("a:b", Escaping::kUnderscores), "a_b");
  EXPECT_EQ(LabelName("a:b", Escaping::kAllowUtf8), "\"a:b\"");
  EXPECT_EQ(LabelName("a:b", Escaping::kValues), "U__a_3a_b");
}

TEST(NameEscaping, QuotedTextEscapesThreeCharacters) {
  std::string out;
  AppendQuotedText("a\\b\"c\nd\te", &out);
  EXPECT_EQ(out, "a\\\\b\\\"c\\nd\te");
}

}  // namespace
}  // namespace promshm::collect
