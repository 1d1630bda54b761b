#ifndef PROMSHM_STORE_FILE_WALK_H_
#define PROMSHM_STORE_FILE_WALK_H_

#include <optional>
#include <string>
#include <utility>

#include "format/dialect.h"
#include "format/entry_cursor.h"
#include "format/metric_file_name.h"
#include "promshm/issue.h"
#include "promshm/status.h"
#include "store/directory_listing.h"
#include "store/merge_directory.h"
#include "store/metric_file_reader.h"

namespace promshm::store {

inline bool NeedsTimestamps(const format::MetricFileName& name) {
  return name.type == FamilyType::kGauge && format::IsMostRecent(name.mode);
}

inline Issue DamagedFile(const std::string& path,
                         const format::Damage& damage) {
  return {IssueKind::kDamaged, path, damage.offset,
          "damaged: " + damage.reason};
}

// Calls `visit(entry)` for the entries of a file in their order, until one is
// damaged: by its frame, or because `visit` returns a failure, whose message
// is the reason. Returns what is wrong with the file, if anything is.
template <typename Visit>
std::optional<Issue> WalkFile(const std::string& path,
                              const FileContents& contents,
                              const format::Dialect& dialect, Visit visit) {
  if (contents.issue) return contents.issue;
  format::EntryCursor cursor(contents.bytes, contents.used, dialect.value_size);
  format::Entry entry;
  while (cursor.Next(&entry)) {
    Status status = visit(entry);
    if (!status.ok()) cursor.Reject(entry, status.message());
  }
  if (!cursor.damaged()) return std::nullopt;
  return DamagedFile(path, cursor.damage());
}

// Of what is listed, and has not the name of a metric file.
inline Issue NotMetricFile(const std::string& path) {
  if (BaseName(path) == kMergeName) {
    return {IssueKind::kUnfinishedMerge, path, std::nullopt,
            "unfinished merge: read as if it had not been begun, or finished"};
  }
  return {IssueKind::kNotMetricFile, path, std::nullopt,
          "not a metric file: the name is no KIND_IDENTIFIER.db"};
}

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FILE_WALK_H_
