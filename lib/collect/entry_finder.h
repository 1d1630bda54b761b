#ifndef PROMSHM_COLLECT_ENTRY_FINDER_H_
#define PROMSHM_COLLECT_ENTRY_FINDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collect/entry_list.h"
#include "collect/series_index.h"
#include "format/dialect.h"
#include "format/entry_cursor.h"

namespace promshm::collect {

// What was found in a file, or in what it has grown by.
struct FoundEntries {
  EntryList entries;
  std::uint64_t end = 0;  // byte after the last of them
  std::optional<format::Damage> damage;
};

// Purpose: finds the entries of files and the numbers of their keys. The
// workers of an application write nearly the same keys in the same order: each
// key is first compared with the one that stood there in the file before of
// the same kind, and looked up only when it is another.
//
// Lifetime: `index` must outlive it. Thread safety: needs external locking.
class EntryFinder {
 public:
  explicit EntryFinder(SeriesIndex* index) : index_(*index) {}

  // `bytes` is a file from its first byte, `used` what its header says.
  FoundEntries Find(SeriesIndex::KeySet* keys, std::string_view bytes,
                    std::uint64_t used, const format::Dialect& dialect);

  // As if the file had been looked through whole: `known` are the entries
  // before byte `end`, `tail` is the file from there on.
  FoundEntries FindMore(SeriesIndex::KeySet* keys, const EntryList& known,
                        std::uint64_t end, std::string_view tail,
                        std::uint64_t used, const format::Dialect& dialect);

  // Whether these entries stand in `bytes`, too, which is a file from its first
  // byte.
  bool HasStill(const EntryList& entries, std::uint32_t value_size,
                std::string_view bytes) const {
    return CountAlike(entries, value_size, bytes) == entries.keys->size();
  }

  // Entries that were not told by comparing.
  std::uint64_t looked_up() const { return looked_up_; }

 private:
  // The file before.
  struct Example {
    EntryList entries;
    std::uint32_t value_size = 0;
    std::uint64_t end = 0;
  };

  // Entries in the making.
  struct Draft {
    NumberList keys;
    NumberList offsets;
  };

  std::size_t CountAlike(const EntryList& entries, std::uint32_t value_size,
                         std::string_view bytes) const;
  FoundEntries Walk(SeriesIndex::KeySet* keys, const Example& example,
                    format::EntryCursor cursor, std::uint32_t value_size,
                    Draft draft);

  SeriesIndex& index_;
  NumberLists lists_;
  std::unordered_map<const SeriesIndex::KeySet*, Example> examples_;
  std::uint64_t looked_up_ = 0;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_ENTRY_FINDER_H_
