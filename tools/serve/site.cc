#include "tools/serve/site.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/serve/status/families_api.h"
#include "tools/serve/status/status_page.h"

namespace promshm::tools {
namespace {

constexpr char kAllow[] = "GET, HEAD, OPTIONS";

constexpr char kHealthPath[] = "/-/healthy";
constexpr char kStatusPath[] = "/api/v1/status";
constexpr char kFamiliesPath[] = "/api/v1/families";
constexpr std::array<std::string_view, 3> kPaths = {kHealthPath, kStatusPath,
                                                    kFamiliesPath};

}  // namespace

Status CheckTelemetryPath(const std::string& path) {
  constexpr std::string_view kPlainInUrls =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
      "-._~!$&'()*+,;=:@/";
  const auto refuse = [&path](const char* reason) {
    return Status(StatusKind::kInvalidArgument,
                  path + ": not a telemetry path: " + reason);
  };
  if (!path.starts_with('/')) return refuse("must start with /");
  // A link to //x leads to a host named x.
  if (path.starts_with("//")) return refuse("must start with one / only");
  if (path.find_first_not_of(kPlainInUrls) != std::string::npos) {
    return refuse("has a character that a URL's path cannot hold as it is");
  }
  if (std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end()) {
    return refuse("another page is there");
  }
  return {};
}

Site::Site(ServerFacts facts, DirectorySet* directories,
           MetricsHandler* metrics, LookUpProcesses look_up_processes)
    : facts_(std::move(facts)),
      directories_(*directories),
      metrics_(*metrics),
      look_up_processes_(std::move(look_up_processes)),
      pages_{{facts_.telemetry_path,
              [this](const Request& request) { return metrics_.All(request); }},
             {kHealthPath,
              [](const Request&) {
                return TextPage(200, "promshm-serve is healthy\n");
              }},
             {kStatusPath,
              [this](const Request& request) {
                return AnswerStatus(request, facts_, Source(),
                                    look_up_processes_);
              }},
             {kFamiliesPath,
              [this](const Request& request) {
                return AnswerFamilies(request, Source());
              }},
             {"/", [this](const Request&) {
                return StatusPage(facts_.telemetry_path);
              }}} {}

Response Site::Handle(const Request& request) {
  const Page page = Find(request.path);
  if (page == nullptr) return TextPage(404, "not found\n");
  if (request.method == "OPTIONS") {
    Response response;
    response.status = 204;
    response.headers = {{"Allow", kAllow}};
    return response;
  }
  if (request.method != "GET" && request.method != "HEAD") {
    Response response = TextPage(405, "method not allowed\n");
    response.headers.emplace_back("Allow", kAllow);
    return response;
  }
  return page(request);
}

Site::Page Site::Find(const std::string& path) {
  const auto page = pages_.find(path);
  if (page != pages_.end()) return page->second;
  std::string parent = facts_.telemetry_path;
  if (!parent.ends_with('/')) parent += '/';
  if (!path.starts_with(parent)) return nullptr;
  auto directory = directories_.Find(path.substr(parent.size()));
  if (directory == nullptr) return nullptr;
  return [this, directory = std::move(directory)](const Request& request) {
    return metrics_.One(request, directory);
  };
}

DirectorySource Site::Source() {
  DirectorySource source;
  source.list = [this] {
    std::vector<NamedDirectory> names;
    for (const auto& directory : directories_.Current()) {
      names.push_back({directory->name(), directory->path()});
    }
    return names;
  };
  source.collect = [this](const std::string& name,
                          const CollectOptions& options) -> Result<Snapshot> {
    if (name.empty()) return directories_.CollectAll(options);
    const auto directory = directories_.Find(name);
    if (directory == nullptr) {
      return Status(StatusKind::kNotFound, name + ": no such directory");
    }
    return directory->Collect(options);
  };
  return source;
}

}  // namespace promshm::tools
