#include "format/name_pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace promshm::format {
namespace {

bool MatchesPattern(std::string_view pattern, std::string_view name) {
  return MatchesPattern(pattern, name, LetterCase::kIgnored);
}

TEST(NamePattern, CaseCountsWhereItShall) {
  EXPECT_TRUE(MatchesPattern("http_*s", "http_requests", LetterCase::kCounts));
  EXPECT_FALSE(MatchesPattern("Http_*", "http_requests", LetterCase::kCounts));
}

TEST(NamePattern, MatchesTextWithoutCase) {
  EXPECT_TRUE(MatchesPattern("http.Requests", "HTTP.requests"));
  EXPECT_FALSE(MatchesPattern("http.requests", "http.request"));
  EXPECT_FALSE(MatchesPattern("http.request", "http.requests"));
  EXPECT_FALSE(MatchesPattern("a.b", "a_b"));
}

TEST(NamePattern, StarStandsForAnyText) {
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("*", "anything"));
  EXPECT_TRUE(MatchesPattern("http.*", "http."));
  EXPECT_TRUE(MatchesPattern("*.duration", "http.server.duration"));
  EXPECT_TRUE(MatchesPattern("a*b*c", "abbbcbc"));
  EXPECT_TRUE(MatchesPattern("a**c", "ac"));
  EXPECT_FALSE(MatchesPattern("a*b*c", "abbb"));
  EXPECT_FALSE(MatchesPattern("*.duration", "http.server.durations"));
}

TEST(NamePattern, QuestionMarkStandsForOneCharacter) {
  EXPECT_TRUE(MatchesPattern("a?c", "abc"));
  EXPECT_FALSE(MatchesPattern("a?c", "ac"));
  EXPECT_FALSE(MatchesPattern("a?", "a"));
  EXPECT_TRUE(MatchesPattern("*?", "a"));
  EXPECT_FALSE(MatchesPattern("*?", ""));
}

TEST(NamePattern, EmptyMatchesEmptyOnly) {
  EXPECT_TRUE(MatchesPattern("", ""));
  EXPECT_FALSE(MatchesPattern("", "a"));
}

// Doubling the text must not double the time at each star.
TEST(NamePattern, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(MatchesPattern(pattern + "b", std::string(2'000, 'a')));
}

}  // namespace
}  // namespace promshm::format
