#include "tools/serve/metrics/own_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstddef>

#include "promshm/issue.h"
#include "promshm/process_report.h"
#include "promshm/version.h"

namespace promshm::tools {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Registry;

bool IsConflict(const Issue& issue) {
  switch (issue.kind) {
    case IssueKind::kTypeConflict:
    case IssueKind::kModeConflict:
    case IssueKind::kHelpConflict:
    case IssueKind::kNameConflict:
      return true;
    default:
      return false;
  }
}

// Purpose: one scrape's families of the directories. A family without a
// directory is not there.
//
// Lifetime: keeps a view of the registry, which must outlive it. Thread safety:
// needs external locking.
class DirectoryFamilies {
 public:
  explicit DirectoryFamilies(Registry* registry) : registry_(*registry) {}

  void Add(const ObservedDirectory& directory) {
    name_ = directory.name;
    if (directory.snapshot.ok()) AddContents(*directory.snapshot);
    AddFileSystem(directory.path);
  }

  void AddCompactions(std::uint64_t done, std::uint64_t failed,
                      std::uint64_t files) {
    Count("promshm_compactions_total",
          "Clean-ups of the directory by this exporter that went well.", done);
    Count("promshm_compaction_failures_total",
          "Clean-ups of the directory by this exporter that failed.", failed);
    Count("promshm_compacted_files_total",
          "Files of dead processes that this exporter has folded into one.",
          files);
  }

 private:
  void AddContents(const Snapshot& snapshot) {
    std::size_t files = 0;
    std::size_t entries = 0;
    std::size_t damaged = 0;
    std::uint64_t bytes = 0;
    std::map<Liveness, std::size_t> processes;
    for (const ProcessReport& report : snapshot.process_reports()) {
      if (!report.is_merged) ++processes[report.liveness];
      files += report.files.size();
      for (const FileReport& file : report.files) {
        entries += file.entries;
        bytes += file.bytes;
        if (file.is_damaged) ++damaged;
      }
    }
    std::size_t series = 0;
    for (const MetricFamily& family : snapshot.families()) {
      series += family.series.size();
    }
    const auto conflicts = std::count_if(snapshot.issues().begin(),
                                         snapshot.issues().end(), IsConflict);
    Set("promshm_files", "Metric files in the directory.", files);
    Set("promshm_entries", "Values in the directory's metric files.", entries);
    Set("promshm_series",
        "Label sets of the families that the directory's files give; a "
        "histogram's buckets are one.",
        series);
    for (const Liveness state :
         {Liveness::kAlive, Liveness::kDead, Liveness::kUnknown}) {
      Set("promshm_processes",
          "Processes that have files in the directory, by whether they live.",
          processes[state], {{"state", ToString(state)}});
    }
    Set("promshm_damaged_files",
        "Metric files of which a part could not be read.", damaged);
    Set("promshm_conflicts",
        "Disagreements between files about a family's type, mode, help or "
        "name.",
        conflicts);
    Set("promshm_file_bytes",
        "Bytes in use in the directory's metric files, up to their last "
        "entries.",
        bytes);
  }

  void AddFileSystem(const std::string& path) {
    struct statvfs info {};
    if (statvfs(path.c_str(), &info) != 0) return;
    const auto block = static_cast<double>(info.f_frsize);
    Set("promshm_filesystem_size_bytes",
        "Size of the file system that the directory is on.",
        static_cast<double>(info.f_blocks) * block);
    Set("promshm_filesystem_avail_bytes",
        "Space that is left to users other than root on the file system that "
        "the directory is on.",
        static_cast<double>(info.f_bavail) * block);
    Set("promshm_filesystem_files_free",
        "Files (inodes) that are left on the file system that the directory is "
        "on.",
        info.f_ffree);
  }

  template <typename Number>
  void Set(const char* family, const char* help, Number value,
           std::map<std::string, std::string> labels = {}) {
    labels["directory"] = name_;
    BuildGauge().Name(family).Help(help).Register(registry_).Add(labels).Set(
        static_cast<double>(value));
  }

  void Count(const char* family, const char* help, std::uint64_t value) {
    BuildCounter()
        .Name(family)
        .Help(help)
        .Register(registry_)
        .Add({{"directory", name_}})
        .Increment(static_cast<double>(value));
  }

  Registry& registry_;
  std::string name_;
};

}  // namespace

void OwnMetrics::CountCompaction(const std::string& directory,
                                 std::uint64_t files) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Compactions& compactions = compactions_[directory];
  ++compactions.done;
  compactions.files += files;
}

void OwnMetrics::CountFailedCompaction(const std::string& directory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++compactions_[directory].failed;
}

OwnMetrics::Compactions OwnMetrics::CompactionsOf(
    const std::string& directory) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = compactions_.find(directory);
  return found == compactions_.end() ? Compactions{} : found->second;
}

// The registry is the scrape's own: directories come and go, and of two scrapes
// at a time neither sees the other's.
std::vector<prometheus::MetricFamily> OwnMetrics::Collect(
    const std::vector<ObservedDirectory>& directories,
    std::chrono::duration<double> duration) const {
  Registry registry;
  BuildGauge()
      .Name("promshm_build_info")
      .Help("1, with the version of promshm-serve as a label.")
      .Register(registry)
      .Add({{"version", PROMSHM_VERSION}})
      .Set(1);
  BuildGauge()
      .Name("promshm_scrape_duration_seconds")
      .Help("How long it took to collect what this scrape shows.")
      .Register(registry)
      .Add({})
      .Set(duration.count());
  DirectoryFamilies families(&registry);
  for (const ObservedDirectory& directory : directories) {
    families.Add(directory);
    const Compactions compactions = CompactionsOf(directory.name);
    families.AddCompactions(compactions.done, compactions.failed,
                            compactions.files);
  }
  return registry.Collect();
}

}  // namespace promshm::tools
