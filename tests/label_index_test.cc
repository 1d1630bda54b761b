#include "instrument/label_index.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace promshm::instrument {
namespace {

Labels LabelsOf(int number) { return {{"k", std::to_string(number)}}; }

int* Insert(LabelIndex<int>* index, const Labels& labels, int value,
            std::size_t hash) {
  return index->Insert(labels, hash, std::make_unique<int>(value));
}

TEST(LabelIndex, FindsWhatWasInserted) {
  LabelIndex<int> index;
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

TEST(LabelIndex, TellsNamesApart) {
  LabelIndex<int> index;
  const Labels a{{"a", "v"}};
  const Labels b{{"b", "v"}};
  int* first = Insert(&index, a, 1, HashOf(a));
  EXPECT_NE(Insert(&index, b, 2, HashOf(b)), first);
  EXPECT_EQ(*index.Find(b, HashOf(b)), 2);
}

TEST(LabelIndex, KeepsTheFirstOfEqualLabels) {
  LabelIndex<int> index;
  const Labels labels = LabelsOf(1);
  int* first = Insert(&index, labels, 1, HashOf(labels));
  EXPECT_EQ(Insert(&index, labels, 2, HashOf(labels)), first);
  EXPECT_EQ(*first, 1);
}

TEST(LabelIndex, TellsLabelsOfEqualHashApart) {
  LabelIndex<int> index;
  for (int i = 0; i < 20; ++i) Insert(&index, LabelsOf(i), i, 7);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*index.Find(LabelsOf(i), 7), i);
  EXPECT_EQ(index.Find(LabelsOf(20), 7), nullptr);
}

TEST(LabelIndex, HashDependsOnValuesAndTheirPlace) {
  const Labels labels{{"a", "b"}, {"c", "d"}};
  for (const Labels& other :
       {Labels{}, Labels{{"a", "b"}}, Labels{{"a", "d"}, {"c", "b"}},
        Labels{{"b", "a"}, {"c", "d"}}, Labels{{"ab", ""}, {"c", "d"}}}) {
    EXPECT_NE(HashOf(labels), HashOf(other));
  }
}

TEST(LabelIndex, CanBeReadWhileItGrows) {
  constexpr int kCount = 20'000;
  LabelIndex<int> index;
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

}  // namespace
}  // namespace promshm::instrument
