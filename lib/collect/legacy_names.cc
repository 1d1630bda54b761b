#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collect/name_escaping.h"
#include "collect/name_owners.h"
#include "format/legacy_name.h"
#include "promshm/exposition.h"

namespace promshm {
namespace {

using collect::FamilySpelling;
using format::NameKind;

std::string Spelled(const std::string& name, NameKind kind) {
  std::string spelled;
  collect::AppendName(name, kind, Escaping::kUnderscores, &spelled);
  return spelled;
}

FamilySpelling SpellingOf(const MetricFamily& family) {
  FamilySpelling spelling;
  spelling.family = Spelled(family.name, NameKind::kMetric);
  for (const std::string& sample : family.sample_names) {
    spelling.samples.push_back(Spelled(sample, NameKind::kMetric));
  }
  spelling.unescaped =
      spelling.family == family.name && spelling.samples == family.sample_names;
  return spelling;
}

// Spells the names of the family's labels; a series that then has a label
// twice, or the labels of one before it, goes. Returns how many went.
std::size_t SpellLabels(MetricFamily* family) {
  std::vector<Series> kept;
  std::set<std::vector<Label>> seen;
  for (Series& series : family->series) {
    for (Label& label : series.labels) {
      label.name = Spelled(label.name, NameKind::kLabel);
    }
    std::sort(series.labels.begin(), series.labels.end());
    const auto twice = std::adjacent_find(
        series.labels.begin(), series.labels.end(),
        [](const Label& a, const Label& b) { return a.name == b.name; });
    if (twice == series.labels.end() && seen.insert(series.labels).second) {
      kept.push_back(std::move(series));
    }
  }
  const std::size_t gone = family->series.size() - kept.size();
  family->series = std::move(kept);
  return gone;
}

}  // namespace

Snapshot WithLegacyNames(const Snapshot& snapshot, std::vector<Issue>* issues) {
  std::vector<FamilySpelling> spellings;
  bool nothing_to_do = true;
  for (const MetricFamily& family : snapshot.families()) {
    spellings.push_back(SpellingOf(family));
    nothing_to_do = nothing_to_do && spellings.back().unescaped &&
                    collect::LabelNamesAreLegacy(family);
  }
  if (nothing_to_do) return snapshot;
  const collect::NameOwners owners(spellings);
  auto layout = std::make_shared<SnapshotLayout>();
  for (std::size_t i = 0; i < spellings.size(); ++i) {
    MetricFamily family = snapshot.families()[i];
    if (!owners.Admits(i)) {
      issues->push_back(collect::NotAdmitted(family.name, spellings[i]));
      continue;
    }
    const std::size_t gone =
        collect::LabelNamesAreLegacy(family) ? 0 : SpellLabels(&family);
    if (gone > 0) {
      issues->push_back(collect::NameConflict(
          std::to_string(gone) + " series of family " + family.name +
          " have a label twice, or another one's labels, once escaped; left "
          "out"));
    }
    family.name = spellings[i].family;
    family.sample_names = spellings[i].samples;
    layout->families.push_back(std::move(family));
  }
  std::sort(layout->families.begin(), layout->families.end(),
            [](const MetricFamily& a, const MetricFamily& b) {
              return a.name < b.name;
            });
  return snapshot.WithLayout(std::move(layout));
}

}  // namespace promshm
