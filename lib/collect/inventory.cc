#include "collect/inventory.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "collect/key_rules.h"

namespace promshm::collect {
InventoryTaker::InventoryTaker(const SeriesIndex* index,
                               const std::vector<std::string>& names)
    : index_(*index),
      names_(names.begin(), names.end()),
      keys_met_(index->keys().size()),
      cells_met_(index->cells().size()),
      groups_(index->groups().size()) {
  inventory_.processes.resize(groups_.size());
}

void InventoryTaker::Take(const KnownFile& file, const std::string& path) {
  if (file.entries.keys != nullptr && !file.is_left_out) {
    const SourceFile here{file.source,
                          std::make_shared<const std::string>(path)};
    for (const std::uint32_t number : GroupsOf(*file.entries.keys, here)) {
      GroupState& group = groups_[number];
      if (!group.is_wanted) continue;
      std::vector<SourceFile>& files = inventory_.groups[group.seen].files;
      if (files.back().source != file.source) files.push_back(here);
      if (group.process == file.process) continue;
      group.process = file.process;
      ++inventory_.processes[number];
    }
  }
  if (file.issue) inventory_.issues.push_back(*file.issue);
}

Inventory InventoryTaker::Finish() {
  for (std::size_t cell = kNoCell + 1; cell < cells_met_.size(); ++cell) {
    if (cells_met_[cell] != 0) {
      inventory_.cells.push_back(static_cast<std::uint32_t>(cell));
    }
  }
  return std::move(inventory_);
}

// Files that are alike have the same, which one of them is looked through for.
const std::vector<std::uint32_t>& InventoryTaker::GroupsOf(
    const NumberList& keys, const SourceFile& file) {
  const auto [found, is_new] = groups_of_.try_emplace(&keys);
  std::vector<std::uint32_t>& groups = found->second;
  if (!is_new) return groups;
  for (const std::uint32_t key : keys) {
    const std::uint32_t group = index_.keys()[key].group;
    if (groups.empty() || groups.back() != group) groups.push_back(group);
    if (keys_met_[key] == 0) Meet(key, file);
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

void InventoryTaker::Meet(std::uint32_t key_number, const SourceFile& file) {
  const std::string& path = *file.path;
  keys_met_[key_number] = 1;
  ++inventory_.keys;
  const KnownKey& key = index_.keys()[key_number];
  const std::string& family = index_.groups()[key.group].family;
  GroupState& group = groups_[key.group];
  if (!group.is_met) {
    group.is_met = true;
    group.is_wanted = IsWanted(index_.groups()[key.group]);
    if (group.is_wanted) {
      group.seen = static_cast<std::uint32_t>(inventory_.groups.size());
      inventory_.groups.push_back({key.group, kDefaultHelp, {file}});
    }
  }
  if (!group.is_wanted) return;
  cells_met_[key.cell] = 1;
  MeetHelp(key, path, &group);
  if (!key.bound_ok && !group.bound_invalid) {
    group.bound_invalid = true;
    Report(IssueKind::kInvalidBound, path,
           "invalid bound: a bucket of family " + family +
               " has an le that is no number");
  }
  if (key.taken_label != nullptr && !group.label_dropped) {
    group.label_dropped = true;
    Report(IssueKind::kNameConflict, path,
           std::string("name conflict: label ") + key.taken_label +
               " of family " + family +
               " is dropped, the name is the collector's");
  }
}

void InventoryTaker::MeetHelp(const KnownKey& key, const std::string& path,
                              GroupState* group) {
  if (key.help == kNoHelp || key.help == group->help) return;
  SeenGroup& seen = inventory_.groups[group->seen];
  if (group->help == kNoHelp) {
    group->help = key.help;
    seen.help = index_.Name(key.help);
  } else if (!group->help_conflict) {
    group->help_conflict = true;
    Report(IssueKind::kHelpConflict, path,
           "help conflict: family " + index_.groups()[key.group].family +
               " has another help text in " + *seen.files.front().path);
  }
}

bool InventoryTaker::IsWanted(const Group& group) const {
  if (group.is_dropped) return false;
  return names_.empty() || HasName(group.family, group.kind.type,
                                   [this](const std::string& name) {
                                     return names_.contains(name);
                                   });
}

void InventoryTaker::Report(IssueKind kind, const std::string& path,
                            std::string message) {
  inventory_.issues.push_back({kind, path, std::nullopt, std::move(message)});
}

}  // namespace promshm::collect
