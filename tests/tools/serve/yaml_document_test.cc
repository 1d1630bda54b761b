#include "tools/serve/web/yaml_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace promshm::tools {
namespace {

using ::testing::StartsWith;

std::string Repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

std::string ErrorOf(const std::string& text) {
  const Result<YamlNode> document = ParseYaml(text, "file");
  return document.ok() ? "" : document.status().message();
}

TEST(YamlDocumentTest, ReadsKeysValuesAndLines) {
  const Result<YamlNode> document = ParseYaml(
      "# comment\n"
      "a: 1\n"
      "b:\n"
      "  c: 'x'\n"
      "  d: |\n"
      "    one\n"
      "    two\n"
      "e: [y, \"z\"]\n"
      "f:\n",
      "file");
  ASSERT_TRUE(document.ok()) << document.status().message();
  ASSERT_EQ(document->kind, YamlNode::Kind::kMapping);
  ASSERT_EQ(document->items.size(), 4U);
  const YamlNode& a = document->items[0];
  EXPECT_EQ(a.key, "a");
  EXPECT_EQ(a.text, "1");
  EXPECT_FALSE(a.quoted);
  EXPECT_EQ(a.line, 2);
  const YamlNode& b = document->items[1];
  ASSERT_EQ(b.items.size(), 2U);
  EXPECT_EQ(b.items[0].text, "x");
  EXPECT_TRUE(b.items[0].quoted);
  EXPECT_EQ(b.items[1].key, "d");
  EXPECT_EQ(b.items[1].text, "one\ntwo\n");
  EXPECT_EQ(b.items[1].line, 5);
  const YamlNode& e = document->items[2];
  ASSERT_EQ(e.kind, YamlNode::Kind::kSequence);
  ASSERT_EQ(e.items.size(), 2U);
  EXPECT_EQ(e.items[0].text, "y");
  EXPECT_EQ(e.items[0].key, "");
  EXPECT_TRUE(e.items[1].quoted);
  EXPECT_EQ(document->items[3].kind, YamlNode::Kind::kNull);
}

TEST(YamlDocumentTest, NothingIsNull) {
  for (const char* text : {"", "\n", "# comment\n", "---\n", "~"}) {
    const Result<YamlNode> document = ParseYaml(text, "file");
    ASSERT_TRUE(document.ok()) << document.status().message();
    EXPECT_EQ(document->kind, YamlNode::Kind::kNull) << text;
  }
}

struct BadText {
  const char* text;
  const char* error;
};

TEST(YamlDocumentTest, RefusesWhatIsNotPlain) {
  const BadText cases[] = {
      {"a: 1\nb: 2\na: 3\n", "file: line 3: duplicate key: a"},
      {"a:\n  b: 1\n  b: 1\n", "file: line 3: duplicate key: a.b"},
      {"a: &x 1\nb: *x\n", "file: line 2: aliases are not supported"},
      {"a: {<<: *x}\n", "file: line 1: the referenced anchor is not defined"},
      {"a: !!str 1\n", "file: line 1: tags are not supported"},
      {"a: !thing {b: 1}\n", "file: line 1: tags are not supported"},
      {"[a]: 1\n", "file: line 1: a key that is no text"},
      {"? {a: 1}\n: 1\n", "file: line 1: a key that is no text"},
      {"~: 1\n", "file: line 1: a key without a name"},
      {"a: 1\n---\nb: 1\n", "file: line 2: more than one document"},
      {"a: [[[[[[[[1]]]]]]]]\n", "file: line 1: nested too deeply"},
  };
  // Some versions of yaml-cpp say more of an anchor.
  for (const BadText& c : cases) {
    EXPECT_THAT(ErrorOf(c.text), StartsWith(c.error)) << c.text;
  }
}

TEST(YamlDocumentTest, TellsTheLineOfWhatIsNoYaml) {
  const BadText cases[] = {
      {"a: 1\nb: [1\n", "file: line 2: "},  {"a: 'x\n", "file: line "},
      {"a: 1\n\tb: 1\n", "file: line 2: "}, {"a: b: c\n", "file: line 1: "},
      {"a: }\n", "file: line 1: "},         {"a: \"\\q\"\n", "file: line 1: "},
  };
  for (const BadText& c : cases) {
    EXPECT_THAT(ErrorOf(c.text), StartsWith(c.error)) << c.text;
  }
}

TEST(YamlDocumentTest, ControlCharactersDoNotEndTheFile) {
  EXPECT_EQ(ErrorOf(std::string("a: 1\n\0b: 1\n", 11)),
            "file: line 2: control character");
  EXPECT_EQ(ErrorOf("a: 1\x04\nb: 1\n"), "file: line 1: control character");
  EXPECT_EQ(ErrorOf(std::string("\xff\xfe"
                                "a\0:\0",
                                6)),
            "file: line 1: control character");
  EXPECT_EQ(ErrorOf("\xef\xbb\xbf"
                    "a: 1\r\nb:\t2\r\n"),
            "");
}

// Each of a megabyte; none may end the program or take for ever.
TEST(YamlDocumentTest, LargeTextsAreHarmless) {
  constexpr int kMegabyte = 1'048'576;
  EXPECT_NE(ErrorOf(Repeated("[", kMegabyte)), "");
  EXPECT_NE(ErrorOf(Repeated("{a: ", kMegabyte / 4)), "");
  EXPECT_EQ(ErrorOf(Repeated("- ", kMegabyte / 2)),
            "file: line 1: nested too deeply");
  EXPECT_NE(ErrorOf(Repeated("? ", kMegabyte / 2)), "");
  EXPECT_EQ(ErrorOf(Repeated("- a\n", kMegabyte / 4)),
            "file: line 100000: too many values");
  EXPECT_NE(ErrorOf("a: &a [1]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"), "");
  EXPECT_EQ(ErrorOf("a: " + Repeated("x", kMegabyte)), "");
  EXPECT_EQ(ErrorOf("a: \"" + Repeated("\\n", kMegabyte / 2) + "\""), "");
  EXPECT_EQ(ErrorOf(Repeated("#", kMegabyte)), "");
  EXPECT_EQ(ErrorOf(Repeated("\n", kMegabyte)), "");
  EXPECT_NE(ErrorOf(Repeated("&a ", kMegabyte / 3)), "");
  EXPECT_NE(ErrorOf(Repeated("!", kMegabyte)), "");
  EXPECT_NE(ErrorOf(Repeated("---\n", kMegabyte / 4)), "");
  EXPECT_EQ(ErrorOf(Repeated("%", kMegabyte)), "");
  EXPECT_NE(ErrorOf("a: '" + Repeated("x\n", kMegabyte / 2)), "");
}

TEST(PrintableTest, CutsAndCleans) {
  EXPECT_EQ(Printable("a\nb\x1b[0m"), "a?b?[0m");
  EXPECT_EQ(Printable(Repeated("x", 100)), Repeated("x", 64) + "...");
}

}  // namespace
}  // namespace promshm::tools
