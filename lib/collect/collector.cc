#include "promshm/collector.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "collect/file_walk.h"
#include "collect/layout_builder.h"
#include "collect/series_index.h"
#include "store/metric_directory.h"

namespace promshm {
namespace {

using collect::FileKind;
using collect::KnownKey;
using collect::Merge;

// Clients before 0.15 and Ruby's store no help; prometheus_client's collector
// then says this.
constexpr const char* kNoHelp = "Multiprocess metric";

// What one scrape knows of a key, group or cell that the index knows for good.
// It is void unless `scrape` is the present one, so nothing is ever cleared.
struct KeyState {
  std::uint64_t scrape = 0;
};

struct GroupState {
  std::uint64_t scrape = 0;
  bool wanted = true;
  bool has_help = false;
  bool help_conflict = false;  // reported
  std::uint32_t seen = 0;      // index into the seen groups
  std::uint32_t process = 0;   // that was counted last
};

struct CellState {
  std::uint64_t scrape = 0;
  double timestamp = 0;
};

// Two scrapes with the same one have the same layout.
struct LayoutSignature {
  std::vector<std::uint32_t> cells;
  // Group, processes, help.
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::string>> groups;

  bool operator==(const LayoutSignature&) const = default;
};

// Everything learnt from scrape to scrape.
struct Knowledge {
  collect::SeriesIndex index;
  std::vector<KeyState> keys;
  std::vector<GroupState> groups;
  std::vector<CellState> cells;
  std::vector<double> values;  // by cell
  collect::Layout layout;
  LayoutSignature layout_signature;
};

// Purpose: one pass over the sources.
//
// Lifetime: keeps views of the knowledge and the options, which must outlive
// it. Thread safety: needs external locking.
class Scrape {
 public:
  Scrape(std::uint64_t number, const CollectOptions& options,
         Knowledge* knowledge)
      : number_(number),
        names_(options.names.begin(), options.names.end()),
        known_(*knowledge) {}

  Status Read(const std::string& source, store::MetricFileReader* reader) {
    Result<store::MetricDirectory> directory =
        store::MetricDirectory::Open(source);
    if (!directory.ok()) return directory.status();
    for (std::size_t file = 0; file < directory->size(); ++file) {
      path_ = directory->path(file);
      auto name = format::MetricFileName::Parse(directory->name(file));
      if (!name) {
        issues_.push_back(collect::NotMetricFile(path_));
        continue;
      }
      const Result<store::FileContents> contents =
          directory->Read(file, reader);
      if (!contents.ok()) return contents.status();
      ReadFile(*std::move(name), *contents);
    }
    return {};
  }

  Snapshot Finish() {
    LayoutSignature signature = Signature();
    // Conflicts name files, which the signature does not cover.
    if (known_.layout.families == nullptr || !known_.layout.conflicts.empty() ||
        signature != known_.layout_signature) {
      known_.layout =
          collect::BuildLayout(known_.index, seen_groups_, signature.cells);
      known_.layout_signature = std::move(signature);
    }
    issues_.insert(issues_.end(), known_.layout.conflicts.begin(),
                   known_.layout.conflicts.end());
    return {known_.layout.families,
            collect::ApplyRules(known_.layout.rules, known_.values),
            std::move(issues_)};
  }

  std::size_t keys_seen() const { return keys_seen_; }

 private:
  void ReadFile(format::MetricFileName name,
                const store::FileContents& contents) {
    const format::Dialect dialect = format::FindDialect(
        contents.bytes, contents.used, collect::NeedsTimestamps(name));
    if (dialect.is_ruby()) name.SplitPart();
    FileKind kind{name.type, name.mode,
                  dialect.is_ruby() && name.type == FamilyType::kHistogram};
    if (kind.type != FamilyType::kGauge) kind.mode = format::GaugeMode::kAll;
    merge_ = collect::MergeOf(kind);
    process_ = ProcessNumber(name.identifier);
    collect::SeriesIndex::KeySet* keys =
        known_.index.FindKeySet(kind, name.identifier);
    std::optional<Issue> issue = collect::WalkFile(
        path_, contents, dialect, [&](const format::Entry& entry) -> Status {
          const Result<std::uint32_t> key =
              known_.index.FindKey(keys, entry.key);
          if (!key.ok()) return key.status();
          Add(*key, entry);
          return {};
        });
    if (issue) issues_.push_back(*std::move(issue));
  }

  void Add(std::uint32_t key_number, const format::Entry& entry) {
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

  void MergeInto(std::uint32_t cell, const format::Entry& entry) {
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
  void MeetKey(const KnownKey& key) {
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
    if (!key.bound_ok) {
      issues_.push_back({IssueKind::kInvalidBound, path_, std::nullopt,
                         "invalid bound: a bucket of family " + family +
                             " has an le that is no number"});
    }
    if (key.had_pid) {
      issues_.push_back({IssueKind::kNameConflict, path_, std::nullopt,
                         "name conflict: label pid of family " + family +
                             " is dropped, the name is the collector's"});
    }
  }

  void MeetHelp(const KnownKey& key, const std::string& family,
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

  bool IsWanted(const collect::Group& group) const {
    if (names_.empty()) return true;
    const auto named = [&](const char* suffix) {
      return names_.contains(group.family + suffix);
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

  void GrowStates() {
    known_.keys.resize(known_.index.keys().size());
    known_.groups.resize(known_.index.groups().size());
    known_.cells.resize(known_.index.cells().size());
    known_.values.resize(known_.index.cells().size());
  }

  // From 1; 0 is nobody.
  std::uint32_t ProcessNumber(const std::string& identifier) {
    return processes_
        .try_emplace(identifier,
                     static_cast<std::uint32_t>(processes_.size() + 1))
        .first->second;
  }

  LayoutSignature Signature() const {
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

  using SeenGroup = collect::SeenGroup;

  const std::uint64_t number_;
  const std::unordered_set<std::string> names_;
  Knowledge& known_;
  std::unordered_map<std::string, std::uint32_t> processes_;
  std::vector<SeenGroup> seen_groups_;
  std::vector<Issue> issues_;
  std::size_t keys_seen_ = 0;

  // Of the file that is being read.
  std::string path_;
  Merge merge_ = Merge::kSum;
  std::uint32_t process_ = 0;
};

}  // namespace

class Collector::Memory {
 public:
  explicit Memory(std::vector<std::string> sources)
      : sources_(std::move(sources)) {}

  Result<Snapshot> Collect(const CollectOptions& options) {
    const std::lock_guard<std::mutex> lock(mutex_);
    // What an exception interrupts is half known.
    Knowledge known = std::exchange(known_, {});
    Scrape scrape(++scrapes_, options, &known);
    for (const std::string& source : sources_) {
      Status status = scrape.Read(source, &reader_);
      if (!status.ok()) {
        known_ = std::move(known);
        return status;
      }
    }
    Snapshot snapshot = scrape.Finish();
    // Unless more than half of it belongs to files that are gone.
    constexpr std::size_t kSlack = 4096;
    if (known.index.keys().size() <= 2 * scrape.keys_seen() + kSlack) {
      known_ = std::move(known);
    }
    return snapshot;
  }

 private:
  std::mutex mutex_;
  const std::vector<std::string> sources_;
  store::MetricFileReader reader_;
  Knowledge known_;
  std::uint64_t scrapes_ = 0;
};

Collector::Collector(std::string directory)
    : Collector(std::vector<std::string>{std::move(directory)}) {}

Collector::Collector(std::vector<std::string> sources)
    : memory_(std::make_unique<Memory>(std::move(sources))) {}

Collector::~Collector() = default;
Collector::Collector(Collector&& other) noexcept = default;
Collector& Collector::operator=(Collector&& other) noexcept = default;

Result<Snapshot> Collector::Collect(const CollectOptions& options) noexcept {
  try {
    return memory_->Collect(options);
  } catch (...) {
    // Nothing else is thrown; the text is short enough to need no memory.
    return Status(StatusKind::kIoError, "out of memory");
  }
}

}  // namespace promshm
