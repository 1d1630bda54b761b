#include "instrument/series_map.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>

namespace promshm::instrument {
namespace {

Labels LabelsOf(int number) { return {{"k", std::to_string(number)}}; }

int* Insert(SeriesMap<Labels, int>* index, const Labels& labels, int value,
            std::size_t hash) {
  return index->Insert(labels, hash, std::make_unique<int>(value));
}

TEST(SeriesMap, FindsWhatWasInserted) {
  SeriesMap<Labels, int> index;
  for (int i = 0; i < 1'000; ++i) {
    const Labels labels = LabelsOf(i);
    EXPECT_EQ(index.Find(labels, HashOf(labels)), nullptr);
    Insert(&index, labels, i, HashOf(labels));
  }
  for (int i = 0; i < 1'000; ++i) {
    const Labels labels = LabelsOf(i);
    const int* found = index.Find(labels, HashOf(labels));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, i);
  }
}

TEST(SeriesMap, TellsNamesApart) {
  SeriesMap<Labels, int> index;
  const Labels a{{"a", "v"}};
  const Labels b{{"b", "v"}};
  int* first = Insert(&index, a, 1, HashOf(a));
  EXPECT_NE(Insert(&index, b, 2, HashOf(b)), first);
  EXPECT_EQ(*index.Find(b, HashOf(b)), 2);
}

TEST(SeriesMap, KeepsTheFirstOfEqualLabels) {
  SeriesMap<Labels, int> index;
  const Labels labels = LabelsOf(1);
  int* first = Insert(&index, labels, 1, HashOf(labels));
  EXPECT_EQ(Insert(&index, labels, 2, HashOf(labels)), first);
  EXPECT_EQ(*first, 1);
}

TEST(SeriesMap, TellsLabelsOfEqualHashApart) {
  SeriesMap<Labels, int> index;
  for (int i = 0; i < 20; ++i) Insert(&index, LabelsOf(i), i, 7);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*index.Find(LabelsOf(i), 7), i);
  EXPECT_EQ(index.Find(LabelsOf(20), 7), nullptr);
}

TEST(SeriesMap, HashDependsOnValuesAndTheirPlace) {
  const Labels labels{{"a", "b"}, {"c", "d"}};
  for (const Labels& other :
       {Labels{}, Labels{{"a", "b"}}, Labels{{"a", "d"}, {"c", "b"}},
        Labels{{"b", "a"}, {"c", "d"}}, Labels{{"ab", ""}, {"c", "d"}}}) {
    EXPECT_NE(HashOf(labels), HashOf(other));
  }
}

TEST(SeriesMap, CanBeReadWhileItGrows) {
  constexpr int kCount = 20'000;
  SeriesMap<Labels, int> index;
  std::atomic<int> inserted{0};
  std::thread reader([&] {
    int last = 0;
    while (last < kCount) {
      last = inserted.load(std::memory_order_acquire);
      if (last == 0) continue;
      const Labels labels = LabelsOf(last - 1);
      const int* found = index.Find(labels, HashOf(labels));
      ASSERT_NE(found, nullptr);
      ASSERT_EQ(*found, last - 1);
    }
  });
  for (int i = 0; i < kCount; ++i) {
    const Labels labels = LabelsOf(i);
    Insert(&index, labels, i, HashOf(labels));
    inserted.store(i + 1, std::memory_order_release);
  }
  reader.join();
}

TEST(SeriesMap, VisitsEachOnce) {
  SeriesMap<std::string, int> map;
  const std::hash<std::string_view> hash;
  for (int i = 0; i < 100; ++i) {
    const std::string key = std::to_string(i);
    map.Insert(key, hash(key), std::make_unique<int>(i));
  }
  std::set<int> visited;
  map.ForEach(
      [&](const int* value) { EXPECT_TRUE(visited.insert(*value).second); });
  EXPECT_EQ(visited.size(), 100U);
  EXPECT_EQ(map.size(), 100U);
  // A key may be looked up by what compares with it.
  EXPECT_NE(map.Find(std::string_view("42"), hash("42")), nullptr);
}

}  // namespace
}  // namespace promshm::instrument
