#include "collect/layout_builder.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "collect/cell_order.h"
#include "collect/family_names.h"
#include "format/number_text.h"

namespace promshm::collect {
namespace {

using Kind = ValueRule::Kind;

// A family with its rules, in the order of its samples.
struct Draft {
  MetricFamily family;
  std::vector<ValueRule> rules;
  const SeenGroup* seen = nullptr;
};

std::string BoundText(double bound) {
  std::string text;
  format::AppendNumber(bound, &text);
  return text;
}

class DraftWriter {
 public:
  DraftWriter(const SeriesIndex& index, Draft* draft)
      : index_(index),
        cells_(index.cells()),
        cumulated_(index.groups()[draft->seen->group].kind.cumulated),
        bucket_(draft->family.name + "_bucket"),
        count_(draft->family.name + "_count"),
        draft_(draft) {}

  // `begin` to `end` are the cells of one series.
  void WriteSeries(const std::uint32_t* begin, const std::uint32_t* end) {
    MetricFamily& family = draft_->family;
    family.series.push_back({index_.LabelSet(cells_[*begin].label_set), {}});
    constexpr std::size_t kMore = 2;  // that are not stored
    family.series.back().samples.reserve(
        static_cast<std::size_t>(end - begin) +
        (family.type == FamilyType::kHistogram ? kMore : 0));
    if (family.type == FamilyType::kHistogram) {
      WriteHistogram(begin, end);
      return;
    }
    for (const std::uint32_t* cell = begin; cell != end; ++cell) {
      Append(NameOf(*cell), {}, {Kind::kCopy, *cell});
    }
  }

 private:
  std::string_view NameOf(std::uint32_t cell) const {
    return index_.Name(cells_[cell].sample);
  }

  void WriteHistogram(const std::uint32_t* begin, const std::uint32_t* end) {
    const std::uint32_t* rest = begin;
    while (rest != end && cells_[*rest].bound) ++rest;
    const std::uint32_t* stored = std::find_if(
        rest, end, [&](std::uint32_t cell) { return NameOf(cell) == count_; });
    // What was counted: the cumulated buckets, unless the file counts itself.
    const ValueRule total = cumulated_ && stored != end
                                ? ValueRule{Kind::kCopy, *stored}
                                : ValueRule{Kind::kTotal, 0};
    for (const std::uint32_t* cell = begin; cell != rest; ++cell) {
      const bool first = cumulated_ || cell == begin;
      Append(bucket_, BoundText(*cells_[*cell].bound),
             {first ? Kind::kFirstBucket : Kind::kNextBucket, *cell});
    }
    // A worker that is just registering, or a file cut short, has not all
    // buckets; an exposition without the last one is refused as a whole.
    if (rest == begin) {
      Append(bucket_, BoundText(HUGE_VAL),
             total.kind == Kind::kCopy ? total : ValueRule{Kind::kZero, 0});
    } else if (!std::isinf(*cells_[rest[-1]].bound) ||
               *cells_[rest[-1]].bound < 0) {
      Append(bucket_, BoundText(HUGE_VAL), total);
    }
    for (const std::uint32_t* cell = rest; cell != end; ++cell) {
      if (NameOf(*cell) != count_) {
        Append(NameOf(*cell), {}, {Kind::kCopy, *cell});
      }
    }
    Append(count_, {}, total);
  }

  void Append(std::string_view name, std::string le, ValueRule rule) {
    std::vector<std::string>& names = draft_->family.sample_names;
    const auto found = std::find(names.begin(), names.end(), name);
    Sample sample;
    sample.name = static_cast<std::uint32_t>(found - names.begin());
    sample.le = std::move(le);
    if (found == names.end()) names.emplace_back(name);
    draft_->family.series.back().samples.push_back(std::move(sample));
    draft_->rules.push_back(rule);
  }

  const SeriesIndex& index_;
  const std::vector<Cell>& cells_;
  const bool cumulated_;
  const std::string bucket_;
  const std::string count_;
  Draft* draft_;
};

Draft DraftFamily(const SeriesIndex& index, const SeenGroup& seen,
                  std::vector<std::uint32_t>* places,
                  std::vector<std::uint32_t> cells) {
  const Group& group = index.groups()[seen.group];
  Draft draft;
  draft.seen = &seen;
  draft.family.name = group.family;
  draft.family.help = seen.help;
  draft.family.type = group.kind.type;
  if (group.kind.type == FamilyType::kGauge) {
    draft.family.mode = format::ToString(group.kind.mode);
  }
  SortCells(index, places, &cells);
  draft.rules.reserve(cells.size());
  const std::vector<Cell>& all = index.cells();
  DraftWriter writer(index, &draft);
  for (std::size_t begin = 0; begin < cells.size();) {
    std::size_t end = begin + 1;
    while (end < cells.size() &&
           all[cells[end]].label_set == all[cells[begin]].label_set) {
      ++end;
    }
    writer.WriteSeries(cells.data() + begin, cells.data() + end);
    begin = end;
  }
  return draft;
}

// Decides which families may stand beside each other.
class NameClaims {
 public:
  explicit NameClaims(const SeriesIndex& index) : index_(index) {}

  // Claims the names of the family, or says who has one of them already.
  std::optional<Issue> Claim(const Draft& draft) {
    std::vector<std::string> names = draft.family.sample_names;
    names.push_back(TextFamilyName(draft.family));
    names.push_back(OpenMetricsFamilyName(draft.family));
    for (const std::string& name : names) {
      const auto owner = owners_.find(name);
      if (owner != owners_.end()) {
        return Conflict(draft, *owner->second, name);
      }
    }
    for (std::string& name : names) {
      owners_.emplace(std::move(name), draft.seen);
    }
    return std::nullopt;
  }

 private:
  Issue Conflict(const Draft& draft, const SeenGroup& kept,
                 const std::string& name) const {
    const Group& first = index_.groups()[kept.group];
    const Group& second = index_.groups()[draft.seen->group];
    Issue issue;
    const auto [path, other_path] = ConflictingFiles(*draft.seen, kept);
    issue.path = *path;
    issue.other_path = *other_path;
    const std::string where = " in " + issue.other_path + "; left out here";
    if (first.family != second.family) {
      issue.kind = IssueKind::kNameConflict;
      issue.message = "name conflict: " + name + " of family " + second.family +
                      " belongs to family " + first.family + where;
    } else if (first.kind.type != second.kind.type) {
      issue.kind = IssueKind::kTypeConflict;
      issue.message = "type conflict: family " + second.family + " is a " +
                      ToString(second.kind.type) + ", but a " +
                      ToString(first.kind.type) + where;
    } else {
      issue.kind = IssueKind::kModeConflict;
      issue.message = "mode conflict: family " + second.family + " is " +
                      ModeText(second.kind) + ", but " + ModeText(first.kind) +
                      where;
    }
    return issue;
  }

  using Path = std::shared_ptr<const std::string>;

  // Of two sources if one of them would keep what is left out, as it has
  // nothing of what is kept; else of one, which is at odds with itself.
  static std::pair<Path, Path> ConflictingFiles(const SeenGroup& left_out,
                                                const SeenGroup& kept) {
    for (const SourceFile& file : left_out.files) {
      if (FileOf(kept, file.source) == nullptr) {
        return {file.path, kept.files.front().path};
      }
    }
    const SourceFile& file = left_out.files.front();
    return {file.path, FileOf(kept, file.source)->path};
  }

  static const SourceFile* FileOf(const SeenGroup& seen, std::size_t source) {
    const auto file = std::lower_bound(
        seen.files.begin(), seen.files.end(), source,
        [](const SourceFile& a, std::size_t b) { return a.source < b; });
    return file != seen.files.end() && file->source == source ? &*file
                                                              : nullptr;
  }

  static std::string ModeText(const FileKind& kind) {
    if (kind.type == FamilyType::kGauge) {
      return "of mode " + std::string(format::ToString(kind.mode));
    }
    return kind.cumulated ? "cumulated" : "not cumulated";
  }

  const SeriesIndex& index_;
  std::unordered_map<std::string, const SeenGroup*> owners_;
};

Layout Assemble(std::vector<Draft> drafts) {
  std::sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) {
    return a.family.name < b.family.name;
  });
  Layout layout;
  auto families = std::make_shared<SnapshotLayout>();
  std::uint32_t next = 0;
  for (Draft& draft : drafts) {
    for (Series& series : draft.family.series) {
      for (Sample& sample : series.samples) sample.value = next++;
    }
    layout.rules.insert(layout.rules.end(), draft.rules.begin(),
                        draft.rules.end());
    draft.family.processes = static_cast<std::uint32_t>(layout.groups.size());
    layout.groups.push_back(draft.seen->group);
    families->families.push_back(std::move(draft.family));
  }
  layout.families = std::move(families);
  return layout;
}

}  // namespace

Layout BuildLayout(const SeriesIndex& index,
                   const std::vector<SeenGroup>& groups,
                   const std::vector<std::uint32_t>& cells) {
  std::vector<std::vector<std::uint32_t>> cells_of(index.groups().size());
  for (const std::uint32_t cell : cells) {
    cells_of[index.cells()[cell].group].push_back(cell);
  }
  std::vector<std::uint32_t> places(index.label_sets());
  NameClaims claims(index);
  std::vector<Draft> drafts;
  std::vector<Issue> conflicts;
  for (const SeenGroup& seen : groups) {
    Draft draft =
        DraftFamily(index, seen, &places, std::move(cells_of[seen.group]));
    std::optional<Issue> conflict = claims.Claim(draft);
    if (conflict) {
      conflicts.push_back(*std::move(conflict));
    } else {
      drafts.push_back(std::move(draft));
    }
  }
  Layout layout = Assemble(std::move(drafts));
  layout.conflicts = std::move(conflicts);
  return layout;
}

std::vector<double> ApplyRules(const std::vector<ValueRule>& rules,
                               const std::vector<double>& values) {
  std::vector<double> result;
  result.reserve(rules.size());
  double buckets = 0;
  for (const ValueRule& rule : rules) {
    switch (rule.kind) {
      case Kind::kCopy:
        result.push_back(values[rule.cell]);
        continue;
      case Kind::kZero:
        buckets = 0;
        break;
      case Kind::kFirstBucket:
        buckets = values[rule.cell];
        break;
      case Kind::kNextBucket:
        buckets += values[rule.cell];
        break;
      case Kind::kTotal:
        break;
    }
    result.push_back(buckets);
  }
  return result;
}

}  // namespace promshm::collect
