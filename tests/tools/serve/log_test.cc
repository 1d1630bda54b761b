#include "tools/serve/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tools/serve/logfmt_text.h"

namespace promshm::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::MatchesRegex;

constexpr char kTime[] =
    "20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
    "\\.[0-9][0-9][0-9]Z";

TEST(LogfmtTextTest, PlainTextStaysAsItIs) {
  for (const char* text : {"listening", "127.0.0.1:9464", "/a/b", "a\\b", "'",
                           "naïve", "\xE6\x97\xA5\xE6\x9C\xAC", "{a,b}"}) {
    EXPECT_EQ(LogfmtText(text), text);
  }
}

// What Go's strconv.Quote makes of each.
TEST(LogfmtTextTest, AnythingElseIsQuoted) {
  const std::pair<std::string, std::string> cases[] = {
      {"", R"("")"},
      {"two words", R"("two words")"},
      {"a=b", R"("a=b")"},
      {"say \"x\"", R"("say \"x\"")"},
      {"a\\ b", R"("a\\ b")"},
      {"one\ntwo\r\t", R"("one\ntwo\r\t")"},
      {std::string("\0\x1B\x7F", 3), R"("\x00\x1b\x7f")"},
      {"\a\b\f\v", R"("\a\b\f\v")"},
      {"\xFF", R"("\xff")"},
      {"a\xC3", R"("a\xc3")"},
      {"\xC0\x80", R"("\xc0\x80")"},          // overlong
      {"\xED\xA0\x80", R"("\xed\xa0\x80")"},  // a surrogate
      {"\xF4\x90\x80\x80", R"("\xf4\x90\x80\x80")"},
      {"a\xC2\xA0"
       "b",
       R"("a\u00a0b")"},                // a space that looks like one
      {"\xE2\x80\xAE", R"("\u202e")"},  // right to left
      {"\xF3\xA0\x80\x81", R"("\U000e0001")"},
      {"x \xE6\x97\xA5", "\"x \xE6\x97\xA5\""},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(LogfmtText(text), expected);
  }
}

class LogTest : public ::testing::Test {
 protected:
  Log Make(LogLevel least, LogFormat format) {
    return Log(least, format,
               [this](const std::string& line) { lines_.push_back(line); });
  }

  std::vector<std::string> lines_;
};

TEST_F(LogTest, LogfmtHasTimeLevelMessageAndFields) {
  const Log log = Make(LogLevel::kInfo, LogFormat::kLogfmt);
  log.Info("listening", {{"address", "127.0.0.1:9464"}, {"tls", "false"}});
  log.Warn("a line\nof text", {{"odd name", "a=b"}});
  const std::string time = std::string("time=") + kTime;
  EXPECT_THAT(
      lines_,
      ElementsAre(MatchesRegex(time + " level=INFO msg=listening "
                                      "address=127.0.0.1:9464 tls=false\n"),
                  MatchesRegex(time + " level=WARN msg=\"a line\\\\nof text\" "
                                      "\"odd name\"=\"a=b\"\n")));
}

TEST_F(LogTest, JsonHasTheSame) {
  const Log log = Make(LogLevel::kInfo, LogFormat::kJson);
  log.Error("no \"such\" file", {{"path", "/a\n\xFF"}});
  ASSERT_EQ(lines_.size(), 1);
  EXPECT_THAT(lines_[0], EndsWith("}\n"));
  EXPECT_EQ(lines_[0].find('\n'), lines_[0].size() - 1);
  const auto object = nlohmann::json::parse(lines_[0]);
  EXPECT_THAT(object["time"].get<std::string>(), MatchesRegex(kTime));
  EXPECT_EQ(object["level"], "ERROR");
  EXPECT_EQ(object["msg"], "no \"such\" file");
  EXPECT_EQ(object["path"], "/a\n\xEF\xBF\xBD");
  EXPECT_EQ(object.size(), 4);
}

TEST_F(LogTest, BelowTheLeastLevelNothingIsWritten) {
  const std::pair<LogLevel, int> cases[] = {{LogLevel::kDebug, 4},
                                            {LogLevel::kInfo, 3},
                                            {LogLevel::kWarn, 2},
                                            {LogLevel::kError, 1}};
  for (const auto& [least, count] : cases) {
    lines_.clear();
    const Log log = Make(least, LogFormat::kLogfmt);
    log.Debug("a");
    log.Info("a");
    log.Warn("a");
    log.Error("a");
    EXPECT_EQ(lines_.size(), count);
  }
}

TEST(LogToStderrTest, IsTheDefault) {
  ::testing::internal::CaptureStderr();
  Log(LogLevel::kInfo, LogFormat::kLogfmt).Info("here");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              EndsWith(" level=INFO msg=here\n"));
}

TEST(ParseLogTest, ReadsLevelsAndFormats) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("info"), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("warn"), LogLevel::kWarn);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogFormat("logfmt"), LogFormat::kLogfmt);
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  for (const char* text : {"", "INFO", "warning", "info ", "text"}) {
    EXPECT_EQ(ParseLogLevel(text), std::nullopt);
    EXPECT_EQ(ParseLogFormat(text), std::nullopt);
  }
}

}  // namespace
}  // namespace promshm::tools
