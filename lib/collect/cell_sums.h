#ifndef PROMSHM_COLLECT_CELL_SUMS_H_
#define PROMSHM_COLLECT_CELL_SUMS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "collect/entry_list.h"
#include "collect/series_index.h"

namespace promshm::collect {

// The values of a file's entries, apart from the file: one each, or a value and
// a timestamp where the file's kind merges by them. Null: they are not kept.
using KeptValues = std::unique_ptr<double[]>;

// Purpose: what the cells merge to, in the order in which entries are added.
//
// Lifetime: `index` must outlive it. Thread safety: needs external locking.
class CellSums {
 public:
  explicit CellSums(const SeriesIndex* index)
      : index_(*index),
        merges_each_(index->rules().changes_modes() ||
                     index->rules().drops_labels()) {}

  // From here on nothing has been added.
  void Begin();

  // What will be added soon, so that memory can send it.
  static void Expect(const EntryList& entries, const char* file);

  // `merge` is the one of the file's kind. `file` is the file from its first
  // byte, aligned as a double is. It may change meanwhile.
  void Add(Merge merge, const EntryList& entries, const char* file);
  void Add(Merge merge, const EntryList& entries, const KeptValues& values);

  // Adds to each cell a number, as kSum does.
  void Add(const std::vector<double>& by_cell);

  static KeptValues Keep(Merge merge, const EntryList& entries,
                         const char* file);

  // By cell. What nothing was added to has a value without meaning.
  const std::vector<double>& values() const { return values_; }

  // Of a cell of mode mostrecent, whether it was ever set.
  bool IsSet(std::uint32_t cell) const { return times_[cell] > 0; }

  // When; 0: never.
  double TimeOf(std::uint32_t cell) const { return times_[cell]; }

 private:
  template <typename Source>
  void AddFrom(Merge merge, const NumberList& keys, const Source& source);
  template <typename Source>
  void AddValues(Merge merge, const NumberList& keys, const Source& source);
  template <typename Source>
  void AddEach(const NumberList& keys, const Source& source);
  template <typename Source>
  void AddMostRecent(const NumberList& keys, const Source& source);
  void Grow();

  const SeriesIndex& index_;
  const bool merges_each_;  // by its group, and not all of a file alike
  std::vector<std::uint32_t> cell_of_key_;
  std::vector<Merge> merge_of_cell_;
  std::vector<double> first_values_;  // by cell, before anything is added
  std::vector<double> values_;
  std::vector<double> times_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_CELL_SUMS_H_
