#include "promshm/snapshot.h"

#include "collect/kept_texts.h"
#include "promshm/process_report.h"

namespace promshm {

namespace {

std::shared_ptr<const std::vector<ProcessReport>> NoReports() {
  static const auto none = std::make_shared<const std::vector<ProcessReport>>();
  return none;
}

}  // namespace

const char* ToString(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      return "histogram";
    case FamilyType::kSummary:
      return "summary";
  }
  return "unknown";
}

SnapshotLayout::SnapshotLayout()
    : texts(std::make_unique<collect::KeptTexts>(families)) {}

SnapshotLayout::~SnapshotLayout() = default;

Snapshot::Snapshot()
    : layout_(std::make_shared<SnapshotLayout>()),
      process_reports_(NoReports()) {}

Snapshot::Snapshot(std::shared_ptr<const SnapshotLayout> layout,
                   std::vector<double> values,
                   std::vector<std::uint32_t> processes,
                   std::vector<Issue> issues)
    : layout_(std::move(layout)),
      values_(std::move(values)),
      processes_(std::move(processes)),
      issues_(std::move(issues)),
      process_reports_(NoReports()) {}

Snapshot Snapshot::WithLayout(
    std::shared_ptr<const SnapshotLayout> layout) const {
  Snapshot snapshot(std::move(layout), values_, processes_, issues_);
  snapshot.SetProcessReports(process_reports_);
  return snapshot;
}

}  // namespace promshm
