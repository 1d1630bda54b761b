#include "collect/process_reports.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "collect/entry_list.h"
#include "collect/series_index.h"
#include "format/merged_name.h"
#include "format/metric_file_name.h"
#include "store/directory_listing.h"

namespace promshm::collect {
namespace {

// Purpose: counts the series of files, of those that are alike once.
class SeriesCounter {
 public:
  explicit SeriesCounter(const SeriesIndex* index) : index_(*index) {}

  std::size_t Count(const SharedNumbers& keys) {
    const auto [found, is_new] = counts_.try_emplace(keys.get());
    if (is_new) found->second = CountKeys(*keys);
    return found->second;
  }

 private:
  std::size_t CountKeys(const NumberList& keys) const {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> series;
    series.reserve(keys.size());
    for (const std::uint32_t key : keys) {
      const Cell& cell = index_.cells()[index_.keys()[key].cell];
      if (index_.keys()[key].cell == kNoCell) continue;
      series.emplace_back(cell.group, cell.label_set);
    }
    std::sort(series.begin(), series.end());
    const auto end = std::unique(series.begin(), series.end());
    return static_cast<std::size_t>(end - series.begin());
  }

  const SeriesIndex& index_;
  std::unordered_map<const NumberList*, std::size_t> counts_;
};

FileReport ReportFile(const KnownFile& file) {
  FileReport report;
  report.name = store::BaseName(file.name);
  const auto name = format::MetricFileName::Parse(report.name);
  report.type = name->type;
  if (name->type == FamilyType::kGauge) {
    report.mode = format::ToString(name->mode);
  }
  if (file.entries.keys != nullptr) report.entries = file.entries.keys->size();
  report.bytes = file.end;
  report.is_damaged = file.issue != nullptr;
  report.is_left_out = file.is_left_out;
  return report;
}

// A process, and its number.
using Numbered = std::pair<ProcessReport, std::uint32_t>;

std::vector<Numbered> ReportDirectory(const KnownDirectory& directory,
                                      SeriesCounter* counter) {
  std::vector<Numbered> processes;
  std::unordered_map<std::uint32_t, std::size_t> places;
  for (const KnownFile& file : directory.files()) {
    if (file.process == 0) continue;
    const auto [place, is_new] =
        places.try_emplace(file.process, processes.size());
    if (is_new) {
      ProcessReport& report =
          processes.emplace_back(ProcessReport(), file.process).first;
      report.source = file.source;
      report.identifier = file.identifier;
      report.is_merged = format::MergedNumber(file.identifier).has_value();
    }
    ProcessReport& report = processes[place->second].first;
    if (file.entries.keys != nullptr) {
      report.series += counter->Count(file.entries.keys);
    }
    report.files.push_back(ReportFile(file));
  }
  std::sort(processes.begin(), processes.end(),
            [](const Numbered& a, const Numbered& b) {
              return a.first.identifier < b.first.identifier;
            });
  return processes;
}

}  // namespace

ProcessReports::Reports ProcessReports::Take(Scrape* scrape) {
  const ProcessJudge& judge = scrape->Judge();
  if (AreUpToDate(*scrape, judge)) return reports_;
  auto reports = std::make_shared<std::vector<ProcessReport>>();
  processes_.clear();
  SeriesCounter counter(&scrape->index());
  for (const KnownDirectory& directory : scrape->directories()) {
    for (auto& [report, process] : ReportDirectory(directory, &counter)) {
      const store::Finding finding = judge.Of(process);
      report.liveness = finding.liveness;
      report.evidence = finding.evidence;
      reports->push_back(std::move(report));
      processes_.push_back(process);
    }
  }
  version_ = scrape->version();
  reports_ = std::move(reports);
  return reports_;
}

bool ProcessReports::AreUpToDate(const Scrape& scrape,
                                 const ProcessJudge& judge) const {
  if (reports_ == nullptr || version_ != scrape.version()) return false;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    const store::Finding finding = judge.Of(processes_[i]);
    const ProcessReport& report = (*reports_)[i];
    if (finding.liveness != report.liveness ||
        finding.evidence != report.evidence) {
      return false;
    }
  }
  return true;
}

}  // namespace promshm::collect
