#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "format/metric_file_name.h"
#include "maintain/merged_files.h"
#include "promshm/maintain.h"
#include "store/directory_listing.h"
#include "store/file_walk.h"
#include "store/hidden_file.h"
#include "store/metric_directory.h"
#include "store/metric_file_reader.h"
#include "store/new_directory.h"

namespace promshm {
namespace {

using maintain::MergedFiles;

Status AddSource(const std::string& source, MergedFiles* merged,
                 CleaningReport* report) {
  Result<store::MetricDirectory> opened = store::MetricDirectory::Open(source);
  if (!opened.ok()) return opened.status();
  store::MetricFileReader reader;
  for (std::size_t i = 0; i < opened->size(); ++i) {
    const std::string path = opened->path(i);
    const auto name =
        format::MetricFileName::Parse(store::BaseName(opened->name(i)));
    if (!name) {
      report->issues.push_back(store::NotMetricFile(path));
      continue;
    }
    const Result<store::FileContents> contents = opened->Read(i, &reader);
    if (!contents.ok()) return contents.status();
    if (contents->issue) report->issues.push_back(*contents->issue);
    const maintain::Fold::Added added = merged->Add(*name, *contents);
    ++report->folded.files;
    report->folded.bytes += store::WholePages(contents->used);
    report->folded.entries += added.entries;
    if (!contents->issue && !added.is_whole) {
      report->issues.push_back({IssueKind::kDamaged, path, std::nullopt,
                                "damaged: what can be read is merged"});
    }
  }
  return {};
}

Result<CleaningReport> Merge(const std::vector<std::string>& sources,
                             std::vector<MergedFiles::File>* files) {
  MergedFiles merged(/*with_living=*/false);
  CleaningReport report;
  for (const std::string& source : sources) {
    Status status = AddSource(source, &merged, &report);
    if (!status.ok()) return status;
  }
  auto made = merged.Finish(maintain::Generation::kCurrent);
  if (!made.ok()) return made.status();
  for (const MergedFiles::File& file : *made) {
    ++report.made.files;
    report.made.bytes += store::WholePages(file.bytes.size());
    report.made.entries += file.entries;
    report.made.series += file.series;
  }
  report.folded.series = report.made.series;
  *files = *std::move(made);
  return report;
}

}  // namespace

Result<CleaningReport> MergeInto(const std::string& directory,
                                 const std::vector<std::string>& sources) {
  std::vector<MergedFiles::File> files;
  Result<CleaningReport> report = Merge(sources, &files);
  if (!report.ok()) return report;
  Result<store::NewDirectory> made = store::NewDirectory::Make(directory);
  if (!made.ok()) return made.status();
  for (const MergedFiles::File& file : files) {
    Status status = made->Write(file.name.ToString(), file.bytes);
    if (!status.ok()) return status;
  }
  Status status = made->Publish();
  if (!status.ok()) return status;
  return report;
}

Result<CleaningReport> RehearseMergeInto(
    const std::vector<std::string>& sources) {
  std::vector<MergedFiles::File> files;
  return Merge(sources, &files);
}

}  // namespace promshm
