#include "tools/serve/status/families_api.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tools/common/family_name.h"
#include "tools/serve/status/api_query.h"
#include "tools/serve/status/family_figures.h"
#include "tools/serve/status/family_filter.h"
#include "tools/serve/status/json_answer.h"

namespace promshm::tools {
namespace {

constexpr int kSchema = 1;

Json FamilyJson(const Snapshot& snapshot, const MetricFamily& family) {
  Json json;
  json["name"] = family.name;
  json["exposed_name"] = KnownName(family);
  json["type"] = ToString(family.type);
  if (family.type == FamilyType::kGauge) json["mode"] = family.mode;
  json["help"] = family.help;
  json["series"] = family.series.size();
  json["processes"] = snapshot.processes(family);
  AddFamilyFigures(snapshot, family, &json);
  return json;
}

Json SeriesJson(const Snapshot& snapshot, const MetricFamily& family,
                const Series& series) {
  Json json;
  // Not by operator[], which compares a name with those of all members.
  Json& labels = json["labels"] = Json::object();
  for (const Label& label : series.labels) {
    labels.get_ref<Json::object_t&>().emplace_back(label.name, label.value);
  }
  AddSeriesFigures(snapshot, family, series, &json);
  return json;
}

Json Head(const ApiQuery& query) {
  Json json;
  json["schema"] = kSchema;
  json["now"] = UnixNow();
  json["offset"] = query.range.offset;
  json["limit"] = query.range.limit;
  return json;
}

bool IsServed(const std::string& name, const DirectorySource& source) {
  const std::vector<NamedDirectory> served = source.list();
  return std::any_of(served.begin(), served.end(),
                     [&name](const NamedDirectory& directory) {
                       return directory.name == name;
                     });
}

Response FamilyList(const Snapshot& snapshot, const ApiQuery& query) {
  const FamilyFilter filter(query.q);
  Json families = Json::array();
  std::size_t matched = 0;
  for (const MetricFamily& family : snapshot.families()) {
    if (!filter.Anywhere(family)) continue;
    if (query.range.Holds(matched)) {
      families.push_back(FamilyJson(snapshot, family));
    }
    ++matched;
  }
  Json json = Head(query);
  json["total"] = snapshot.families().size();
  json["matched"] = matched;
  json["families"] = std::move(families);
  return JsonAnswer(json);
}

Response SeriesList(const Snapshot& snapshot, const MetricFamily& family,
                    const ApiQuery& query) {
  const FamilyFilter filter(query.q);
  const bool all = filter.InFamily(family);
  Json list = Json::array();
  std::size_t matched = 0;
  for (const Series& series : family.series) {
    if (!all && !filter.InSeries(series)) continue;
    if (query.range.Holds(matched)) {
      list.push_back(SeriesJson(snapshot, family, series));
    }
    ++matched;
  }
  Json json = Head(query);
  json["total"] = family.series.size();
  json["matched"] = matched;
  json["family"] = FamilyJson(snapshot, family);
  json["series"] = std::move(list);
  return JsonAnswer(json);
}

}  // namespace

Response AnswerFamilies(const Request& request, const DirectorySource& source) {
  const Result<ApiQuery> query =
      ReadApiQuery(request, {"directory", "q", "name", "offset", "limit"});
  if (!query.ok()) return JsonError(400, query.status().message());
  if (!query->directory.empty() && !IsServed(query->directory, source)) {
    return JsonError(404, query->directory + ": no such directory");
  }
  const Result<Snapshot> snapshot = source.collect(query->directory, {});
  if (!snapshot.ok()) {
    return JsonError(HttpStatusOf(snapshot.status()),
                     snapshot.status().message());
  }
  if (query->name.empty()) return FamilyList(*snapshot, *query);

  const auto& families = snapshot->families();
  const auto family = std::lower_bound(
      families.begin(), families.end(), query->name,
      [](const MetricFamily& a, const std::string& b) { return a.name < b; });
  if (family == families.end() || family->name != query->name) {
    return JsonError(404, query->name + ": no such family");
  }
  return SeriesList(*snapshot, *family, *query);
}

}  // namespace promshm::tools
