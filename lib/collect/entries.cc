#include "promshm/entries.h"

#include <cstddef>
#include <utility>

#include "format/metric_key.h"
#include "store/directory_listing.h"
#include "store/file_walk.h"
#include "store/metric_directory.h"

namespace promshm {
namespace {

Status VisitEntry(const format::Entry& entry, const format::Dialect& dialect,
                  const std::string& path,
                  const std::function<void(const FileEntry&)>& visit) {
  const Result<format::MetricKey> key = format::MetricKey::Parse(entry.key);
  if (!key.ok()) return key.status();
  FileEntry seen;
  seen.path = path;
  seen.offset = entry.offset;
  seen.key = entry.key;
  seen.value = entry.value;
  if (dialect.has_timestamps()) seen.timestamp = entry.timestamp;
  visit(seen);
  return {};
}

}  // namespace

Result<std::vector<Issue>> ReadEntries(
    const std::string& source,
    const std::function<void(const FileEntry&)>& visit) {
  Result<store::MetricDirectory> opened =
      store::MetricDirectory::OpenSource(source);
  if (!opened.ok()) return opened.status();
  std::vector<Issue> issues;
  store::MetricFileReader reader;
  for (std::size_t file = 0; file < opened->size(); ++file) {
    const std::string path = opened->path(file);
    const auto name =
        format::MetricFileName::Parse(store::BaseName(opened->name(file)));
    if (!name) {
      issues.push_back(store::NotMetricFile(path));
      continue;
    }
    const Result<store::FileContents> contents = opened->Read(file, &reader);
    if (!contents.ok()) return contents.status();
    const format::Dialect dialect = format::FindDialect(
        contents->bytes, contents->used, store::NeedsTimestamps(*name));
    std::optional<Issue> issue = store::WalkFile(
        path, *contents, dialect, [&](const format::Entry& entry) {
          return VisitEntry(entry, dialect, path, visit);
        });
    if (issue) issues.push_back(*std::move(issue));
  }
  return issues;
}

}  // namespace promshm
