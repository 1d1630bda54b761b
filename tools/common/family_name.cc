#include "tools/common/family_name.h"

namespace promshm::tools {

std::string KnownName(const MetricFamily& family) {
  const bool counter =
      family.type == FamilyType::kCounter && family.sample_names.size() == 1;
  return counter ? family.sample_names.front() : family.name;
}

}  // namespace promshm::tools
