#include "collect/family_names.h"

#include <string_view>

namespace promshm::collect {
namespace {

constexpr std::string_view kTotal = "_total";

bool IsTotal(const MetricFamily& family) {
  return family.type == FamilyType::kCounter &&
         TextFamilyName(family).ends_with(kTotal);
}

}  // namespace

std::string TextFamilyName(const MetricFamily& family) {
  if (family.type != FamilyType::kCounter) return family.name;
  if (family.sample_names.size() == 1) return family.sample_names.front();
  if (family.name.ends_with(kTotal)) return family.name;
  return family.name + std::string(kTotal);
}

std::string OpenMetricsFamilyName(const MetricFamily& family) {
  std::string name = TextFamilyName(family);
  if (IsTotal(family)) name.resize(name.size() - kTotal.size());
  return name;
}

std::string OpenMetricsTypeName(const MetricFamily& family) {
  if (family.type == FamilyType::kCounter && !IsTotal(family)) return "unknown";
  return ToString(family.type);
}

}  // namespace promshm::collect
