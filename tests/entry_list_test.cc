#include "collect/entry_list.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace promshm::collect {
namespace {

TEST(NumberListsTest, AlikeListsAreOne) {
  NumberLists lists;
  const SharedNumbers list = lists.Share({1, 2, 3});
  EXPECT_EQ(*list, (NumberList{1, 2, 3}));
  EXPECT_EQ(lists.Share({1, 2, 3}), list);
  const SharedNumbers none = lists.Share({});
  EXPECT_TRUE(none->empty());
  EXPECT_EQ(lists.Share({}), none);
}

TEST(NumberListsTest, OtherListsAreOthers) {
  NumberLists lists;
  const SharedNumbers list = lists.Share({1, 2, 3});
  const std::vector<NumberList> others = {{1, 2},       {1, 2, 4},    {3, 2, 1},
                                          {1, 2, 3, 4}, {0, 1, 2, 3}, {2, 3}};
  for (const NumberList& other : others) {
    const SharedNumbers shared = lists.Share(other);
    EXPECT_NE(shared, list);
    EXPECT_EQ(*shared, other);
  }
  EXPECT_EQ(*list, (NumberList{1, 2, 3}));
}

TEST(NumberListsTest, WhatNobodyHasIsForgotten) {
  NumberLists lists;
  const std::weak_ptr<const NumberList> gone = lists.Share({1, 2, 3});
  EXPECT_TRUE(gone.expired());
  const SharedNumbers again = lists.Share({1, 2, 3});
  EXPECT_EQ(*again, (NumberList{1, 2, 3}));
  // However many there were.
  for (std::uint32_t i = 0; i < 1000; ++i) lists.Share({i, i});
  EXPECT_EQ(lists.Share({1, 2, 3}), again);
}

}  // namespace
}  // namespace promshm::collect
