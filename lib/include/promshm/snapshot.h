#ifndef PROMSHM_SNAPSHOT_H_
#define PROMSHM_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "promshm/export.h"
#include "promshm/issue.h"

namespace promshm {

struct ProcessReport;

namespace collect {
class KeptTexts;
}  // namespace collect

/// What a family counts; the file's name says it.
enum class FamilyType { kCounter, kGauge, kHistogram, kSummary };

/// `counter`, `gauge`, `histogram` or `summary`.
PROMSHM_EXPORT const char* ToString(FamilyType type);

/// One label of a series. Valid UTF-8.
struct Label {
  std::string name;
  std::string value;

  bool operator==(const Label& other) const {
    return name == other.name && value == other.value;
  }
  bool operator<(const Label& other) const {
    return name != other.name ? name < other.name : value < other.value;
  }
};

/// One line of an exposition: which sample of its series, and where its value
/// is in the snapshot.
struct Sample {
  /// Index into MetricFamily::sample_names.
  std::uint32_t name = 0;

  /// For a bucket, the bound as it is printed in the label `le` (`0.5`,
  /// `+Inf`); empty for every other sample.
  std::string le;

  /// Index for Snapshot::value().
  std::uint32_t value = 0;
};

/// One label set of a family, with its samples in the order of an exposition:
/// a histogram's buckets by bound and cumulated, then `_sum`, then `_count`.
struct Series {
  /// Sorted by name, each name once; without a bucket's `le`, with the `pid`
  /// that the modes all and liveall add.
  std::vector<Label> labels;
  std::vector<Sample> samples;
};

/// All series of one name.
struct MetricFamily {
  /// As the application wrote it: a counter's without `_total` when a Python
  /// client wrote it. Any non-empty UTF-8.
  std::string name;

  /// `Multiprocess metric` where the writer's generation stored no help.
  std::string help;

  FamilyType type = FamilyType::kCounter;

  /// A gauge's mode (`all`, `livesum`, ...); empty for other types.
  std::string mode;

  /// The sample names that occur, `x_total` or `x_bucket`.
  std::vector<std::string> sample_names;

  /// Sorted by labels.
  std::vector<Series> series;

  /// Index for Snapshot::processes().
  std::uint32_t processes = 0;
};

/// Everything of a snapshot but its numbers. It changes only when a series
/// comes or goes, so snapshots taken one after the other usually share one.
/// Who makes one fills it before a snapshot shows it, never later.
struct PROMSHM_EXPORT SnapshotLayout {
  SnapshotLayout();
  ~SnapshotLayout();

  /// Sorted by name, each name once; no two series of one sample name have
  /// the same labels.
  std::vector<MetricFamily> families;

  /// What WriteExposition() has made of the families, for the next time. Safe
  /// to use from several threads.
  const std::unique_ptr<collect::KeptTexts> texts;
};

/// Purpose: the sums of a directory at one moment: families, their series,
/// their values, and the issues met on the way. Values are in the unit the
/// application counts in; NaN and infinities are kept as they are.
///
/// A value; owns all it shows. Thread safety: const methods may be called from
/// several threads; anything else needs external locking.
class PROMSHM_EXPORT Snapshot {
 public:
  /// No family, no issue.
  Snapshot();

  /// Made by Collector. `values` holds one number for each sample of `layout`,
  /// `processes` one for each family.
  Snapshot(std::shared_ptr<const SnapshotLayout> layout,
           std::vector<double> values, std::vector<std::uint32_t> processes,
           std::vector<Issue> issues);

  /// The same numbers and issues, shown by another layout, whose samples index
  /// the same values.
  Snapshot WithLayout(std::shared_ptr<const SnapshotLayout> layout) const;

  /// Sorted by name. Valid as long as this snapshot or a copy of it lives.
  const std::vector<MetricFamily>& families() const {
    return layout_->families;
  }

  /// Where families() stand. Valid as long as they are.
  const SnapshotLayout& layout() const { return *layout_; }

  /// What Sample::value is an index of.
  const std::vector<double>& values() const { return values_; }

  /// The value of a sample that families() gave.
  double value(const Sample& sample) const { return values_[sample.value]; }

  /// How many process identifiers hold entries of a family that families()
  /// gave. One that occurs in two sources is two processes.
  std::uint32_t processes(const MetricFamily& family) const {
    return processes_[family.processes];
  }

  /// In the order of the files' names, then conflicts between families.
  const std::vector<Issue>& issues() const { return issues_; }

  /// Who wrote what (process_report.h), in the order of sources and
  /// identifiers; empty unless CollectOptions::with_processes.
  const std::vector<ProcessReport>& process_reports() const {
    return *process_reports_;
  }

  void SetProcessReports(
      std::shared_ptr<const std::vector<ProcessReport>> reports) {
    process_reports_ = std::move(reports);
  }

 private:
  std::shared_ptr<const SnapshotLayout> layout_;
  std::vector<double> values_;
  std::vector<std::uint32_t> processes_;
  std::vector<Issue> issues_;
  std::shared_ptr<const std::vector<ProcessReport>> process_reports_;
};

}  // namespace promshm

#endif  // PROMSHM_SNAPSHOT_H_
