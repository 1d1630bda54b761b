#include "collect/key_rules.h"

#include <algorithm>

#include "collect/name_escaping.h"
#include "format/name_pattern.h"

namespace promshm::collect {
namespace {

std::vector<std::string_view> SuffixesOf(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return {"", "_total"};
    case FamilyType::kHistogram:
      return {"", "_bucket", "_sum", "_count"};
    case FamilyType::kSummary:
      return {"", "_sum", "_count"};
    case FamilyType::kGauge:
      break;
  }
  return {""};
}

}  // namespace

bool HasName(std::string_view family, FamilyType type,
             const std::function<bool(const std::string&)>& is_wanted) {
  std::string escaped;
  AppendName(family, format::NameKind::kMetric, Escaping::kUnderscores,
             &escaped);
  for (const std::string_view suffix : SuffixesOf(type)) {
    const std::string end(suffix);
    if (is_wanted(std::string(family) + end) || is_wanted(escaped + end)) {
      return true;
    }
  }
  return false;
}

bool KeyRules::IsKept(std::string_view family, FamilyType type) const {
  const auto matches = [&](const std::vector<std::string>& patterns) {
    return HasName(family, type, [&](const std::string& name) {
      return std::any_of(patterns.begin(), patterns.end(),
                         [&](const std::string& pattern) {
                           return format::MatchesPattern(
                               pattern, name, format::LetterCase::kCounts);
                         });
    });
  };
  return (keep_.empty() || matches(keep_)) &&
         (drop_.empty() || !matches(drop_));
}

// Without the label that keeps processes apart, they are added up.
GaugeMode KeyRules::ModeOf(std::string_view family, GaugeMode mode) const {
  const auto found = modes_.find(std::string(family));
  if (found != modes_.end()) mode = found->second;
  const bool is_all = mode == GaugeMode::kAll || mode == GaugeMode::kLiveAll;
  return is_all && IsDropped(kPidLabel) ? GaugeMode::kSum : mode;
}

bool KeyRules::IsDropped(std::string_view label) const {
  return std::find(dropped_labels_.begin(), dropped_labels_.end(), label) !=
         dropped_labels_.end();
}

}  // namespace promshm::collect
