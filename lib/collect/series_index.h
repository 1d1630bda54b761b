#ifndef PROMSHM_COLLECT_SERIES_INDEX_H_
#define PROMSHM_COLLECT_SERIES_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "format/metric_file_name.h"
#include "format/metric_key.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm::collect {

// What a file's name and dialect say of all its entries.
struct FileKind {
  FamilyType type = FamilyType::kCounter;
  GaugeMode mode = GaugeMode::kAll;  // of a gauge
  bool cumulated = false;  // the histogram's buckets are stored cumulated
};

// How the entries of one cell become one number.
enum class Merge : std::uint8_t { kSum, kMin, kMax, kMostRecent, kLast };

Merge MergeOf(const FileKind& kind);

// True for the modes that keep the processes apart, by a label `pid`.
bool IsPerProcess(const FileKind& kind);

// The entries of one family that merge with each other: same type, same mode.
struct Group {
  std::string family;
  FileKind kind;
};

// One number in the making: a sample of a series, or a bucket.
struct Cell {
  std::uint32_t group = 0;
  std::string sample;
  std::vector<Label> labels;    // with `pid` where kept apart, without `le`
  std::optional<double> bound;  // of a bucket
};

// The number of a cell that is none.
inline constexpr std::uint32_t kNoCell = 0;

// What the text of a key means in files of one kind.
struct KnownKey {
  std::uint32_t group = 0;
  std::uint32_t cell = kNoCell;     // when !bound_ok
  std::optional<std::string> help;  // absent in old generations
  bool bound_ok = true;             // false: an `le` that is no number
  bool had_pid = false;  // a gauge's own `pid` label, which the merge drops
};

// Purpose: knows which cell an entry belongs to. A key is parsed when it is
// first seen; afterwards its bytes are looked up. Groups, cells and keys are
// numbered from 0 and never renumbered; cell 0 is kNoCell.
//
// Thread safety: const methods may be called from several threads; anything
// else needs external locking.
class SeriesIndex {
 public:
  // The keys of all files of one kind, of one identifier where that matters.
  class KeySet;

  SeriesIndex() : cells_(1) {}

  // Valid as long as the index.
  KeySet* FindKeySet(const FileKind& kind, const std::string& identifier);

  // The number of the key with this text, which is added if it is new. Fails
  // when the text is no key.
  Result<std::uint32_t> FindKey(KeySet* set, std::string_view text);

  // The text by which a key was first found. Valid as long as the index.
  std::string_view KeyText(std::uint32_t key) const { return texts_[key]; }

  const std::vector<Group>& groups() const { return groups_; }
  const std::vector<Cell>& cells() const { return cells_; }
  const std::vector<KnownKey>& keys() const { return keys_; }
  std::size_t key_sets() const { return key_sets_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using NumberByText =
      std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

  KnownKey Learn(const KeySet& set, format::MetricKey key);
  std::uint32_t FindGroup(const FileKind& kind, const std::string& family);
  std::uint32_t FindCell(Cell cell);

  std::map<std::tuple<FamilyType, GaugeMode, bool, std::string>, KeySet>
      key_sets_;
  std::vector<Group> groups_;
  std::vector<Cell> cells_;
  std::vector<KnownKey> keys_;
  std::vector<std::string_view> texts_;  // of the keys
  NumberByText group_numbers_;
  NumberByText cell_numbers_;
};

class SeriesIndex::KeySet {
 private:
  friend class SeriesIndex;
  FileKind kind_;
  std::string identifier_;
  NumberByText numbers_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_SERIES_INDEX_H_
