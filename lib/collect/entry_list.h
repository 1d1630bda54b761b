#ifndef PROMSHM_COLLECT_ENTRY_LIST_H_
#define PROMSHM_COLLECT_ENTRY_LIST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace promshm::collect {

// Where in a file a value lies, and the number of its key.
struct EntryRef {
  std::uint32_t offset = 0;
  std::uint32_t key = 0;

  bool operator==(const EntryRef&) const = default;
};

// The entries of a file, in their order. Files that are alike share one.
using EntryList = std::vector<EntryRef>;
using SharedEntries = std::shared_ptr<const EntryList>;

// Purpose: finds the list that is alike, so that each is kept once.
//
// Thread safety: needs external locking.
class EntryLists {
 public:
  SharedEntries Share(EntryList list);

 private:
  void ForgetUnused();

  // By a hash of their contents.
  std::unordered_multimap<std::size_t, std::weak_ptr<const EntryList>> lists_;
  std::size_t forget_at_ = 64;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_ENTRY_LIST_H_
