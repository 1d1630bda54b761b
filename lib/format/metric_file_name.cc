#include "format/metric_file_name.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace promshm::format {
namespace {

constexpr std::string_view kSuffix = ".db";

// In the order of GaugeMode.
constexpr std::array<std::string_view, 10> kModes = {
    "all",     "liveall", "min",     "livemin",    "max",
    "livemax", "sum",     "livesum", "mostrecent", "livemostrecent"};

bool TakePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// Takes "MODE_" off the text.
std::optional<GaugeMode> TakeMode(std::string_view* text) {
  const std::size_t end = text->find('_');
  if (end == std::string_view::npos) return std::nullopt;
  const auto* found =
      std::find(kModes.begin(), kModes.end(), text->substr(0, end));
  if (found == kModes.end()) return std::nullopt;
  text->remove_prefix(end + 1);
  return static_cast<GaugeMode>(found - kModes.begin());
}

}  // namespace

std::string_view ToString(GaugeMode mode) {
  return kModes[static_cast<std::size_t>(mode)];
}

bool IsLive(GaugeMode mode) { return ToString(mode).starts_with("live"); }

bool IsMostRecent(GaugeMode mode) {
  return mode == GaugeMode::kMostRecent || mode == GaugeMode::kLiveMostRecent;
}

std::optional<MetricFileName> MetricFileName::Parse(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  std::string_view rest = name.substr(0, name.size() - kSuffix.size());
  MetricFileName parsed;
  if (TakePrefix("counter_", &rest)) {
    parsed.type = FamilyType::kCounter;
  } else if (TakePrefix("histogram_", &rest)) {
    parsed.type = FamilyType::kHistogram;
  } else if (TakePrefix("summary_", &rest)) {
    parsed.type = FamilyType::kSummary;
  } else if (TakePrefix("gauge_", &rest)) {
    parsed.type = FamilyType::kGauge;
    const std::optional<GaugeMode> mode = TakeMode(&rest);
    if (!mode) return std::nullopt;
    parsed.mode = *mode;
  } else {
    return std::nullopt;
  }
  if (rest.empty()) return std::nullopt;
  parsed.identifier = rest;
  return parsed;
}

void MetricFileName::SplitPart() {
  const std::size_t dash = identifier.rfind('-');
  if (part || dash == std::string::npos || dash == 0 ||
      dash + 1 == identifier.size() ||
      identifier.find_first_not_of("0123456789", dash + 1) !=
          std::string::npos) {
    return;
  }
  part = identifier.substr(dash + 1);
  identifier.resize(dash);
}

std::string MetricFileName::ToString() const {
  std::string name = promshm::ToString(type);
  name += '_';
  if (type == FamilyType::kGauge) {
    name += format::ToString(mode);
    name += '_';
  }
  name += identifier;
  if (part) name += '-' + *part;
  name += kSuffix;
  return name;
}

}  // namespace promshm::format
