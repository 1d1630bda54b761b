#include "instrument/attribute_sequence.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instrument/short_text.h"

namespace promshm::otel {
namespace {

AttributeSpan SpanOf(const std::vector<Attribute>& attributes) {
  return {attributes.data(), attributes.size()};
}

Attribute Text(std::string_view key, std::string_view value) {
  return {key, value};
}

TEST(AttributeSequence, KnowsItsAttributesAgain) {
  const std::vector<Attribute> attributes = {
      Text("a", "x"), {"n", std::int64_t{5}}, {"ok", true}, {"none", {}}};
  AttributeSequence made(SpanOf(attributes));
  // As when it becomes a key of a map.
  const AttributeSequence sequence = std::move(made);
  std::string key = "a";
  std::string value = "x";
  std::vector<Attribute> others = attributes;
  others[0] = Text(key, value);
  EXPECT_TRUE(sequence == SpanOf(others));
  value = "y";
  EXPECT_FALSE(sequence == SpanOf(others));
}

TEST(AttributeSequence, TellsOtherAttributesApart) {
  const std::vector<std::vector<Attribute>> all = {
      {},
      {Text("a", "x")},
      {Text("a", "")},
      {Text("b", "x")},
      {Text("ax", "")},
      {Text("a", "x"), Text("b", "y")},
      {Text("b", "y"), Text("a", "x")},
      {{"a", {}}},
      {{"a", std::int64_t{1}}},
      {{"a", std::int64_t{2}}},
      {{"a", std::uint64_t{1}}},
      {{"a", true}},
      {{"a", 1.0}},
      {{"a", -0.0}},
      {{"a", 0.0}}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const AttributeSequence sequence(SpanOf(all[i]));
    for (std::size_t j = 0; j < all.size(); ++j) {
      EXPECT_EQ(sequence == SpanOf(all[j]), i == j) << i << ' ' << j;
    }
    EXPECT_TRUE(sequence == AttributeSequence(SpanOf(all[i])));
  }
}

TEST(AttributeSequence, HoldsNoArrays) {
  const std::array<double, 1> numbers{1.0};
  const AttributeArray<double> array{numbers.data(), numbers.size()};
  EXPECT_TRUE(AttributeSequence::CanHold(SpanOf({Text("a", "b"), {"c", 1.0}})));
  EXPECT_FALSE(
      AttributeSequence::CanHold(SpanOf({Text("a", "b"), {"c", array}})));
  EXPECT_FALSE(AttributeSequence::CanHold(
      SpanOf({{"c", AttributeArray<std::string_view>()}})));
}

TEST(AttributeSequence, HashesFewAlike) {
  std::set<std::size_t> hashes;
  std::set<std::size_t> buckets;
  for (std::int64_t i = 0; i < 1'000; ++i) {
    const std::string text = "/items/" + std::to_string(i) + "/parts";
    const std::size_t hash =
        AttributeSequence::HashOf(SpanOf({{"n", i % 7}, Text("route", text)}));
    hashes.insert(hash);
    buckets.insert(hash % 4'096);
  }
  EXPECT_EQ(hashes.size(), 1'000U);
  // A random hash would fill 887 of them.
  EXPECT_GT(buckets.size(), 700U);
}

TEST(ShortText, ComparesEveryByteOfEveryLength) {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(IsEqual(text, std::string(size, 'x')));
    EXPECT_FALSE(IsEqual(text, std::string(size + 1, 'x')));
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = 'y';
      EXPECT_FALSE(IsEqual(text, other)) << size << ' ' << i;
      EXPECT_NE(MixText(1, text), MixText(1, other)) << size << ' ' << i;
    }
  }
}

TEST(ShortText, HashesLengthsApart) {
  std::set<std::uint64_t> hashes;
  for (std::size_t size = 0; size <= 40; ++size) {
    hashes.insert(MixText(7, std::string(size, '\0')));
  }
  EXPECT_EQ(hashes.size(), 41U);
}

}  // namespace
}  // namespace promshm::otel
