#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "format/metric_file_name.h"
#include "maintain/dead_files.h"
#include "promshm/maintain.h"
#include "store/locked_directory.h"
#include "store/multiprocess_directory.h"

namespace promshm {
namespace {

using maintain::IsLiveGauge;
using maintain::Owner;
using maintain::OwnerOf;

Owner OwnerOfLiveGauge(const std::string& name, std::uint64_t pid) {
  const auto file = format::MetricFileName::Parse(name);
  return file && IsLiveGauge(*file) ? OwnerOf(file->identifier, pid)
                                    : Owner::kOther;
}

Status RemoveLiveGauges(std::uint64_t pid, const std::string& directory) {
  const auto locked = store::LockedDirectory::Open(directory);
  if (!locked.ok()) return locked.status();
  const auto names = locked->List();
  if (!names.ok()) return names.status();
  Status status;
  for (const std::string& name : *names) {
    const Owner owner = OwnerOfLiveGauge(name, pid);
    if (owner == Owner::kOther) continue;
    const store::Writers writers = locked->WritersOf(name);
    const bool is_dead =
        writers == store::Writers::kNone ||
        (writers == store::Writers::kUnknown && owner == Owner::kProcess);
    if (!is_dead) continue;
    Status removed = locked->Remove(name);
    if (!removed.ok()) status = std::move(removed);
  }
  return status;
}

}  // namespace

Status MarkProcessDead(std::uint64_t pid, const std::string& directory) {
  const std::string path = store::MultiprocessDirectory(directory);
  if (path.empty()) {
    return {StatusKind::kInvalidArgument, "PROMETHEUS_MULTIPROC_DIR: not set"};
  }
  return RemoveLiveGauges(pid, path);
}

}  // namespace promshm
