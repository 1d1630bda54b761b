#ifndef PROMSHM_ENTRIES_H_
#define PROMSHM_ENTRIES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/export.h"
#include "promshm/issue.h"
#include "promshm/status.h"

namespace promshm {

/// One entry of a metric file, as it stands there.
struct FileEntry {
  /// The file: the source that was read, joined with the file's name where the
  /// source is a directory.
  std::string_view path;

  /// Byte in the file at which the entry begins.
  std::uint64_t offset = 0;

  /// JSON text.
  std::string_view key;

  double value = 0;

  /// Unix seconds of the last set(); 0 where never set. Absent in files of
  /// clients that store none.
  std::optional<double> timestamp;
};

/// Calls `visit` for every entry of `source`, a directory or one file, in the
/// order of the files' names and of the entries in them. The views in the
/// entry are valid during the call only.
///
/// Returns the issues met: entries before the damage of a file are visited,
/// the rest of it is not. Fails when `source` does not exist or may not be
/// read, or is a directory that has been locked for two seconds. An exception
/// that `visit` throws passes through; nothing else is thrown.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Result<std::vector<Issue>> ReadEntries(
    const std::string& source,
    const std::function<void(const FileEntry&)>& visit);

}  // namespace promshm

#endif  // PROMSHM_ENTRIES_H_
