#include "maintain/dead_files.h"

#include <charconv>

namespace promshm::maintain {
namespace {

constexpr std::string_view kMerged = "promshm";

// Of "-N"; none of anything else.
std::optional<std::uint64_t> NumberBehind(std::string_view rest) {
  if (rest.size() < 2 || rest.front() != '-') return std::nullopt;
  std::uint64_t number = 0;
  const char* end = rest.data() + rest.size();
  const auto read = std::from_chars(rest.data() + 1, end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

Owner OwnerOf(std::string_view identifier, std::uint64_t pid) {
  const std::string text = std::to_string(pid);
  if (identifier == text) return Owner::kProcess;
  return identifier.starts_with(text) &&
                 NumberBehind(identifier.substr(text.size()))
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

std::optional<std::uint64_t> MergedNumber(std::string_view identifier) {
  if (identifier == kMerged) return 1;
  if (!identifier.starts_with(kMerged)) return std::nullopt;
  return NumberBehind(identifier.substr(kMerged.size()));
}

std::string MergedIdentifier(std::uint64_t number) {
  std::string identifier(kMerged);
  if (number > 1) identifier += '-' + std::to_string(number);
  return identifier;
}

}  // namespace promshm::maintain
