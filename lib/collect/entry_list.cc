#include "collect/entry_list.h"

#include <algorithm>
#include <utility>

namespace promshm::collect {
namespace {

std::size_t HashOf(const EntryList& list) {
  std::uint64_t hash = list.size();
  for (const EntryRef& entry : list) {
    constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
    hash = (hash ^ entry.offset ^ std::uint64_t{entry.key} << 32U) * kFactor;
    hash ^= hash >> 32U;
  }
  return hash;
}

}  // namespace

SharedEntries EntryLists::Share(EntryList list) {
  const std::size_t hash = HashOf(list);
  const auto [begin, end] = lists_.equal_range(hash);
  for (auto known = begin; known != end; ++known) {
    SharedEntries same = known->second.lock();
    if (same != nullptr && *same == list) return same;
  }
  if (lists_.size() >= forget_at_) ForgetUnused();
  list.shrink_to_fit();
  auto shared = std::make_shared<const EntryList>(std::move(list));
  lists_.emplace(hash, shared);
  return shared;
}

void EntryLists::ForgetUnused() {
  std::erase_if(lists_, [](const auto& list) { return list.second.expired(); });
  forget_at_ = std::max<std::size_t>(64, 2 * lists_.size());
}

}  // namespace promshm::collect
