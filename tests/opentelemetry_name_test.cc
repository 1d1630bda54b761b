#include "format/opentelemetry_name.h"

#include <gtest/gtest.h>

#include <string>

namespace promshm::format {
namespace {

std::string Python(const std::string& name, const std::string& unit) {
  return MetricName(name, unit, Naming::kPython);
}

std::string Spec(const std::string& name, const std::string& unit) {
  return MetricName(name, unit, Naming::kSpec);
}

TEST(OpenTelemetryName, TakesOnlyWhatTheSpecificationAllows) {
  for (const char* name : {"a", "A", "http.server.requests", "a-b/c_d.1"}) {
    EXPECT_TRUE(IsInstrumentName(name)) << name;
  }
  EXPECT_TRUE(IsInstrumentName(std::string(255, 'a')));
  for (const char* name : {"", "1a", "_a", ".a", "a b", "a:b", "a=b",
                           "\xc3\xa4", "a\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(IsInstrumentName(name)) << name;
  }
  EXPECT_FALSE(IsInstrumentName(std::string(256, 'a')));
  EXPECT_FALSE(IsInstrumentName(std::string("a\0b", 3)));
}

TEST(OpenTelemetryName, ComparesNamesWithoutCase) {
  EXPECT_TRUE(IsSameInstrumentName("http.Requests", "HTTP.requests"));
  EXPECT_FALSE(IsSameInstrumentName("a", "ab"));
  EXPECT_FALSE(IsSameInstrumentName("a.b", "a_b"));
  // One bit apart, as a letter and its other case are.
  EXPECT_FALSE(IsSameInstrumentName("[", "{"));
}

TEST(OpenTelemetryName, KnowsKilobytesInBothSpellings) {
  for (const char* unit : {"kBy", "KBy"}) {
    EXPECT_EQ(Python("x", unit), "x_kilobytes");
    EXPECT_EQ(Spec("x", unit), "x_kilobytes");
  }
}

TEST(OpenTelemetryName, TakesTheWordBelowTheLineInTheSingular) {
  EXPECT_EQ(Spec("x", "By/ms"), "x_bytes_per_millisecond");
  EXPECT_EQ(Python("x", "By/ms"), "x_bytes_per_ms");
  EXPECT_EQ(Spec("x", "g/m"), "x_grams_per_meter");
  EXPECT_EQ(Python("x", "g/m"), "x_grams_per_minute");
  EXPECT_EQ(Spec("x", "J/Cel"), "x_joules_per_celsius");
  EXPECT_EQ(Spec("x", "m/Hz"), "x_meters_per_hertz");
  EXPECT_EQ(Spec("x", "km/y"), "x_km_per_year");
}

TEST(OpenTelemetryName, LeavesAnnotationsOut) {
  EXPECT_EQ(Python("x", "{a}/{b}"), "x");
  EXPECT_EQ(Spec("x", "{a}/{b}"), "x");
  EXPECT_EQ(Python("x", "{a b}"), "x_a_b");  // a space ends Python's
  EXPECT_EQ(Spec("x", "{open"), "x_open");
  EXPECT_EQ(Spec("x", "By{a{b}"), "x_bytes");
}

TEST(OpenTelemetryName, KeepsWhatPythonKeepsOfOddUnits) {
  EXPECT_EQ(Python("x", "%/s"), "x___per_second");
  EXPECT_EQ(Python("x", "__y__"), "x_y");
  EXPECT_EQ(Python("x", "/"), "x");
  EXPECT_EQ(Spec("x", "/"), "x");
}

TEST(OpenTelemetryName, EndsCountersInTotalOnce) {
  EXPECT_EQ(CounterName("x", "", Naming::kPython), "x_total");
  EXPECT_EQ(CounterName("x_total", "s", Naming::kPython), "x_seconds_total");
  EXPECT_EQ(CounterName("x.total", "", Naming::kSpec), "x_total");
  EXPECT_EQ(CounterName("x_seconds_total", "s", Naming::kSpec),
            "x_seconds_total");
}

TEST(OpenTelemetryName, MakesLabelNames) {
  EXPECT_EQ(LabelName("http.request.method"), "http_request_method");
  EXPECT_EQ(LabelName("a:b"), "a_b");
  EXPECT_EQ(LabelName("12"), "_2");
  EXPECT_EQ(LabelName(""), "");
}

}  // namespace
}  // namespace promshm::format
