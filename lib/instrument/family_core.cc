#include "instrument/family_core.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "format/legacy_name.h"
#include "format/metric_key.h"
#include "format/number_text.h"
#include "format/utf8.h"

namespace promshm::instrument {
namespace {

using format::NameKind;

constexpr std::string_view kReserved = "__";

[[noreturn]] void Refuse(const std::string& name, const char* why) {
  throw std::invalid_argument(name + ": " + why);
}

std::string WithoutSuffix(std::string name, std::string_view suffix) {
  if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  return name;
}

FamilyType TypeOf(InstrumentKind kind) {
  switch (kind) {
    case InstrumentKind::kCounter:
      return FamilyType::kCounter;
    case InstrumentKind::kHistogram:
      return FamilyType::kHistogram;
    case InstrumentKind::kSummary:
      return FamilyType::kSummary;
    case InstrumentKind::kGauge:
    case InstrumentKind::kInfo:
      break;
  }
  return FamilyType::kGauge;
}

std::string FamilyName(InstrumentKind kind, const std::string& name) {
  switch (kind) {
    case InstrumentKind::kCounter:
      return WithoutSuffix(name, "_total");
    case InstrumentKind::kInfo:
      return WithoutSuffix(name, "_info") + "_info";
    default:
      return name;
  }
}

// The samples' names, in the order in which prometheus_client's children make
// them; a histogram's `_count` is no entry and stands last.
std::vector<std::string> SampleNames(InstrumentKind kind,
                                     const std::string& family) {
  switch (kind) {
    case InstrumentKind::kCounter:
      return {family + "_total"};
    case InstrumentKind::kHistogram:
      return {family + "_sum", family + "_bucket", family + "_count"};
    case InstrumentKind::kSummary:
      return {family + "_count", family + "_sum"};
    case InstrumentKind::kGauge:
    case InstrumentKind::kInfo:
      break;
  }
  return {family};
}

// The label that readers add to the series of such a family.
std::string_view AddedLabel(InstrumentKind kind, GaugeMode mode) {
  switch (kind) {
    case InstrumentKind::kHistogram:
      return "le";
    case InstrumentKind::kSummary:
      return "quantile";
    case InstrumentKind::kGauge:
      if (mode == GaugeMode::kAll || mode == GaugeMode::kLiveAll) return "pid";
      break;
    case InstrumentKind::kCounter:
    case InstrumentKind::kInfo:
      break;
  }
  return {};
}

std::string BoundText(double bound) {
  std::string text;
  format::AppendNumber(bound, &text);
  return text;
}

}  // namespace

FamilyCore::FamilyCore(InstrumentKind kind, FamilyDescription description,
                       ProcessFiles* files)
    : kind_(kind), description_(std::move(description)), files_(files) {
  if (kind_ == InstrumentKind::kInfo) description_.mode = GaugeMode::kMax;
  family_ = FamilyName(kind_, description_.name);
  if (!format::IsLegacyName(family_, NameKind::kMetric) ||
      family_.starts_with(kReserved)) {
    Refuse(description_.name, "invalid metric name");
  }
  for (const auto& [name, value] : description_.labels) CheckLabelName(name);
  names_ = SampleNames(kind_, family_);
  names_.push_back(family_);
}

bool FamilyCore::IsSame(const FamilyCore& other) const {
  return kind_ == other.kind_ && family_ == other.family_ &&
         (kind_ != InstrumentKind::kGauge ||
          description_.mode == other.description_.mode) &&
         description_.labels == other.description_.labels;
}

const std::string* FamilyCore::FindClash(const FamilyCore& other) const {
  const auto clash = std::find_first_of(
      names_.begin(), names_.end(), other.names_.begin(), other.names_.end());
  return clash == names_.end() ? nullptr : &*clash;
}

std::unique_ptr<Entries> FamilyCore::MakeEntries(
    const Labels& labels, const std::vector<double>& bounds) const {
  Labels all = description_.labels;
  for (const auto& [name, value] : labels) {
    CheckLabelName(name);
    if (!all.emplace(name, value).second) {
      Refuse(description_.name + ": " + name, "is a label of the family");
    }
  }
  const FamilyType type = TypeOf(kind_);
  return std::make_unique<Entries>(files_, KindOf(type, description_.mode),
                                   Keys(all, bounds));
}

void FamilyCore::CheckLabelName(const std::string& name) const {
  if (!format::IsLegacyName(name, NameKind::kLabel) ||
      name.starts_with(kReserved)) {
    Refuse(description_.name + ": " + name, "invalid label name");
  }
  if (name == AddedLabel(kind_, description_.mode)) {
    Refuse(description_.name + ": " + name, "is a label that readers add");
  }
}

std::vector<std::string> FamilyCore::Keys(
    const Labels& labels, const std::vector<double>& bounds) const {
  format::MetricKey key;
  key.family = family_;
  key.help = format::ReplaceInvalidUtf8(description_.help);
  for (const auto& [name, value] : labels) {
    key.labels.push_back({name, format::ReplaceInvalidUtf8(value)});
  }
  std::vector<std::string> keys;
  if (kind_ != InstrumentKind::kHistogram) {
    for (std::size_t i = 0; i + 1 < names_.size(); ++i) {
      key.sample = names_[i];
      keys.push_back(key.Format());
    }
    return keys;
  }
  key.sample = names_[0];
  keys.push_back(key.Format());
  key.sample = names_[1];
  const Label le{"le", ""};
  const auto position = static_cast<std::size_t>(
      std::lower_bound(key.labels.begin(), key.labels.end(), le) -
      key.labels.begin());
  key.labels.insert(key.labels.begin() + static_cast<std::ptrdiff_t>(position),
                    le);
  for (const double bound : bounds) {
    key.labels[position].value = BoundText(bound);
    keys.push_back(key.Format());
  }
  key.labels[position].value =
      BoundText(std::numeric_limits<double>::infinity());
  keys.push_back(key.Format());
  return keys;
}

std::vector<double> CheckBounds(std::vector<double> bounds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!bounds.empty() && bounds.back() == kInfinity) bounds.pop_back();
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i]) || bounds[i] == kInfinity ||
        (i > 0 && bounds[i] <= bounds[i - 1])) {
      throw std::invalid_argument("bucket bounds are not rising");
    }
  }
  return bounds;
}

}  // namespace promshm::instrument
