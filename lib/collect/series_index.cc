#include "collect/series_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "format/number_text.h"
#include "format/utf8.h"

namespace promshm::collect {
namespace {

constexpr std::string_view kLe = "le";

auto FindLabel(std::vector<Label>* labels, std::string_view name) {
  return std::find_if(
      labels->begin(), labels->end(),
      [name](const Label& label) { return label.name == name; });
}

bool EraseLabel(std::vector<Label>* labels, std::string_view name) {
  const auto label = FindLabel(labels, name);
  if (label == labels->end()) return false;
  labels->erase(label);
  return true;
}

std::uint64_t HashOf(const Cell& cell) {
  std::uint64_t hash = MixIn(cell.group, cell.label_set);
  return MixIn(hash, cell.bound ? std::bit_cast<std::uint64_t>(*cell.bound)
                                : cell.sample);
}

}  // namespace

FileKind KindOf(const format::MetricFileName& name,
                const format::Dialect& dialect) {
  FileKind kind{name.type, name.mode,
                dialect.is_ruby() && name.type == FamilyType::kHistogram};
  if (kind.type != FamilyType::kGauge) kind.mode = GaugeMode::kAll;
  return kind;
}

Merge MergeOf(const FileKind& kind) {
  if (kind.type != FamilyType::kGauge) return Merge::kSum;
  switch (kind.mode) {
    case GaugeMode::kMin:
    case GaugeMode::kLiveMin:
      return Merge::kMin;
    case GaugeMode::kMax:
    case GaugeMode::kLiveMax:
      return Merge::kMax;
    case GaugeMode::kSum:
    case GaugeMode::kLiveSum:
      return Merge::kSum;
    case GaugeMode::kMostRecent:
    case GaugeMode::kLiveMostRecent:
      return Merge::kMostRecent;
    case GaugeMode::kAll:
    case GaugeMode::kLiveAll:
      return Merge::kLast;
  }
  return Merge::kLast;
}

bool IsPerProcess(const FileKind& kind) {
  return kind.type == FamilyType::kGauge && MergeOf(kind) == Merge::kLast;
}

SeriesIndex::KeySet* SeriesIndex::FindKeySet(const FileKind& kind,
                                             const std::string& identifier,
                                             std::size_t source) {
  const bool apart = MayKeepApart(kind);
  const std::string* const label = apart ? rules_.SourceLabel(source) : nullptr;
  const auto [found, added] = key_sets_.try_emplace(
      {kind.type, kind.mode, kind.cumulated, apart ? identifier : std::string(),
       label != nullptr ? source : 0});
  if (added) {
    found->second.kind_ = kind;
    found->second.identifier_ = format::ReplaceInvalidUtf8(identifier);
    found->second.source_label_ = label;
  }
  return &found->second;
}

Result<std::uint32_t> SeriesIndex::FindKey(KeySet* set, std::string_view text) {
  const std::uint64_t hash = MixIn(0, text);
  const std::optional<std::uint32_t> found = set->numbers_.Find(
      hash, [&](std::uint32_t key) { return texts_[key] == text; });
  if (found) return *found;
  Status status = format::MetricKey::ParseInto(text, &parsed_);
  if (!status.ok()) return status;
  const auto number = static_cast<std::uint32_t>(keys_.size());
  keys_.push_back(Learn(*set, &parsed_));
  texts_.push_back(text_store_.Keep(text));
  set->numbers_.Insert(hash, number);
  return number;
}

KnownKey SeriesIndex::Learn(const KeySet& set, format::MetricKey* key) {
  KnownKey known;
  FileKind kind = set.kind_;
  if (kind.type == FamilyType::kGauge) {
    kind.mode = rules_.ModeOf(key->family, kind.mode);
  }
  known.group = FindGroup(kind, key->family);
  if (groups_[known.group].is_dropped) return known;
  if (key->help && *key->help != kDefaultHelp) {
    known.help = FindName(*key->help);
  }
  Cell cell;
  cell.group = known.group;
  std::vector<Label>& labels = key->labels;
  if (kind.type == FamilyType::kHistogram) {
    const auto le = FindLabel(&labels, kLe);
    if (le != labels.end()) {
      cell.bound = format::ParseNumber(le->value);
      known.bound_ok = cell.bound && !std::isnan(*cell.bound);
      if (!known.bound_ok) return known;
      // -0.0 and 0.0 are one bound.
      if (*cell.bound == 0) cell.bound = 0.0;
      labels.erase(le);
    }
  }
  std::erase_if(labels, [this](const Label& label) {
    return rules_.IsDropped(label.name);
  });
  if (kind.type == FamilyType::kGauge) {
    known.taken_label = TakeLabels(set, kind, &labels);
  }
  // A bucket's sample name is the family's `_bucket` whatever the key says.
  if (!cell.bound) cell.sample = FindName(key->sample);
  cell.label_set = FindLabelSet(labels);
  known.cell = FindCell(cell);
  return known;
}

// Gives a gauge the labels that are the merge's. One of its own that it had.
const char* SeriesIndex::TakeLabels(const KeySet& set, const FileKind& kind,
                                    std::vector<Label>* labels) const {
  const char* taken = EraseLabel(labels, kPidLabel) ? kPidLabel : nullptr;
  if (!IsPerProcess(kind)) return taken;
  labels->push_back({kPidLabel, set.identifier_});
  if (set.source_label_ != nullptr && !rules_.IsDropped(kSourceLabel)) {
    if (EraseLabel(labels, kSourceLabel)) taken = kSourceLabel;
    labels->push_back({kSourceLabel, *set.source_label_});
  }
  std::sort(labels->begin(), labels->end());
  return taken;
}

// Whether any family in files of this kind may be kept for each process.
bool SeriesIndex::MayKeepApart(const FileKind& kind) const {
  return kind.type == FamilyType::kGauge &&
         (IsPerProcess(kind) || rules_.changes_modes());
}

std::uint32_t SeriesIndex::FindGroup(const FileKind& kind,
                                     std::string_view family) {
  const std::uint64_t hash =
      MixIn(static_cast<std::uint64_t>(kind.type), family);
  const std::optional<std::uint32_t> found =
      group_numbers_.Find(hash, [&](std::uint32_t group) {
        return groups_[group].kind == kind && groups_[group].family == family;
      });
  if (found) return *found;
  const auto number = static_cast<std::uint32_t>(groups_.size());
  Group& group =
      groups_.emplace_back(Group{std::string(family), kind, MergeOf(kind),
                                 !rules_.IsKept(family, kind.type)});
  if (IsPerProcess(kind) && rules_.drops_labels()) group.merge = Merge::kSum;
  group_numbers_.Insert(hash, number);
  return number;
}

std::uint32_t SeriesIndex::FindName(std::string_view name) {
  const std::uint64_t hash = MixIn(0, name);
  const std::optional<std::uint32_t> found = name_numbers_.Find(
      hash, [&](std::uint32_t number) { return names_[number] == name; });
  if (found) return *found;
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.push_back(text_store_.Keep(name));
  name_numbers_.Insert(hash, number);
  return number;
}

std::uint32_t SeriesIndex::FindLabelSet(const std::vector<Label>& labels) {
  std::uint64_t hash = labels.size();
  for (const Label& label : labels) {
    hash = MixIn(MixIn(hash, label.name), label.value);
  }
  const std::optional<std::uint32_t> found = label_set_numbers_.Find(
      hash, [&](std::uint32_t set) { return label_sets_[set] == labels; });
  if (found) return *found;
  const auto number = static_cast<std::uint32_t>(label_sets_.size());
  label_sets_.push_back(labels);
  label_set_numbers_.Insert(hash, number);
  return number;
}

std::uint32_t SeriesIndex::FindCell(const Cell& cell) {
  const std::uint64_t hash = HashOf(cell);
  const std::optional<std::uint32_t> found = cell_numbers_.Find(
      hash, [&](std::uint32_t number) { return cells_[number] == cell; });
  if (found) return *found;
  const auto number = static_cast<std::uint32_t>(cells_.size());
  cells_.push_back(cell);
  cell_numbers_.Insert(hash, number);
  return number;
}

}  // namespace promshm::collect
