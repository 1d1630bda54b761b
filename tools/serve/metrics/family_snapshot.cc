#include "tools/serve/metrics/family_snapshot.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "promshm/issue.h"

namespace promshm::tools {
namespace {

constexpr std::string_view kTotal = "_total";

std::string WithoutTotal(std::string name) {
  if (name.ends_with(kTotal)) name.resize(name.size() - kTotal.size());
  return name;
}

MetricFamily ToFamily(const prometheus::MetricFamily& from,
                      std::vector<double>* values) {
  const bool is_counter = from.type == prometheus::MetricType::Counter;
  MetricFamily family;
  family.name = is_counter ? WithoutTotal(from.name) : from.name;
  family.help = from.help;
  family.type = is_counter ? FamilyType::kCounter : FamilyType::kGauge;
  family.sample_names = {from.name};
  for (const prometheus::ClientMetric& metric : from.metric) {
    Series& series = family.series.emplace_back();
    for (const auto& label : metric.label) {
      series.labels.push_back({label.name, label.value});
    }
    std::sort(series.labels.begin(), series.labels.end());
    Sample sample;
    sample.value = static_cast<std::uint32_t>(values->size());
    series.samples = {sample};
    values->push_back(is_counter ? metric.counter.value : metric.gauge.value);
  }
  std::sort(
      family.series.begin(), family.series.end(),
      [](const Series& a, const Series& b) { return a.labels < b.labels; });
  return family;
}

// The names that a family of that type has, or could have, in some format.
std::vector<std::string> NamesOf(const std::string& name, FamilyType type) {
  switch (type) {
    case FamilyType::kGauge:
      return {name};
    case FamilyType::kCounter:
      return {name, name + "_total", name + "_created"};
    case FamilyType::kHistogram:
      return {name, name + "_bucket", name + "_count", name + "_sum",
              name + "_created"};
    case FamilyType::kSummary:
      return {name, name + "_count", name + "_sum", name + "_created"};
  }
  return {};
}

std::vector<std::string> NamesOf(const prometheus::MetricFamily& family) {
  return family.type == prometheus::MetricType::Counter
             ? NamesOf(WithoutTotal(family.name), FamilyType::kCounter)
             : NamesOf(family.name, FamilyType::kGauge);
}

std::vector<std::string> NamesOf(const MetricFamily& family) {
  const bool is_counter = family.type == FamilyType::kCounter;
  std::vector<std::string> names = NamesOf(
      is_counter ? WithoutTotal(family.name) : family.name, family.type);
  names.push_back(family.name);
  names.insert(names.end(), family.sample_names.begin(),
               family.sample_names.end());
  return names;
}

// Purpose: the names of some families, in every spelling.
//
// Thread safety: const methods may be called from several threads.
class NameBook {
 public:
  explicit NameBook(const std::vector<prometheus::MetricFamily>& families) {
    for (std::size_t i = 0; i < families.size(); ++i) {
      for (const std::string& name : NamesOf(families[i])) {
        for (std::size_t scheme = 0; scheme < kSchemes.size(); ++scheme) {
          owners_[scheme].emplace(EscapedName(name, kSchemes[scheme]), i);
        }
      }
    }
  }

  // Appends which of the families have the name in some spelling.
  void AppendOwners(const std::string& name,
                    std::vector<std::size_t>* owners) const {
    for (std::size_t scheme = 0; scheme < kSchemes.size(); ++scheme) {
      const std::string spelled = EscapedName(name, kSchemes[scheme]);
      const auto [begin, end] = owners_[scheme].equal_range(spelled);
      for (auto owner = begin; owner != end; ++owner) {
        owners->push_back(owner->second);
      }
      // Names that need no escaping differ in every scheme if in one.
      if (scheme == 0 && spelled == name) return;
    }
  }

 private:
  // Quoted names stay apart.
  static constexpr std::array kSchemes = {Escaping::kUnderscores,
                                          Escaping::kDots, Escaping::kValues};

  std::array<std::unordered_multimap<std::string, std::size_t>, kSchemes.size()>
      owners_;
};

}  // namespace

Snapshot ToSnapshot(const std::vector<prometheus::MetricFamily>& families) {
  auto layout = std::make_shared<SnapshotLayout>();
  std::vector<double> values;
  for (const prometheus::MetricFamily& family : families) {
    if (family.type == prometheus::MetricType::Counter ||
        family.type == prometheus::MetricType::Gauge) {
      layout->families.push_back(ToFamily(family, &values));
    }
  }
  std::sort(layout->families.begin(), layout->families.end(),
            [](const MetricFamily& a, const MetricFamily& b) {
              return a.name < b.name;
            });
  for (std::size_t i = 0; i < layout->families.size(); ++i) {
    layout->families[i].processes = static_cast<std::uint32_t>(i);
  }
  std::vector<std::uint32_t> processes(layout->families.size());
  return {std::move(layout), std::move(values), std::move(processes), {}};
}

FamiliesBeside WithoutCollisions(std::vector<prometheus::MetricFamily> families,
                                 const Snapshot& application) {
  const NameBook book(families);
  std::vector<std::size_t> colliding;
  for (const MetricFamily& family : application.families()) {
    for (const std::string& name : NamesOf(family)) {
      book.AppendOwners(name, &colliding);
    }
  }
  FamiliesBeside beside;
  for (std::size_t i = 0; i < families.size(); ++i) {
    if (std::find(colliding.begin(), colliding.end(), i) != colliding.end()) {
      beside.left_out.push_back(families[i].name);
    } else {
      beside.families.push_back(std::move(families[i]));
    }
  }
  return beside;
}

void AppendExposition(const std::vector<prometheus::MetricFamily>& families,
                      const ExpositionFormat& format, std::string* text) {
  if (families.empty() && !text->empty()) return;
  constexpr std::string_view kEnd = "# EOF\n";
  const bool is_open_metrics = format.text == TextFormat::kOpenMetrics001 ||
                               format.text == TextFormat::kOpenMetrics100;
  // There is one, at the end.
  if (is_open_metrics && text->ends_with(kEnd)) {
    text->resize(text->size() - kEnd.size());
  }
  // Names of ours that are legacy and stand once lose nothing.
  [[maybe_unused]] const std::vector<Issue> issues =
      WriteExposition(ToSnapshot(families), format, text);
}

}  // namespace promshm::tools
