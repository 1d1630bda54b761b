#include "collect/entry_list.h"

#include <algorithm>
#include <utility>

#include "collect/number_table.h"

namespace promshm::collect {

SharedNumbers NumberLists::Share(NumberList list) {
  std::uint64_t hash = list.size();
  for (const std::uint32_t number : list) hash = MixIn(hash, number);
  const auto [begin, end] = lists_.equal_range(hash);
  for (auto known = begin; known != end; ++known) {
    SharedNumbers same = known->second.lock();
    if (same != nullptr && *same == list) return same;
  }
  if (lists_.size() >= forget_at_) ForgetUnused();
  list.shrink_to_fit();
  auto shared = std::make_shared<const NumberList>(std::move(list));
  lists_.emplace(hash, shared);
  return shared;
}

void NumberLists::ForgetUnused() {
  std::erase_if(lists_, [](const auto& list) { return list.second.expired(); });
  forget_at_ = std::max<std::size_t>(64, 2 * lists_.size());
}

}  // namespace promshm::collect
