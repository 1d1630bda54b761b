#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "collect/family_names.h"
#include "format/number_text.h"
#include "promshm/exposition.h"

namespace promshm {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

// JSON has no NaN and no infinity.
Json Number(double value) {
  if (std::isfinite(value)) return value;
  std::string text;
  format::AppendNumber(value, &text);
  return text;
}

std::string TypeName(FamilyType type) {
  std::string name = ToString(type);
  for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
  return name;
}

// Adds a member that `object` does not have yet. Json's own ways would compare
// its name with those of all members.
void AddMember(const std::string& name, Json value, Json* object) {
  object->get_ref<Json::object_t&>().emplace_back(name, std::move(value));
}

Json Labels(const Series& series) {
  Json labels = Json::object();
  for (const Label& label : series.labels) {
    AddMember(label.name, label.value, &labels);
  }
  return labels;
}

// A series of a histogram or a summary is one metric with several numbers.
Json Composite(const Snapshot& snapshot, const MetricFamily& family,
               const Series& series) {
  Json metric;
  metric["labels"] = Labels(series);
  const bool histogram = family.type == FamilyType::kHistogram;
  Json& parts = metric[histogram ? "buckets" : "quantiles"] = Json::object();
  for (const Sample& sample : series.samples) {
    const std::string_view name = family.sample_names[sample.name];
    const Json value = Number(snapshot.value(sample));
    if (!sample.le.empty()) {
      AddMember(sample.le, value, &parts);
    } else if (name == family.name + "_sum") {
      metric["sum"] = value;
    } else if (name == family.name + "_count") {
      metric["count"] = value;
    }
  }
  return metric;
}

Json Metrics(const Snapshot& snapshot, const MetricFamily& family) {
  Json metrics = Json::array();
  for (const Series& series : family.series) {
    if (family.type == FamilyType::kHistogram ||
        family.type == FamilyType::kSummary) {
      metrics.push_back(Composite(snapshot, family, series));
      continue;
    }
    for (const Sample& sample : series.samples) {
      metrics.push_back({{"labels", Labels(series)},
                         {"value", Number(snapshot.value(sample))}});
    }
  }
  return metrics;
}

}  // namespace

void WriteJson(const Snapshot& snapshot, std::string* out) {
  Json families = Json::array();
  for (const MetricFamily& family : snapshot.families()) {
    Json& json = families.emplace_back();
    json["name"] = collect::TextFamilyName(family);
    json["help"] = family.help;
    json["type"] = TypeName(family.type);
    if (family.type == FamilyType::kGauge) json["mode"] = family.mode;
    json["metrics"] = Metrics(snapshot, family);
  }
  const Json document = {{"schema", kSchema},
                         {"families", std::move(families)}};
  *out += document.dump(-1, ' ', false, Json::error_handler_t::replace);
  out->push_back('\n');
}

}  // namespace promshm
