#include "collect/view.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace promshm::collect {
namespace {

bool HasMostRecent(const SeriesIndex& index, const Inventory& inventory) {
  return std::any_of(inventory.groups.begin(), inventory.groups.end(),
                     [&index](const SeenGroup& seen) {
                       return index.groups()[seen.group].merge ==
                              Merge::kMostRecent;
                     });
}

// Whether families look the same. Where they are matters to conflicts only.
bool LookAlike(const std::vector<SeenGroup>& a,
               const std::vector<SeenGroup>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const SeenGroup& x, const SeenGroup& y) {
                      return x.group == y.group && x.help == y.help;
                    });
}

}  // namespace

Snapshot View::Take(const Scrape& scrape) {
  const bool is_other = is_new_ || version_ != scrape.version();
  if (is_other) TakeInventory(scrape);
  if (is_other || has_most_recent_) Arrange(scrape, is_other);
  std::vector<std::uint32_t> processes;
  processes.reserve(layout_.groups.size());
  for (const std::uint32_t group : layout_.groups) {
    processes.push_back(inventory_.processes[group]);
  }
  std::vector<Issue> issues = inventory_.issues;
  issues.insert(issues.end(), layout_.conflicts.begin(),
                layout_.conflicts.end());
  return {layout_.families, ApplyRules(layout_.rules, scrape.sums().values()),
          std::move(processes), std::move(issues)};
}

void View::TakeInventory(const Scrape& scrape) {
  InventoryTaker taker(&scrape.index(), names_);
  for (const KnownDirectory& directory : scrape.directories()) {
    for (const KnownFile& file : directory.files()) {
      taker.Take(file, directory.PathOf(file));
    }
  }
  inventory_ = taker.Finish();
  has_most_recent_ = HasMostRecent(scrape.index(), inventory_);
  version_ = scrape.version();
  is_new_ = false;
}

// The layout stays while families and cells are the same. Conflicts name files,
// which may be others.
void View::Arrange(const Scrape& scrape, bool is_other) {
  std::vector<std::uint32_t> cells = CellsWithValue(scrape);
  if (layout_.families != nullptr && cells == cells_ &&
      LookAlike(inventory_.groups, groups_) &&
      (layout_.conflicts.empty() || !is_other)) {
    return;
  }
  layout_ = BuildLayout(scrape.index(), inventory_.groups, cells);
  cells_ = std::move(cells);
  groups_ = inventory_.groups;
}

// A gauge that was never set has no sample.
std::vector<std::uint32_t> View::CellsWithValue(const Scrape& scrape) const {
  if (!has_most_recent_) return inventory_.cells;
  const SeriesIndex& index = scrape.index();
  std::vector<std::uint32_t> cells;
  cells.reserve(inventory_.cells.size());
  for (const std::uint32_t cell : inventory_.cells) {
    const Group& group = index.groups()[index.cells()[cell].group];
    if (group.merge != Merge::kMostRecent || scrape.sums().IsSet(cell)) {
      cells.push_back(cell);
    }
  }
  return cells;
}

}  // namespace promshm::collect
