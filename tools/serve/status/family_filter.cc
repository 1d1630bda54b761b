#include "tools/serve/status/family_filter.h"

#include <algorithm>

namespace promshm::tools {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

FamilyFilter::FamilyFilter(std::string_view text) : lower_(text) {
  std::transform(lower_.begin(), lower_.end(), lower_.begin(), Lower);
}

bool FamilyFilter::In(std::string_view text) const {
  return std::search(text.begin(), text.end(), lower_.begin(), lower_.end(),
                     [](char c, char lower) { return Lower(c) == lower; }) !=
             text.end() ||
         lower_.empty();
}

bool FamilyFilter::InFamily(const MetricFamily& family) const {
  return In(family.name) || In(family.help) ||
         std::any_of(family.sample_names.begin(), family.sample_names.end(),
                     [this](const std::string& name) { return In(name); });
}

bool FamilyFilter::InSeries(const Series& series) const {
  return lower_.empty() ||
         std::any_of(series.labels.begin(), series.labels.end(),
                     [this](const Label& label) {
                       return In(label.name) || In(label.value);
                     });
}

bool FamilyFilter::Anywhere(const MetricFamily& family) const {
  return InFamily(family) ||
         std::any_of(family.series.begin(), family.series.end(),
                     [this](const Series& series) { return InSeries(series); });
}

}  // namespace promshm::tools
