#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/metric_file_name.h"
#include "promshm/maintain.h"
#include "store/locked_directory.h"
#include "store/multiprocess_directory.h"

namespace promshm {
namespace {

enum class Owner {
  kOther,
  kProcess,  // the process, as its ID says
  kNumbered  // the ID and `-2` or so: the process, or one of that ID elsewhere
};

Owner OwnerOf(const std::string& name, const std::string& pid) {
  const std::optional<format::MetricFileName> file =
      format::MetricFileName::Parse(name);
  if (!file || file->type != FamilyType::kGauge ||
      !format::IsLive(file->mode) || !file->identifier.starts_with(pid)) {
    return Owner::kOther;
  }
  std::string_view rest = file->identifier;
  rest.remove_prefix(pid.size());
  if (rest.empty()) return Owner::kProcess;
  const bool is_numbered =
      rest.size() > 1 && rest.front() == '-' &&
      rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
  return is_numbered ? Owner::kNumbered : Owner::kOther;
}

Status RemoveLiveGauges(const std::string& pid, const std::string& directory) {
  const auto locked = store::LockedDirectory::Open(directory);
  if (!locked.ok()) return locked.status();
  const auto names = locked->List();
  if (!names.ok()) return names.status();
  Status status;
  for (const std::string& name : *names) {
    const Owner owner = OwnerOf(name, pid);
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
  return RemoveLiveGauges(std::to_string(pid), path);
}

}  // namespace promshm
