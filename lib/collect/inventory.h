#ifndef PROMSHM_COLLECT_INVENTORY_H_
#define PROMSHM_COLLECT_INVENTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collect/known_directory.h"
#include "collect/layout_builder.h"
#include "collect/series_index.h"
#include "promshm/issue.h"

namespace promshm::collect {

// What is in some files, but for the numbers.
struct Inventory {
  std::vector<SeenGroup> groups;         // in the order in which they were met
  std::vector<std::uint32_t> processes;  // that hold entries, by group's number
  std::vector<std::uint32_t> cells;      // ascending
  std::vector<Issue> issues;
  std::size_t keys = 0;  // that occur
};

// Purpose: takes the inventory of files, one after the other in their order, of
// some families or of all.
//
// Lifetime: `index` must outlive it. Thread safety: needs external locking.
class InventoryTaker {
 public:
  // `names` as CollectOptions has them.
  InventoryTaker(const SeriesIndex* index,
                 const std::vector<std::string>& names);

  void Take(const KnownFile& file, const std::string& path);
  Inventory Finish();

 private:
  // What is known of a group after the files so far.
  struct GroupState {
    bool is_met = false;
    bool is_wanted = true;
    std::uint32_t help = kNoHelp;
    // Reported once for a family.
    bool help_conflict = false;
    bool bound_invalid = false;
    bool label_dropped = false;
    std::uint32_t seen = 0;     // index into the seen groups
    std::uint32_t process = 0;  // that was counted last
  };

  const std::vector<std::uint32_t>& GroupsOf(const NumberList& keys,
                                             const SourceFile& file);
  void Meet(std::uint32_t key_number, const SourceFile& file);
  void MeetHelp(const KnownKey& key, const std::string& path,
                GroupState* group);
  bool IsWanted(const Group& group) const;
  void Report(IssueKind kind, const std::string& path, std::string message);

  const SeriesIndex& index_;
  const std::unordered_set<std::string> names_;
  std::vector<char> keys_met_;
  std::vector<char> cells_met_;
  std::vector<GroupState> groups_;
  std::unordered_map<const NumberList*, std::vector<std::uint32_t>> groups_of_;
  Inventory inventory_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_INVENTORY_H_
