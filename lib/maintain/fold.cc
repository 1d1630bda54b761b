#include "maintain/fold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "format/dumps_text.h"
#include "format/entry_cursor.h"
#include "format/layout.h"
#include "format/metric_key.h"
#include "maintain/uncumulate.h"
#include "store/file_walk.h"

namespace promshm::maintain {
namespace {

using collect::Cell;
using collect::kNoCell;

// What json.dumps puts at the end of a key that has a help text, or None.
bool HasHelp(std::string_view key) { return !key.ends_with("}]"); }

Generation GenerationOfKey(const format::Dialect& dialect,
                           std::string_view key) {
  switch (dialect.key_shape) {
    case format::KeyShape::kArrays:
      return Generation::kArrays;
    case format::KeyShape::kCompactArrays:
      return Generation::kRuby;
    case format::KeyShape::kObject:
      break;
  }
  if (!HasHelp(key)) return Generation::kWithoutHelp;
  return dialect.has_timestamps() ? Generation::kCurrent
                                  : Generation::kWithoutTimestamp;
}

template <typename T>
void AppendBytes(const T& value, std::string* out) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendEntry(std::string_view key, double value, double timestamp,
                 std::uint32_t value_size, std::string* out) {
  AppendBytes(static_cast<std::int32_t>(key.size()), out);
  *out += key;
  out->append(format::PaddedKeySize(key.size()) - key.size(), ' ');
  AppendBytes(value, out);
  if (value_size == 2 * sizeof(value)) AppendBytes(timestamp, out);
}

}  // namespace

std::optional<Generation> GenerationOf(const store::FileContents& contents,
                                       bool needs_timestamps) {
  const format::Dialect dialect =
      format::FindDialect(contents.bytes, contents.used, needs_timestamps);
  format::EntryCursor cursor(contents.bytes, contents.used, dialect.value_size);
  format::Entry entry;
  if (!cursor.Next(&entry)) return std::nullopt;
  return GenerationOfKey(dialect, entry.key);
}

Fold::Fold(format::MetricFileName target, bool with_living)
    : target_(std::move(target)),
      finder_(&index_),
      sums_(&index_),
      with_living_(with_living),
      all_(&index_) {
  sums_.Begin();
  all_.Begin();
}

Fold::Added Fold::Add(const store::FileContents& contents,
                      const format::Dialect& dialect) {
  const collect::FoundEntries found = Find(contents, dialect);
  const collect::NumberList& keys = *found.entries.keys;
  const collect::Merge merge =
      collect::MergeOf(collect::KindOf(target_, dialect));
  sums_.Add(merge, found.entries, contents.bytes.data());
  if (with_living_) all_.Add(merge, found.entries, contents.bytes.data());
  keys_.insert(found.entries.keys);
  if (!keys.empty()) {
    newest_ = std::max(newest_.value_or(Generation::kArrays),
                       GenerationOfKey(dialect, index_.KeyText(keys.front())));
  }
  const bool is_whole =
      !found.damage &&
      std::all_of(keys.begin(), keys.end(), [this](std::uint32_t key) {
        return index_.keys()[key].bound_ok;
      });
  return {keys.size(), is_whole};
}

void Fold::AddLiving(const store::FileContents& contents,
                     const format::Dialect& dialect, bool comes_before_merged) {
  const collect::FoundEntries found = Find(contents, dialect);
  const collect::Merge merge =
      collect::MergeOf(collect::KindOf(target_, dialect));
  collect::KeptValues values =
      collect::CellSums::Keep(merge, found.entries, contents.bytes.data());
  all_.Add(merge, found.entries, values);
  living_.push_back({found.entries, std::move(values), comes_before_merged});
}

collect::FoundEntries Fold::Find(const store::FileContents& contents,
                                 const format::Dialect& dialect) {
  const collect::FileKind kind = collect::KindOf(target_, dialect);
  return finder_.Find(index_.FindKeySet(kind, target_.identifier),
                      contents.bytes, contents.used, dialect);
}

std::vector<bool> Fold::CellsAdded() const {
  std::vector<bool> added(index_.cells().size());
  for (const collect::SharedNumbers& keys : keys_) {
    for (const std::uint32_t key : *keys) {
      added[index_.keys()[key].cell] = true;
    }
  }
  added[kNoCell] = false;
  return added;
}

std::size_t Fold::series() const {
  std::set<std::pair<std::uint32_t, std::uint32_t>> series;
  const std::vector<bool> added = CellsAdded();
  for (std::size_t cell = 0; cell < added.size(); ++cell) {
    if (!added[cell]) continue;
    series.emplace(index_.cells()[cell].group, index_.cells()[cell].label_set);
  }
  return series.size();
}

Result<Fold::File> Fold::Finish(Generation generation) {
  LearnHelps();
  const bool with_help = generation != Generation::kWithoutHelp;
  const std::uint32_t value_size =
      generation == Generation::kCurrent || store::NeedsTimestamps(target_)
          ? 2 * sizeof(double)
          : sizeof(double);
  Values values = sums_.values();
  values.resize(index_.cells().size());
  if (with_living_) LetNothingFall(&values);
  std::vector<bool> are_last(values.size());
  Uncumulate(index_, &values, &are_last);
  File file;
  file.bytes.resize(format::kDiskHeaderSize);
  const auto add = [&](std::string_view key, std::uint32_t cell) {
    AppendEntry(key, values[cell], sums_.TimeOf(cell), value_size, &file.bytes);
    ++file.entries;
  };
  std::vector<bool> is_waiting = CellsAdded();
  for (std::uint32_t key = 0; key < index_.keys().size(); ++key) {
    const std::uint32_t cell = index_.keys()[key].cell;
    if (!is_waiting[cell]) continue;
    is_waiting[cell] = false;
    // Other clients count what lies in the buckets; these had it stored.
    const Cell& known = index_.cells()[cell];
    const bool is_stored_count = index_.groups()[known.group].kind.cumulated &&
                                 !known.bound &&
                                 index_.Name(known.sample).ends_with("_count");
    if (!is_stored_count) {
      add(KeyText(key, with_help), cell);
    } else if (are_last[cell]) {
      add(LastBucket(key, with_help), cell);
    }
  }
  if (file.bytes.size() >
      static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    return Status(StatusKind::kInvalidArgument,
                  "merged file: more than a file can hold");
  }
  const auto used = static_cast<std::int32_t>(file.bytes.size());
  std::string header;
  AppendBytes(used, &header);
  file.bytes.replace(0, header.size(), header);
  return file;
}

void Fold::LetNothingFall(Values* merged) const {
  const Values& before = all_.values();
  const std::vector<bool> added = CellsAdded();
  constexpr int kSteps = 16;
  for (int i = 0; i < kSteps; ++i) {
    const Values after = ReadersSums(*merged);
    bool has_fallen = false;
    for (std::size_t cell = 0; cell < before.size(); ++cell) {
      if (!added[cell] || !(after[cell] < before[cell])) continue;
      has_fallen = true;
      // By what is missing, or by the least that is more.
      double& value = (*merged)[cell];
      value = std::max(value + (before[cell] - after[cell]),
                       std::nextafter(value, HUGE_VAL));
    }
    if (!has_fallen) return;
  }
}

// What a reader of promshm comes to.
Fold::Values Fold::ReadersSums(const Values& merged) const {
  collect::CellSums sums(&index_);
  sums.Begin();
  const auto add_living = [&](bool before) {
    for (const Living& living : living_) {
      if (living.comes_before_merged == before) {
        sums.Add(collect::Merge::kSum, living.entries, living.values);
      }
    }
  };
  add_living(true);
  sums.Add(merged);
  add_living(false);
  return sums.values();
}

// The key as it stands in a file of that generation. A Python client finds its
// entries by this text, but none continues this file.
std::string Fold::KeyText(std::uint32_t key, bool with_help) const {
  const std::string_view text = index_.KeyText(key);
  format::MetricKey parsed;
  if (format::ReadDumps(text, &parsed) &&
      parsed.help.has_value() == with_help) {
    return std::string(text);
  }
  return Respell(key, format::MetricKey::Parse(text), with_help);
}

std::string Fold::Respell(std::uint32_t key, Result<format::MetricKey> parsed,
                          bool with_help) const {
  if (!with_help) {
    parsed->help.reset();
  } else if (!parsed->help) {
    const std::uint32_t help = helps_[index_.keys()[key].group];
    parsed->help =
        help == collect::kNoHelp ? collect::kDefaultHelp : index_.Name(help);
  }
  return parsed->Format();
}

// The first help of each family's keys; some have none.
void Fold::LearnHelps() {
  helps_.assign(index_.groups().size(), collect::kNoHelp);
  for (const collect::KnownKey& key : index_.keys()) {
    if (helps_[key.group] == collect::kNoHelp) helps_[key.group] = key.help;
  }
}

// The key of the bucket +Inf beside a stored count.
std::string Fold::LastBucket(std::uint32_t key, bool with_help) const {
  Result<format::MetricKey> parsed =
      format::MetricKey::Parse(index_.KeyText(key));
  parsed->sample = parsed->family + "_bucket";
  parsed->labels.push_back({"le", "+Inf"});
  std::sort(parsed->labels.begin(), parsed->labels.end());
  return Respell(key, std::move(parsed), with_help);
}

}  // namespace promshm::maintain
