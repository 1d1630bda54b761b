#include "tools/serve/metrics_handler.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "promshm/exposition.h"
#include "promshm/issue.h"
#include "promshm/snapshot.h"
#include "tools/common/unfinished_merge.h"
#include "tools/serve/families_api.h"
#include "tools/serve/gzip.h"
#include "tools/serve/json_answer.h"
#include "tools/serve/process_lookup.h"
#include "tools/serve/status_page.h"

namespace promshm::tools {
namespace {

constexpr char kHealthPath[] = "/-/healthy";
constexpr char kStatusApiPath[] = "/api/v1/status";
constexpr char kFamiliesApiPath[] = "/api/v1/families";
constexpr char kProc[] = "/proc";
constexpr char kAllow[] = "GET, HEAD, OPTIONS";

// Below this the header fields cost as much as compression saves.
constexpr std::size_t kLargestPlainBody = 1024;

constexpr IssueLog::View kCollectionView = 0;

IssueLog::View ExpositionView(const ExpositionFormat& format) {
  constexpr unsigned kEscapingSchemes = 4;
  return 1 + static_cast<unsigned>(format.text) * kEscapingSchemes +
         static_cast<unsigned>(format.escaping);
}

Response MakePage(unsigned status, std::string content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", std::move(content_type)},
                      {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

Response MakeTextPage(unsigned status, std::string body) {
  return MakePage(status, "text/plain; charset=utf-8", std::move(body));
}

// A parameter without a value names nothing, as prometheus_client has it.
std::vector<std::string> NamesAskedFor(const Request& request) {
  std::vector<std::string> names;
  for (const auto& [key, value] : request.query) {
    if (key == "name[]" && !value.empty()) names.push_back(value);
  }
  return names;
}

// What the directory is called: the last part of its path.
std::string NameOf(const std::string& directory) {
  std::filesystem::path path =
      std::filesystem::path(directory).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.filename();
}

std::vector<std::string> Lines(const std::vector<Issue>& issues) {
  std::vector<std::string> lines;
  lines.reserve(issues.size());
  for (const Issue& issue : issues) lines.push_back(issue.ToString());
  return lines;
}

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
  if (path == kHealthPath) return refuse("the health check answers there");
  if (path == kStatusApiPath || path == kFamiliesApiPath) {
    return refuse("the status page's data are there");
  }
  return {};
}

MetricsHandler::MetricsHandler(std::string directory,
                               std::string telemetry_path, IssueLog::Sink log)
    : facts_{UnixNow(), std::move(telemetry_path)},
      directory_{NameOf(directory), directory},
      collector_(std::move(directory)),
      issue_log_(std::move(log)) {}

Response MetricsHandler::Handle(const Request& request) {
  const Page page = Find(request.path);
  if (page == Page::kNone) return MakeTextPage(404, "not found\n");
  if (request.method == "OPTIONS") {
    Response response;
    response.status = 204;
    response.headers = {{"Allow", kAllow}};
    return response;
  }
  if (request.method != "GET" && request.method != "HEAD") {
    Response response = MakeTextPage(405, "method not allowed\n");
    response.headers.emplace_back("Allow", kAllow);
    return response;
  }
  switch (page) {
    case Page::kMetrics:
      return Metrics(request);
    case Page::kStatusPage:
      return StatusPage(facts_.telemetry_path);
    case Page::kStatusApi:
      return AnswerStatus(request, facts_, Source(), LookUpBy(&finder_, kProc));
    case Page::kFamiliesApi:
      return AnswerFamilies(request, Source());
    default:
      return MakeTextPage(200, "promshm-serve is healthy\n");
  }
}

MetricsHandler::Page MetricsHandler::Find(const std::string& path) const {
  if (path == facts_.telemetry_path) return Page::kMetrics;
  if (path == kHealthPath) return Page::kHealth;
  if (path == "/") return Page::kStatusPage;
  if (path == kStatusApiPath) return Page::kStatusApi;
  if (path == kFamiliesApiPath) return Page::kFamiliesApi;
  return Page::kNone;
}

DirectorySource MetricsHandler::Source() {
  DirectorySource source;
  source.list = [this] { return std::vector<NamedDirectory>{directory_}; };
  source.collect = [this](const std::string& name,
                          const CollectOptions& options) -> Result<Snapshot> {
    if (!name.empty() && name != directory_.name) {
      return Status(StatusKind::kNotFound, name + ": no such directory");
    }
    return collector_.Collect(options);
  };
  return source;
}

Response MetricsHandler::Metrics(const Request& request) {
  const CollectOptions options{NamesAskedFor(request)};
  const auto coverage = options.names.empty() ? IssueLog::Coverage::kWhole
                                              : IssueLog::Coverage::kPart;
  const Result<Snapshot> snapshot = collector_.Collect(options);
  if (!snapshot.ok()) {
    const std::string& reason = snapshot.status().message();
    issue_log_.Report(kCollectionView, coverage, {reason});
    return MakeTextPage(503, reason + "\n");
  }
  issue_log_.Report(kCollectionView, coverage,
                    Lines(FinishMerges(snapshot->issues())));

  const ExpositionFormat format = ChooseFormat(request.accept);
  std::string text;
  issue_log_.Report(ExpositionView(format), coverage,
                    Lines(WriteExposition(*snapshot, format, &text)));
  Response response = MakePage(200, ContentType(format), std::move(text));
  response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  if (response.body.size() > kLargestPlainBody &&
      AcceptsGzip(request.accept_encoding)) {
    if (std::optional<std::string> gzip = Gzip(response.body)) {
      response.body = *std::move(gzip);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
  }
  return response;
}

}  // namespace promshm::tools
