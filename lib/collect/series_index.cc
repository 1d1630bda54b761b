#include "collect/series_index.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "format/number_text.h"
#include "format/utf8.h"

namespace promshm::collect {
namespace {

constexpr std::string_view kPid = "pid";
constexpr std::string_view kLe = "le";

auto FindLabel(std::vector<Label>* labels, std::string_view name) {
  return std::find_if(
      labels->begin(), labels->end(),
      [name](const Label& label) { return label.name == name; });
}

// Appends a text so that no two lists of texts look alike.
void AppendField(std::string_view text, std::string* out) {
  *out += std::to_string(text.size());
  out->push_back(':');
  *out += text;
}

std::string Identity(const Cell& cell) {
  std::string identity = std::to_string(cell.group);
  // A bucket's sample name is the family's `_bucket` whatever the key says.
  if (cell.bound) {
    // -0.0 and 0.0 are one bound.
    const double bound = *cell.bound == 0 ? 0.0 : *cell.bound;
    identity += " le ";
    format::AppendNumber(bound, &identity);
  } else {
    identity.push_back(' ');
    AppendField(cell.sample, &identity);
  }
  for (const Label& label : cell.labels) {
    AppendField(label.name, &identity);
    AppendField(label.value, &identity);
  }
  return identity;
}

}  // namespace

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
                                             const std::string& identifier) {
  const std::string& process = IsPerProcess(kind) ? identifier : std::string();
  const auto [found, added] =
      key_sets_.try_emplace({kind.type, kind.mode, kind.cumulated, process});
  if (added) {
    found->second.kind_ = kind;
    found->second.identifier_ = format::ReplaceInvalidUtf8(identifier);
  }
  return &found->second;
}

Result<std::uint32_t> SeriesIndex::FindKey(KeySet* set, std::string_view text) {
  const auto found = set->numbers_.find(text);
  if (found != set->numbers_.end()) return found->second;
  Result<format::MetricKey> key = format::MetricKey::Parse(text);
  if (!key.ok()) return key.status();
  keys_.push_back(Learn(*set, *std::move(key)));
  const auto number = static_cast<std::uint32_t>(keys_.size() - 1);
  texts_.push_back(set->numbers_.emplace(text, number).first->first);
  return number;
}

KnownKey SeriesIndex::Learn(const KeySet& set, format::MetricKey key) {
  KnownKey known;
  known.group = FindGroup(set.kind_, key.family);
  known.help = std::move(key.help);
  Cell cell;
  cell.group = known.group;
  cell.sample = std::move(key.sample);
  cell.labels = std::move(key.labels);
  if (set.kind_.type == FamilyType::kHistogram) {
    const auto le = FindLabel(&cell.labels, kLe);
    if (le != cell.labels.end()) {
      cell.bound = format::ParseNumber(le->value);
      known.bound_ok = cell.bound && !std::isnan(*cell.bound);
      if (!known.bound_ok) return known;
      cell.labels.erase(le);
    }
  }
  if (set.kind_.type == FamilyType::kGauge) {
    const auto pid = FindLabel(&cell.labels, kPid);
    known.had_pid = pid != cell.labels.end();
    if (known.had_pid) cell.labels.erase(pid);
    if (IsPerProcess(set.kind_)) {
      cell.labels.push_back({std::string(kPid), set.identifier_});
      std::sort(cell.labels.begin(), cell.labels.end());
    }
  }
  known.cell = FindCell(std::move(cell));
  return known;
}

std::uint32_t SeriesIndex::FindGroup(const FileKind& kind,
                                     const std::string& family) {
  std::string identity = std::to_string(static_cast<int>(kind.type)) + ' ' +
                         std::to_string(static_cast<int>(kind.mode)) +
                         (kind.cumulated ? " cumulated " : " ") + family;
  const auto [found, added] = group_numbers_.try_emplace(
      std::move(identity), static_cast<std::uint32_t>(groups_.size()));
  if (added) groups_.push_back({family, kind});
  return found->second;
}

std::uint32_t SeriesIndex::FindCell(Cell cell) {
  const auto [found, added] = cell_numbers_.try_emplace(
      Identity(cell), static_cast<std::uint32_t>(cells_.size()));
  if (added) cells_.push_back(std::move(cell));
  return found->second;
}

}  // namespace promshm::collect
