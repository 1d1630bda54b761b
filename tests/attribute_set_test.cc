#include "instrument/attribute_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace promshm::otel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::string TextOf(std::initializer_list<Attribute> attributes) {
  const AttributeSet set({attributes.begin(), attributes.size()},
                         AttributeSpelling::kSpec);
  const std::string text = set.Text();
  EXPECT_TRUE(text == set);
  EXPECT_FALSE(text + std::string(8, '\0') == set);
  return text;
}

Attribute Text(std::string_view key, std::string_view value) {
  return {key, value};
}

TEST(AttributeSet, OrderDoesNotMatter) {
  EXPECT_EQ(TextOf({Text("a", "1"), Text("b", "2"), Text("c", "3")}),
            TextOf({Text("c", "3"), Text("a", "1"), Text("b", "2")}));
}

TEST(AttributeSet, NoTwoSetsHaveOneText) {
  EXPECT_EQ(TextOf({}), "");
  EXPECT_NE(TextOf({Text("a", "bc")}), TextOf({Text("ab", "c")}));
  EXPECT_NE(TextOf({Text("a", "1"), Text("b", "2")}), TextOf({Text("a", "1")}));
  EXPECT_NE(TextOf({Text("a", "")}), TextOf({}));
  EXPECT_NE(TextOf({Text("a", "1"), Text("b", "")}),
            TextOf({Text("a", ""), Text("b", "1")}));
}

TEST(AttributeSet, TheLastOfARepeatedKeyCounts) {
  EXPECT_EQ(TextOf({Text("a", "1"), Text("b", "2"), Text("a", "3")}),
            TextOf({Text("a", "3"), Text("b", "2")}));
}

TEST(AttributeSet, ValuesThatAreSpelledAlikeAreOne) {
  EXPECT_EQ(TextOf({{"code", std::int64_t{200}}}),
            TextOf({Text("code", "200")}));
}

TEST(AttributeSet, HoldsMuchText) {
  const std::string key(3'000, 'k');
  const std::string value(70'000, 'v');
  EXPECT_EQ(TextOf({Text(key, value), Text("a", value)}),
            TextOf({Text("a", value), Text(key, value)}));
}

TEST(AttributeSet, HoldsManyAttributes) {
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back("k" + std::to_string(i));
  std::vector<Attribute> attributes;
  for (const std::string& key : keys) {
    attributes.push_back({key, std::int64_t{1'000'000'000'000'000'000}});
    attributes.push_back({key, 0.5});
    attributes.push_back({key, std::int64_t{-1'000'000'000'000'000'000}});
  }
  const AttributeSet set({attributes.data(), attributes.size()},
                         AttributeSpelling::kSpec);
  std::vector<Attribute> reversed;
  for (const std::string& key : keys) {
    reversed.push_back({key, std::string_view("-1000000000000000000")});
  }
  std::reverse(reversed.begin(), reversed.end());
  const AttributeSet other({reversed.data(), reversed.size()},
                           AttributeSpelling::kSpec);
  EXPECT_EQ(set.Text(), other.Text());
  EXPECT_EQ(set.Hash(), other.Hash());
  EXPECT_TRUE(set.Text() == other);
}

TEST(AttributeSet, HashTellsValuesApart) {
  std::set<std::size_t> hashes;
  for (std::int64_t i = 0; i < 1'000; ++i) {
    const Attribute attributes[] = {{"a", i % 10}, {"b", i / 10}};
    hashes.insert(
        AttributeSet({attributes, 2}, AttributeSpelling::kSpec).Hash());
  }
  EXPECT_EQ(hashes.size(), 1'000U);
}

class AttributeLabels : public ::testing::Test {
 protected:
  Labels Make(std::initializer_list<Attribute> attributes,
              std::string_view own = {}, const Labels& fixed = {}) {
    return LabelsOf(TextOf(attributes), fixed, own, &remarks_);
  }

  LabelRemarks remarks_;
};

TEST_F(AttributeLabels, AreTheAttributes) {
  EXPECT_THAT(Make({Text("http.method", "GET"), {"ok", true}}),
              ElementsAre(Pair("http_method", "GET"), Pair("ok", "true")));
  EXPECT_EQ(remarks_.renamed, "");
  EXPECT_EQ(remarks_.joined, "");
  EXPECT_FALSE(remarks_.empty_key);
}

TEST_F(AttributeLabels, JoinWhatCollidesInTheOrderOfTheKeys) {
  EXPECT_THAT(Make({Text("a_b", "2"), Text("a.b", "1"), Text("a/b", "3")}),
              ElementsAre(Pair("a_b", "1;3;2")));
  EXPECT_EQ(remarks_.joined, "a_b");
}

TEST_F(AttributeLabels, AreRenamedWhereTheFileHasOneOfItsOwn) {
  EXPECT_THAT(Make({Text("le", "1"), Text("x", "2")}, "le"),
              ElementsAre(Pair("le_", "1"), Pair("x", "2")));
  EXPECT_EQ(remarks_.renamed, "le");
  EXPECT_THAT(Make({Text("le", "1"), Text("le_", "2")}, "le"),
              ElementsAre(Pair("le_", "1;2")));
  EXPECT_THAT(Make({Text("le", "1")}), ElementsAre(Pair("le", "1")));
}

TEST_F(AttributeLabels, DoNotReplaceFixedOnes) {
  EXPECT_THAT(Make({Text("scope", "mine")}, {}, {{"scope", "its"}}),
              ElementsAre(Pair("scope", "its"), Pair("scope_", "mine")));
  EXPECT_EQ(remarks_.renamed, "scope");
}

TEST_F(AttributeLabels, HaveAName) {
  EXPECT_THAT(Make({Text("", "x")}), IsEmpty());
  EXPECT_TRUE(remarks_.empty_key);
}

}  // namespace
}  // namespace promshm::otel
