#include "tools/clean/clean_json.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "tools/clean/clean_text.h"

namespace promshm::tools {
namespace {

using Json = nlohmann::ordered_json;

Json FilesJson(const std::vector<PlannedFile>& files) {
  Json list = Json::array();
  for (const PlannedFile& file : files) {
    Json object = {{"name", file.name},
                   {"bytes", file.bytes},
                   {"action", ToString(file.action)}};
    if (!file.reason.empty()) object["reason"] = file.reason;
    list.push_back(std::move(object));
  }
  return list;
}

Json TotalsJson(const FileTotals& totals) {
  return {{"files", totals.files},
          {"bytes", totals.bytes},
          {"entries", totals.entries},
          {"series", totals.series}};
}

void AddIssues(const std::vector<Issue>& issues, Json* list) {
  for (const Issue& issue : issues) list->push_back(issue.ToString());
}

void AddPlan(const CleaningPlan& plan, Json* object) {
  (*object)["directory"] = plan.directory;
  Json processes = Json::array();
  for (const PlannedProcess& process : plan.processes) {
    processes.push_back({{"identifier", process.identifier},
                         {"state", ToString(process.liveness)},
                         {"evidence", ToString(process.evidence)},
                         {"files", FilesJson(process.files)}});
  }
  (*object)["processes"] = std::move(processes);
  (*object)["merged"] = FilesJson(plan.merged);
  (*object)["leftovers"] = FilesJson(plan.leftovers);
}

}  // namespace

std::string CleaningJson(const CleaningPlan* plan, const CleaningReport& report,
                         bool dry_run) {
  Json object = {{"schema", 1}, {"dry_run", dry_run}};
  Json issues = Json::array();
  if (plan != nullptr) {
    AddPlan(*plan, &object);
    AddIssues(plan->issues, &issues);
  }
  AddIssues(report.issues, &issues);
  object["dead_processes"] = report.processes;
  object["removed"] = {{"files", report.removed.files},
                       {"bytes", report.removed.bytes}};
  object["folded"] = TotalsJson(report.folded);
  object["made"] = TotalsJson(report.made);
  object["freed_bytes"] = FreedBytes(report);
  object["issues"] = std::move(issues);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace promshm::tools
