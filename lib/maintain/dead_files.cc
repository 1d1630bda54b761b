#include "maintain/dead_files.h"

#include <string>

#include "format/merged_name.h"

namespace promshm::maintain {
Owner OwnerOf(std::string_view identifier, std::uint64_t pid) {
  const std::string text = std::to_string(pid);
  if (identifier == text) return Owner::kProcess;
  return identifier.starts_with(text) &&
                 format::NumberBehindDash(identifier.substr(text.size()))
             ? Owner::kNumbered
             : Owner::kOther;
}

bool IsLiveGauge(const format::MetricFileName& name) {
  return name.type == FamilyType::kGauge && format::IsLive(name.mode);
}

bool CanBeFolded(const format::MetricFileName& name) {
  return name.type != FamilyType::kGauge ||
         (!format::IsLive(name.mode) && name.mode != GaugeMode::kAll);
}

}  // namespace promshm::maintain
