#include "collect/scrape.h"

#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "collect/name_escaping.h"
#include "format/dialect.h"
#include "store/file_walk.h"

namespace promshm::collect {
namespace {

// Clients before 0.15 and Ruby's store no help; prometheus_client's collector
// then says this.
constexpr const char* kNoHelp = "Multiprocess metric";

}  // namespace

Scrape::Scrape(std::uint64_t number, const CollectOptions& options,
               Knowledge* knowledge)
    : number_(number),
      names_(options.names.begin(), options.names.end()),
      known_(*knowledge) {}

Status Scrape::Read(store::MetricDirectory* directory,
                    store::MetricFileReader* reader) {
  for (std::size_t file = 0; file < directory->size(); ++file) {
    path_ = directory->path(file);
    auto name = format::MetricFileName::Parse(directory->name(file));
    if (!name) {
      issues_.push_back(store::NotMetricFile(path_));
      continue;
    }
    const Result<store::FileContents> contents = directory->Read(file, reader);
    if (!contents.ok()) return contents.status();
    ReadFile(*std::move(name), *contents);
  }
  return {};
}

Snapshot Scrape::Finish() {
  LayoutSignature signature = Signature();
  // Conflicts name files, which the signature does not cover.
  if (known_.layout.families == nullptr || !known_.layout.conflicts.empty() ||
      signature != known_.layout_signature) {
    known_.layout = BuildLayout(known_.index, seen_groups_, signature.cells);
    known_.layout_signature = std::move(signature);
  }
  issues_.insert(issues_.end(), known_.layout.conflicts.begin(),
                 known_.layout.conflicts.end());
  return {known_.layout.families,
          ApplyRules(known_.layout.rules, known_.values), std::move(issues_)};
}

bool Scrape::IsOutgrown() const {
  constexpr std::size_t kKeySlack = 4096;
  constexpr std::size_t kKeySetSlack = 256;
  return known_.index.keys().size() > 2 * keys_seen_ + kKeySlack ||
         known_.index.key_sets() > 2 * files_read_ + kKeySetSlack;
}

void Scrape::ReadFile(format::MetricFileName name,
                      const store::FileContents& contents) {
  const format::Dialect dialect = format::FindDialect(
      contents.bytes, contents.used, store::NeedsTimestamps(name));
  if (dialect.is_ruby()) name.SplitPart();
  FileKind kind{name.type, name.mode,
                dialect.is_ruby() && name.type == FamilyType::kHistogram};
  if (kind.type != FamilyType::kGauge) kind.mode = GaugeMode::kAll;
  ++files_read_;
  merge_ = MergeOf(kind);
  process_ = ProcessNumber(name.identifier);
  SeriesIndex::KeySet* keys = known_.index.FindKeySet(kind, name.identifier);
  std::optional<Issue> issue = store::WalkFile(
      path_, contents, dialect, [&](const format::Entry& entry) -> Status {
        const Result<std::uint32_t> key = known_.index.FindKey(keys, entry.key);
        if (!key.ok()) return key.status();
        Add(*key, entry);
        return {};
      });
  if (issue) issues_.push_back(*std::move(issue));
}

void Scrape::Add(std::uint32_t key_number, const format::Entry& entry) {
  const KnownKey& key = known_.index.keys()[key_number];
  if (key_number >= known_.keys.size()) GrowStates();
  if (known_.keys[key_number].scrape != number_) {
    known_.keys[key_number].scrape = number_;
    ++keys_seen_;
    MeetKey(key);
  }
  GroupState& group = known_.groups[key.group];
  if (!group.wanted) return;
  if (group.process != process_) {
    group.process = process_;
    ++seen_groups_[group.seen].processes;
  }
  if (key.bound_ok) MergeInto(key.cell, entry);
}

void Scrape::MergeInto(std::uint32_t cell, const format::Entry& entry) {
  CellState& state = known_.cells[cell];
  double& value = known_.values[cell];
  const bool first = state.scrape != number_;
  if (merge_ == Merge::kMostRecent) {
    // A gauge never set has no timestamp, and no sample.
    if (entry.timestamp > (first ? 0.0 : state.timestamp)) {
      state = {number_, entry.timestamp};
      value = entry.value;
    }
    return;
  }
  state.scrape = number_;
  switch (merge_) {
    case Merge::kSum:
      value = (first ? 0.0 : value) + entry.value;
      break;
    case Merge::kMin:
      // NaN loses to every number.
      if (first || entry.value < value || std::isnan(value)) {
        value = entry.value;
      }
      break;
    case Merge::kMax:
      if (first || entry.value > value || std::isnan(value)) {
        value = entry.value;
      }
      break;
    case Merge::kMostRecent:
    case Merge::kLast:
      value = entry.value;
      break;
  }
}

// A key's first entry in this scrape.
void Scrape::MeetKey(const KnownKey& key) {
  GroupState& group = known_.groups[key.group];
  const std::string& family = known_.index.groups()[key.group].family;
  if (group.scrape != number_) {
    group = {};
    group.scrape = number_;
    group.wanted = IsWanted(known_.index.groups()[key.group]);
    if (!group.wanted) return;
    group.seen = static_cast<std::uint32_t>(seen_groups_.size());
    seen_groups_.push_back({key.group, path_, kNoHelp, 0});
  }
  if (!group.wanted) return;
  MeetHelp(key, family, &group);
  if (!key.bound_ok && !group.bound_invalid) {
    group.bound_invalid = true;
    issues_.push_back({IssueKind::kInvalidBound, path_, std::nullopt,
                       "invalid bound: a bucket of family " + family +
                           " has an le that is no number"});
  }
  if (key.had_pid && !group.pid_dropped) {
    group.pid_dropped = true;
    issues_.push_back({IssueKind::kNameConflict, path_, std::nullopt,
                       "name conflict: label pid of family " + family +
                           " is dropped, the name is the collector's"});
  }
}

void Scrape::MeetHelp(const KnownKey& key, const std::string& family,
                      GroupState* group) {
  if (!key.help) return;
  SeenGroup& seen = seen_groups_[group->seen];
  if (!group->has_help) {
    group->has_help = true;
    seen.help = *key.help;
  } else if (seen.help != *key.help && !group->help_conflict) {
    group->help_conflict = true;
    issues_.push_back({IssueKind::kHelpConflict, path_, std::nullopt,
                       "help conflict: family " + family +
                           " has another help text in " + seen.path});
  }
}

bool Scrape::IsWanted(const Group& group) const {
  if (names_.empty()) return true;
  // The client may know the name as it was escaped for it.
  std::string escaped;
  AppendName(group.family, format::NameKind::kMetric, Escaping::kUnderscores,
             &escaped);
  const auto named = [&](const char* suffix) {
    return names_.contains(group.family + suffix) ||
           names_.contains(escaped + suffix);
  };
  if (named("")) return true;
  switch (group.kind.type) {
    case FamilyType::kCounter:
      return named("_total");
    case FamilyType::kGauge:
      return false;
    case FamilyType::kHistogram:
      return named("_bucket") || named("_sum") || named("_count");
    case FamilyType::kSummary:
      return named("_sum") || named("_count");
  }
  return false;
}

void Scrape::GrowStates() {
  known_.keys.resize(known_.index.keys().size());
  known_.groups.resize(known_.index.groups().size());
  known_.cells.resize(known_.index.cells().size());
  known_.values.resize(known_.index.cells().size());
}

// From 1; 0 is nobody.
std::uint32_t Scrape::ProcessNumber(const std::string& identifier) {
  return processes_
      .try_emplace(identifier,
                   static_cast<std::uint32_t>(processes_.size() + 1))
      .first->second;
}

LayoutSignature Scrape::Signature() const {
  LayoutSignature signature;
  for (std::size_t cell = 0; cell < known_.cells.size(); ++cell) {
    if (known_.cells[cell].scrape == number_) {
      signature.cells.push_back(static_cast<std::uint32_t>(cell));
    }
  }
  for (const SeenGroup& seen : seen_groups_) {
    signature.groups.emplace_back(seen.group, seen.processes, seen.help);
  }
  return signature;
}

}  // namespace promshm::collect
