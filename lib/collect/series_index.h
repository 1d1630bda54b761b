#ifndef PROMSHM_COLLECT_SERIES_INDEX_H_
#define PROMSHM_COLLECT_SERIES_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "collect/key_rules.h"
#include "collect/number_table.h"
#include "collect/text_store.h"
#include "format/dialect.h"
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

  bool operator==(const FileKind&) const = default;
};

FileKind KindOf(const format::MetricFileName& name,
                const format::Dialect& dialect);

// How the entries of one cell become one number.
enum class Merge : std::uint8_t { kSum, kMin, kMax, kMostRecent, kLast };

Merge MergeOf(const FileKind& kind);

// True for the modes that keep the processes apart, by a label `pid`.
bool IsPerProcess(const FileKind& kind);

// The entries of one family that merge with each other: same type, same mode.
struct Group {
  std::string family;
  FileKind kind;
  Merge merge = Merge::kSum;
  bool is_dropped = false;  // as the rules say
};

// One number in the making: a sample of a series, or a bucket.
struct Cell {
  std::uint32_t group = 0;
  std::uint32_t sample = 0;     // number of its name; of a bucket meaningless
  std::uint32_t label_set = 0;  // with `pid` where kept apart, without `le`
  std::optional<double> bound;  // of a bucket

  bool operator==(const Cell&) const = default;
};

// Clients before 0.15 and Ruby's store no help; prometheus_client's collector
// then says this, and so do files that were merged from theirs.
inline constexpr char kDefaultHelp[] = "Multiprocess metric";

// The numbers of a cell and of a help text that are none.
inline constexpr std::uint32_t kNoCell = 0;
inline constexpr std::uint32_t kNoHelp = 0xffffffff;

// What the text of a key means in files of one kind.
struct KnownKey {
  std::uint32_t group = 0;
  std::uint32_t cell = kNoCell;  // when !bound_ok
  std::uint32_t help = kNoHelp;  // number of the text; none in old generations
  bool bound_ok = true;          // false: an `le` that is no number

  // A gauge's own label that the merge drops, since the name is taken.
  const char* taken_label = nullptr;
};

// Purpose: knows which cell an entry belongs to. A key is parsed when it is
// first seen; afterwards its bytes are looked up. Keys, groups, cells, label
// sets, and the names of samples and help texts, which are names here alike,
// are numbered from 0 and never renumbered; cell 0 is kNoCell.
//
// Thread safety: const methods may be called from several threads; anything
// else needs external locking.
class SeriesIndex {
 public:
  // The keys of all files of one kind, of one identifier where that matters.
  class KeySet;

  explicit SeriesIndex(KeyRules rules = {})
      : rules_(std::move(rules)), cells_(1) {}

  const KeyRules& rules() const { return rules_; }

  // Valid as long as the index.
  KeySet* FindKeySet(const FileKind& kind, const std::string& identifier,
                     std::size_t source = 0);

  // The number of the key with this text, which is added if it is new. Fails
  // when the text is no key.
  Result<std::uint32_t> FindKey(KeySet* set, std::string_view text);

  // The text by which a key was first found. Valid as long as the index.
  std::string_view KeyText(std::uint32_t key) const { return texts_[key]; }

  const std::vector<Group>& groups() const { return groups_; }
  const std::vector<Cell>& cells() const { return cells_; }
  const std::vector<KnownKey>& keys() const { return keys_; }

  // Sorted by name.
  const std::vector<Label>& LabelSet(std::uint32_t number) const {
    return label_sets_[number];
  }
  std::size_t label_sets() const { return label_sets_.size(); }
  std::string_view Name(std::uint32_t number) const { return names_[number]; }

  std::size_t key_sets() const { return key_sets_.size(); }

 private:
  KnownKey Learn(const KeySet& set, format::MetricKey* key);
  const char* TakeLabels(const KeySet& set, const FileKind& kind,
                         std::vector<Label>* labels) const;
  bool MayKeepApart(const FileKind& kind) const;
  std::uint32_t FindGroup(const FileKind& kind, std::string_view family);
  std::uint32_t FindName(std::string_view name);
  std::uint32_t FindLabelSet(const std::vector<Label>& labels);
  std::uint32_t FindCell(const Cell& cell);

  const KeyRules rules_;
  std::map<std::tuple<FamilyType, GaugeMode, bool, std::string, std::size_t>,
           KeySet>
      key_sets_;
  format::MetricKey parsed_;
  TextStore text_store_;
  std::vector<std::string_view> texts_;  // of the keys
  std::vector<KnownKey> keys_;
  std::vector<Group> groups_;
  NumberTable group_numbers_;
  std::vector<std::string_view> names_;
  NumberTable name_numbers_;
  std::vector<std::vector<Label>> label_sets_;
  NumberTable label_set_numbers_;
  std::vector<Cell> cells_;
  NumberTable cell_numbers_;
};

class SeriesIndex::KeySet {
 private:
  friend class SeriesIndex;
  FileKind kind_;
  std::string identifier_;
  const std::string* source_label_ = nullptr;
  NumberTable numbers_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_SERIES_INDEX_H_
