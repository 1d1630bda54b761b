#include "tools/serve/status/status_api.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "promshm/issue.h"
#include "promshm/liveness.h"
#include "promshm/process_report.h"
#include "promshm/version.h"
#include "tools/serve/status/api_query.h"
#include "tools/serve/status/json_answer.h"

namespace promshm::tools {
namespace {

constexpr int kSchema = 1;
constexpr std::size_t kMostIssues = 100;

struct FileTotal {
  std::size_t files = 0;
  std::size_t entries = 0;
  std::uint64_t bytes = 0;

  void Add(const ProcessReport& report) {
    files += report.files.size();
    for (const FileReport& file : report.files) {
      entries += file.entries;
      bytes += file.bytes;
    }
  }

  void AddTo(Json* json) const {
    (*json)["files"] = files;
    (*json)["entries"] = entries;
    (*json)["bytes"] = bytes;
  }
};

// Null where the system does not tell.
Json FilesystemJson(const std::string& path) {
  struct statvfs facts {};
  if (statvfs(path.c_str(), &facts) != 0) return nullptr;
  Json json;
  json["size"] = std::uint64_t{facts.f_blocks} * facts.f_frsize;
  json["available"] = std::uint64_t{facts.f_bavail} * facts.f_frsize;
  json["files_free"] = std::uint64_t{facts.f_favail};
  return json;
}

void AddSizes(const Snapshot& snapshot, Json* json) {
  FileTotal all;
  FileTotal merged;
  for (const ProcessReport& report : snapshot.process_reports()) {
    all.Add(report);
    if (report.is_merged) merged.Add(report);
  }
  std::size_t series = 0;
  for (const MetricFamily& family : snapshot.families()) {
    series += family.series.size();
  }
  all.AddTo(json);
  (*json)["series"] = series;
  (*json)["families"] = snapshot.families().size();
  Json& merged_json = (*json)["merged"] = Json::object();
  merged.AddTo(&merged_json);
}

Json LivenessCounts(const std::vector<ProcessReport>& reports) {
  Json json;
  for (const Liveness liveness :
       {Liveness::kAlive, Liveness::kDead, Liveness::kUnknown}) {
    json[ToString(liveness)] = std::count_if(
        reports.begin(), reports.end(), [liveness](const ProcessReport& r) {
          return !r.is_merged && r.liveness == liveness;
        });
  }
  return json;
}

void AddIssues(const std::vector<Issue>& issues, Json* json) {
  (*json)["issue_count"] = issues.size();
  Json& texts = (*json)["issues"] = Json::array();
  for (std::size_t i = 0; i < std::min(issues.size(), kMostIssues); ++i) {
    texts.push_back(issues[i].ToString());
  }
}

// What of the processes is asked for.
struct ProcessPage {
  ProcessOrder order;
  PageRange range;
};

Json DirectoryJson(const NamedDirectory& directory,
                   const DirectorySource& source, const ProcessPage& page,
                   const LookUpProcesses& look_up) {
  CollectOptions options;
  options.with_processes = true;
  const Result<Snapshot> snapshot = source.collect(directory.name, options);
  Json json;
  json["name"] = directory.name;
  json["path"] = directory.path;
  if (!snapshot.ok()) {
    json["error"] = snapshot.status().message();
    return json;
  }
  AddSizes(*snapshot, &json);
  json["filesystem"] = FilesystemJson(directory.path);
  const std::vector<ProcessReport>& reports = snapshot->process_reports();
  json["process_counts"] = LivenessCounts(reports);
  json["processes"] =
      ProcessList(reports, directory.path, page.order, page.range, look_up);
  AddIssues(snapshot->issues(), &json);
  return json;
}

}  // namespace

Response AnswerStatus(const Request& request, const ServerFacts& facts,
                      const DirectorySource& source,
                      const LookUpProcesses& look_up) {
  const Result<ApiQuery> query =
      ReadApiQuery(request, {"directory", "offset", "limit", "sort", "order"});
  if (!query.ok()) return JsonError(400, query.status().message());
  const Result<ProcessOrder> order =
      ReadProcessOrder(query->sort, query->order);
  if (!order.ok()) return JsonError(400, order.status().message());

  Json directories = Json::array();
  for (const NamedDirectory& directory : source.list()) {
    if (!query->directory.empty() && directory.name != query->directory) {
      continue;
    }
    directories.push_back(
        DirectoryJson(directory, source, {*order, query->range}, look_up));
  }
  if (directories.empty() && !query->directory.empty()) {
    return JsonError(404, query->directory + ": no such directory");
  }
  Json json;
  json["schema"] = kSchema;
  json["version"] = PROMSHM_VERSION;
  json["started"] = facts.started;
  json["now"] = UnixNow();
  json["telemetry_path"] = facts.telemetry_path;
  json["offset"] = query->range.offset;
  json["limit"] = query->range.limit;
  json["directories"] = std::move(directories);
  return JsonAnswer(json);
}

}  // namespace promshm::tools
