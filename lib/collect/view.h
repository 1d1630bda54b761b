#ifndef PROMSHM_COLLECT_VIEW_H_
#define PROMSHM_COLLECT_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collect/inventory.h"
#include "collect/layout_builder.h"
#include "collect/scrape.h"
#include "promshm/snapshot.h"

namespace promshm::collect {

// Purpose: makes snapshots of what a scrape has added up: of all families, or
// of some. Keeps what it made until something other than the values changes.
//
// Thread safety: needs external locking.
class View {
 public:
  // `names` as CollectOptions has them.
  explicit View(std::vector<std::string> names) : names_(std::move(names)) {}

  const std::vector<std::string>& names() const { return names_; }

  // Of the scrape's last pass. One scrape only.
  Snapshot Take(const Scrape& scrape);

  // How many keys occurred, of all families.
  std::size_t keys() const { return inventory_.keys; }

 private:
  void TakeInventory(const Scrape& scrape);
  std::vector<std::uint32_t> CellsWithValue(const Scrape& scrape) const;
  void Arrange(const Scrape& scrape, bool is_other);

  const std::vector<std::string> names_;
  std::uint64_t version_ = 0;
  bool is_new_ = true;
  Inventory inventory_;
  bool has_most_recent_ = false;
  // What the layout was built from.
  std::vector<std::uint32_t> cells_;
  std::vector<SeenGroup> groups_;
  Layout layout_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_VIEW_H_
