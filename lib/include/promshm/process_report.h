#ifndef PROMSHM_PROCESS_REPORT_H_
#define PROMSHM_PROCESS_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "promshm/liveness.h"
#include "promshm/snapshot.h"

namespace promshm {

/// A metric file, as the collection found it.
struct FileReport {
  std::string name;  ///< In its directory.
  FamilyType type = FamilyType::kCounter;
  std::string mode;  ///< A gauge's; empty for other types.
  std::size_t entries = 0;

  /// Up to the end of its last entry, in bytes. On the disk it mostly takes
  /// more.
  std::uint64_t bytes = 0;

  bool is_damaged = false;   ///< The issues say how.
  bool is_left_out = false;  ///< Live gauges of the dead, where asked for.
};

/// Purpose: a process that left files in a directory: who it is, whether it is
/// still there and what shows that, and what it holds.
///
/// A value.
struct ProcessReport {
  /// Index of the directory in CollectorOptions::sources.
  std::size_t source = 0;

  /// As it stands in the names of its files: a process ID of the writer's PID
  /// namespace, unless the application chose another.
  std::string identifier;

  /// True for what a cleaner folded the files of dead processes into; it is no
  /// process then, and liveness says nothing.
  bool is_merged = false;

  Liveness liveness = Liveness::kUnknown;
  Evidence evidence = Evidence::kOtherProcesses;

  /// How many label sets of families it has entries of. A histogram's buckets
  /// are one.
  std::size_t series = 0;

  std::vector<FileReport> files;  ///< In the order of their names.
};

}  // namespace promshm

#endif  // PROMSHM_PROCESS_REPORT_H_
