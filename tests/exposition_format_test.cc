#include <gtest/gtest.h>

#include <string>

#include "promshm/exposition.h"

namespace promshm {
namespace {

constexpr const char* kText004 = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kOpenMetrics001 =
    "application/openmetrics-text; version=0.0.1; charset=utf-8";

std::string Text100(const std::string& escaping) {
  return "text/plain; version=1.0.0; charset=utf-8; escaping=" + escaping;
}

std::string OpenMetrics100(const std::string& escaping) {
  return "application/openmetrics-text; version=1.0.0; charset=utf-8; "
         "escaping=" +
         escaping;
}

std::string Answer(const std::string& accept) {
  return ContentType(ChooseFormat(accept));
}

TEST(ChooseFormat, AnswersWhatPrometheusReallySends) {
  EXPECT_EQ(Answer("application/openmetrics-text;version=1.0.0,"
                   "application/openmetrics-text;version=0.0.1;q=0.75,"
                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            OpenMetrics100("underscores"));
  EXPECT_EQ(
      Answer("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
             "q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
             "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
             "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
      OpenMetrics100("allow-utf-8"));
  EXPECT_EQ(
      Answer("application/vnd.google.protobuf;"
             "proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
             "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
             "q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
             "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
             "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"),
      OpenMetrics100("allow-utf-8"));
}

TEST(ChooseFormat, AnswersTheUndemandingWithText004) {
  for (const char* accept :
       {"", "*/*", "text/*", "text/plain", "text/plain;version=0.0.4",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/json", "application/vnd.google.protobuf", ",,;;=,q=",
        "text/plain;version=7", "application/openmetrics-text;version=2.0.0"}) {
    EXPECT_EQ(Answer(accept), kText004) << accept;
  }
}

TEST(ChooseFormat, FollowsQualityBeforeOrder) {
  EXPECT_EQ(Answer("text/plain;version=0.0.4;q=0.2,"
                   "text/plain;version=1.0.0;q=0.9,"
                   "application/openmetrics-text;version=1.0.0;q=0.5"),
            Text100("underscores"));
  EXPECT_EQ(Answer("text/plain;version=1.0.0,"
                   "application/openmetrics-text;version=1.0.0"),
            Text100("underscores"));
  EXPECT_EQ(Answer("application/openmetrics-text;version=1.0.0,"
                   "text/plain;version=1.0.0"),
            OpenMetrics100("underscores"));
}

TEST(ChooseFormat, NeverAnswersWithWhatIsRefused) {
  EXPECT_EQ(Answer("text/plain;q=0,*/*;q=0.5"), Text100("underscores"));
  EXPECT_EQ(Answer("application/openmetrics-text;version=1.0.0;q=0,"
                   "text/plain;version=0.0.4;q=0.1"),
            kText004);
}

TEST(ChooseFormat, OpenMetricsWithoutVersionIsTheOldOne) {
  EXPECT_EQ(Answer("application/openmetrics-text"), kOpenMetrics001);
  EXPECT_EQ(Answer("application/openmetrics-text; version=0.0.1"),
            kOpenMetrics001);
}

TEST(ChooseFormat, FollowsTheEscapingOfTheChosenRange) {
  for (const char* escaping :
       {"underscores", "allow-utf-8", "dots", "values"}) {
    EXPECT_EQ(Answer(std::string("text/plain;version=1.0.0;escaping=") +
                     escaping + ",text/plain;escaping=values;q=0.1"),
              Text100(escaping));
  }
  EXPECT_EQ(Answer("text/plain;version=1.0.0;escaping=other"),
            Text100("underscores"));
}

TEST(ChooseFormat, FormatsBefore100CannotQuoteNames) {
  for (const char* range : {"text/plain;version=0.0.4",
                            "application/openmetrics-text;version=0.0.1"}) {
    const std::string accept = std::string(range) + ";escaping=";
    EXPECT_EQ(ChooseFormat(accept + "allow-utf-8").escaping,
              Escaping::kUnderscores);
    EXPECT_EQ(ChooseFormat(accept + "values").escaping, Escaping::kValues);
  }
}

TEST(ChooseFormat, ReadsHeadersAsTheyAreSpelled) {
  EXPECT_EQ(Answer(" Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.7 "
                   ", text/plain ;q = 0.3"),
            OpenMetrics100("underscores"));
  EXPECT_EQ(Answer("text/plain;version=1.0.0;q=nonsense"),
            Text100("underscores"));
}

}  // namespace
}  // namespace promshm
