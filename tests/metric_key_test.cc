#include "format/metric_key.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/golden.h"

namespace promshm::format {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// The key with a space where json.dumps puts none: JSON all the same, but
// nothing for the fast path.
std::string Spaced(std::string_view key) {
  return "[ " + std::string(key.substr(1));
}

class MetricKeyTest : public ::testing::Test {
 protected:
  static MetricKey Parsed(std::string_view text) {
    Result<MetricKey> key = MetricKey::Parse(text);
    EXPECT_TRUE(key.ok()) << text << ": " << key.status().message();
    return key.ok() ? *std::move(key) : MetricKey();
  }

  static std::string Refusal(std::string_view text) {
    const Result<MetricKey> key = MetricKey::Parse(text);
    EXPECT_FALSE(key.ok()) << text;
    if (!key.ok()) {
      EXPECT_EQ(key.status().kind(), StatusKind::kInvalidArgument);
    }
    return key.status().message();
  }

  static void ExpectSame(const MetricKey& a, const MetricKey& b) {
    EXPECT_EQ(a.family, b.family);
    EXPECT_EQ(a.sample, b.sample);
    EXPECT_EQ(a.labels, b.labels);
    EXPECT_EQ(a.help, b.help);
  }

  static std::string LabelValue(std::string_view json_string) {
    const MetricKey key =
        Parsed(R"(["f", "s", {"k": )" + std::string(json_string) + "}]");
    return key.labels.empty() ? "no label" : key.labels[0].value;
  }
};

TEST_F(MetricKeyTest, CurrentKeysHaveAllFourParts) {
  const MetricKey key =
      Parsed(R"(["f", "f_total", {"a": "1", "b": "2"}, "Help"])");
  EXPECT_EQ(key.family, "f");
  EXPECT_EQ(key.sample, "f_total");
  EXPECT_EQ(key.labels, (std::vector<Label>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(key.help, "Help");
}

TEST_F(MetricKeyTest, KeysBefore015HaveNoHelp) {
  const MetricKey key = Parsed(R"(["f", "s", {"a": "1"}])");
  EXPECT_EQ(key.labels, (std::vector<Label>{{"a", "1"}}));
  EXPECT_EQ(key.help, std::nullopt);
}

TEST_F(MetricKeyTest, EmptyHelpIsAHelp) {
  EXPECT_EQ(Parsed(R"(["f", "s", {}, ""])").help, "");
}

TEST_F(MetricKeyTest, FirstKeysHaveArrays) {
  const MetricKey key = Parsed(R"(["f", "s", ["b", "a"], ["2", "1"]])");
  EXPECT_EQ(key.labels, (std::vector<Label>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(key.help, std::nullopt);
  EXPECT_TRUE(Parsed(R"(["f", "s", [], []])").labels.empty());
}

TEST_F(MetricKeyTest, RubysValuesMayBeNumbersBooleansOrNil) {
  const MetricKey key = Parsed(
      R"(["f","s",["a","b","c","d","e","g","h"],["x",1,-2.5,null,true,false,1e3]])");
  EXPECT_EQ(key.labels, (std::vector<Label>{{"a", "x"},
                                            {"b", "1"},
                                            {"c", "-2.5"},
                                            {"d", ""},
                                            {"e", "true"},
                                            {"g", "false"},
                                            {"h", "1000.0"}}));
}

TEST_F(MetricKeyTest, GoldenKeysComeBackByteForByte) {
  std::size_t keys = 0;
  for (const testing::GoldenFile& file : testing::ReadAllGolden()) {
    for (const testing::GoldenEntry& entry : file.entries) {
      ASSERT_EQ(Parsed(entry.key).Format(), entry.key) << file.path;
      ++keys;
    }
  }
  EXPECT_GT(keys, 1000U);
}

TEST_F(MetricKeyTest, FastPathAndJsonLibraryAgreeOnGoldenKeys) {
  for (const testing::GoldenFile& file : testing::ReadAllGolden()) {
    for (const testing::GoldenEntry& entry : file.entries) {
      ExpectSame(Parsed(entry.key), Parsed(Spaced(entry.key)));
    }
  }
}

TEST_F(MetricKeyTest, LabelsAreSortedWhateverTheirOrder) {
  const MetricKey key = Parsed(R"(["f", "s", {"b": "2", "a": "1"}, "h"])");
  EXPECT_EQ(key.labels, (std::vector<Label>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(key.Format(), R"(["f", "s", {"a": "1", "b": "2"}, "h"])");
}

TEST_F(MetricKeyTest, LabelsAreSortedByCodePoint) {
  // In UTF-16 the surrogates of U+1F642 would come before U+FFFD.
  const std::string text =
      R"(["f", "s", {"Z": "", "a": "", "\ufffd": "", "\ud83d\ude42": ""}])";
  EXPECT_EQ(Parsed(text).Format(), text);
  EXPECT_EQ(Parsed(Spaced(text)).Format(), text);
}

TEST_F(MetricKeyTest, EscapesAreUndoneAndMadeAgain) {
  const std::string text =
      R"(["f", "s", {"k": "\"\\/\n\r\t\b\f\u0000\u001f~\u007f\u0080\u00e9\u6f22\ud83d\ude42"}])";
  const std::string value =
      "\"\\/\n\r\t\b\f\0\x1f~\x7f\xc2\x80\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x99\x82"s;
  for (const std::string& spelling : {text, Spaced(text)}) {
    const MetricKey key = Parsed(spelling);
    ASSERT_EQ(key.labels.size(), 1U);
    EXPECT_EQ(key.labels[0].value, value);
    EXPECT_EQ(key.Format(), text);
  }
}

TEST_F(MetricKeyTest, OtherSpellingsOfTheSameTextAreRead) {
  EXPECT_EQ(LabelValue(R"("\u0041\/\u00E9")"), "A/\xc3\xa9");
  EXPECT_EQ(LabelValue("\"\xc3\xa9\""), "\xc3\xa9");
  EXPECT_EQ(LabelValue("\"\xf0\x9f\x99\x82\""), "\xf0\x9f\x99\x82");
  ExpectSame(Parsed("[\"f\",\n\"s\" ,\t{\"k\" :\"v\"},\r\"h\" ]"),
             Parsed(R"(["f", "s", {"k": "v"}, "h"])"));
}

TEST_F(MetricKeyTest, LoneSurrogatesInValuesBecomeReplacements) {
  const std::string r(kReplacement);
  EXPECT_EQ(LabelValue(R"("\ud83d")"), r);
  EXPECT_EQ(LabelValue(R"("\ude42")"), r);
  EXPECT_EQ(LabelValue(R"("a\ud83dz")"), "a" + r + "z");
  EXPECT_EQ(LabelValue(R"("\ud83d\u0041")"), r + "A");
  EXPECT_EQ(LabelValue(R"("\ud83d\ud83d\ude42")"), r + "\xf0\x9f\x99\x82");
  EXPECT_EQ(LabelValue(R"("\ude42\ud83d")"), r + r);
  EXPECT_EQ(LabelValue(R"("\ud83d\\ude42")"), r + "\\ude42");
  EXPECT_EQ(LabelValue(R"("\\ud83d")"), "\\ud83d");
  EXPECT_EQ(Parsed(R"(["f", "s", {}, "h\udc80"])").help, "h" + r);
  EXPECT_EQ(Parsed(R"(["f","s",["k"],["\udc80"]])").labels[0].value, r);
}

TEST_F(MetricKeyTest, InvalidUtf8InValuesBecomesReplacements) {
  const std::string r(kReplacement);
  EXPECT_EQ(LabelValue("\"a\xff"
                       "b\""),
            "a" + r + "b");
  EXPECT_EQ(LabelValue("\"\xc3\""), r);
  EXPECT_EQ(LabelValue("\"\xed\xa0\x80\""), r + r + r);
  EXPECT_EQ(LabelValue("\"\xc0\x80\""), r + r);
  EXPECT_EQ(Parsed("[\"f\", \"s\", {}, \"h\xff\"]").help, "h" + r);
}

TEST_F(MetricKeyTest, WhatIsNotUnicodeInANameIsRefused) {
  const std::vector<std::string_view> keys = {
      R"(["f\ud83d", "s", {}, "h"])",
      R"(["f", "s\ude42", {}, "h"])",
      R"(["f", "s", {"k\ud83d": "v"}, "h"])",
      R"(["f","s",["k\udc80"],["v"]])",
      "[\"f\xff\", \"s\", {}, \"h\"]",
      "[\"f\", \"s\xc3\", {}, \"h\"]",
      "[\"f\", \"s\", {\"k\xed\xa0\x80\": \"v\"}, \"h\"]",
      "[\"f\",\"s\",[\"\xff\"],[\"v\"]]",
  };
  for (const std::string_view key : keys) {
    EXPECT_NE(Refusal(key).find("not UTF-8"), std::string::npos) << key;
  }
}

TEST_F(MetricKeyTest, GenuineReplacementCharacterInANameIsKept) {
  const std::string text = R"(["f\ufffd", "s", {"\ufffd": "v"}, "h"])";
  EXPECT_EQ(Parsed(text).Format(), text);
  EXPECT_EQ(Parsed(Spaced(text)).Format(), text);
}

TEST_F(MetricKeyTest, RawControlBytesAreRefused) {
  for (char byte = 0; byte < ' '; ++byte) {
    Refusal("[\"f\", \"s\", {\"k\": \"a" + std::string(1, byte) + "\"}]");
    Refusal("[\"f" + std::string(1, byte) + "\", \"s\", {}]");
  }
}

TEST_F(MetricKeyTest, WrongShapesAreRefusedWithAReason) {
  const std::vector<std::string_view> keys = {
      "",
      "[",
      "]",
      "[]",
      "{}",
      "null",
      "\"f\"",
      "not JSON",
      R"(["f"])",
      R"(["f", "s"])",
      R"(["f", "s", {}, "h", "more"])",
      R"(["f", "s", {}, "h"] )"
      "x",
      R"(["f", "s", {}, "h"]])",
      R"(["f", "s", {}, "h")",
      R"(["f", "s", {}, "h",])",
      R"(["f", "s", {} "h"])",
      R"(['f', 's', {}, 'h'])",
      R"([1, "s", {}, "h"])",
      R"(["f", null, {}, "h"])",
      R"([["f"], "s", {}, "h"])",
      R"(["f", "s", null, "h"])",
      R"(["f", "s", "labels", "h"])",
      R"(["f", "s", 1])",
      R"(["f", "s", {}, 1])",
      R"(["f", "s", {}, {}])",
      R"(["f", "s", {"k": 1}, "h"])",
      R"(["f", "s", {"k": null}, "h"])",
      R"(["f", "s", {"k": {}}, "h"])",
      R"(["f", "s", {"k": ["v"]}, "h"])",
      R"(["f", "s", {"k"}, "h"])",
      R"(["f", "s", {k: "v"}, "h"])",
      R"(["f", "s", {"k": "v",}, "h"])",
      R"(["f", "s", []])",
      R"(["f", "s", ["k"]])",
      R"(["f", "s", ["k"], []])",
      R"(["f", "s", [], ["v"]])",
      R"(["f", "s", ["k", "l"], ["v"]])",
      R"(["f", "s", [1], ["v"]])",
      R"(["f", "s", [null], ["v"]])",
      R"(["f", "s", ["k"], [["v"]]])",
      R"(["f", "s", ["k"], [{}]])",
      R"(["f", "s", ["k"], {"v": "w"}])",
      R"(["f", "s", ["k"], "v"])",
      R"(["f", "s", ["k"], [1e999]])",
      R"(["f", "s", ["k"], [NaN]])",
      R"(["", "s", {}, "h"])",
      R"(["f", "", {}, "h"])",
      R"(["f", "s", {"": "v"}, "h"])",
      R"(["f","s",[""],["v"]])",
      R"(["f","s",["k","k"],["v","w"]])",
      R"(["f", "s", {"k": "\x41"}, "h"])",
      R"(["f", "s", {"k": "\u12"}, "h"])",
      R"(["f", "s", {"k": "\u12g4"}, "h"])",
      R"(["f", "s", {"k": "\u+123"}, "h"])",
      R"(["f", "s", {"k": "\ud83d\u"}, "h"])",
      R"(["f", "s", {"k": "v}, "h"])",
      R"(["f", "s", {"k": "v\"}])",
      R"(["f", "s", {}, "h\)",
      "[\"f\", \"s\", {}, \"h\"]\0"sv,
      "[\"f\", \"s\", {}, \"h\"]\0[\"g\", \"s\", {}, \"h\"]"sv,
      "\xef\xbb\xbf[\"f\", \"s\", {}",
  };
  for (const std::string_view key : keys) {
    EXPECT_FALSE(Refusal(key).empty()) << key;
  }
}

TEST_F(MetricKeyTest, DeeplyNestedKeysAreRefusedWithoutRecursion) {
  const std::string open(1000000, '[');
  const std::string close(1000000, ']');
  Refusal(open);
  Refusal(open + close);
  Refusal(R"(["f","s",["k"],)" + open + close + "]");
}

TEST_F(MetricKeyTest, LongKeysAreRead) {
  const std::string value(1000000, 'v');
  EXPECT_EQ(LabelValue('"' + value + '"'), value);
}

TEST_F(MetricKeyTest, FormatNeedsNoParse) {
  MetricKey key;
  key.family = "http.requests";
  key.sample = "http.requests_total";
  key.labels = {{"a", "\xc3\xa9"}, {"b", "\n"}};
  EXPECT_EQ(key.Format(), R"(["http.requests", "http.requests_total", )"
                          R"({"a": "\u00e9", "b": "\n"}])");
  key.help = "H\"";
  EXPECT_EQ(key.Format(), R"(["http.requests", "http.requests_total", )"
                          R"({"a": "\u00e9", "b": "\n"}, "H\""])");
}

}  // namespace
}  // namespace promshm::format
