#ifndef PROMSHM_COLLECT_ENTRY_LIST_H_
#define PROMSHM_COLLECT_ENTRY_LIST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace promshm::collect {

using NumberList = std::vector<std::uint32_t>;
using SharedNumbers = std::shared_ptr<const NumberList>;

// The entries of a file, in their order. Files that are alike share the lists.
struct EntryList {
  SharedNumbers keys;     // the numbers of their keys; null: no entries known
  SharedNumbers offsets;  // of their values in the file; null: of no use
};

// Purpose: finds the list that is alike, so that each is kept once.
//
// Thread safety: needs external locking.
class NumberLists {
 public:
  SharedNumbers Share(NumberList list);

 private:
  void ForgetUnused();

  // By a hash of their contents.
  std::unordered_multimap<std::size_t, std::weak_ptr<const NumberList>> lists_;
  std::size_t forget_at_ = 64;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_ENTRY_LIST_H_
