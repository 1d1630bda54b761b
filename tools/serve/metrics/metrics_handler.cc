#include "tools/serve/metrics/metrics_handler.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "promshm/exposition.h"
#include "promshm/issue.h"
#include "tools/common/unfinished_merge.h"
#include "tools/serve/http/gzip.h"
#include "tools/serve/metrics/family_snapshot.h"
#include "tools/serve/status/directory_source.h"

namespace promshm::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Below this the header fields cost as much as compression saves.
constexpr std::size_t kLargestPlainBody = 1024;

IssueLog::View ExpositionView(const ExpositionFormat& format) {
  constexpr unsigned kEscapingSchemes = 4;
  return 1 + static_cast<unsigned>(format.text) * kEscapingSchemes +
         static_cast<unsigned>(format.escaping);
}

// A parameter without a value names nothing, as prometheus_client has it.
std::vector<std::string> NamesAskedFor(const Request& request) {
  std::vector<std::string> names;
  for (const auto& [key, value] : request.query) {
    if (key == "name[]" && !value.empty()) names.push_back(value);
  }
  return names;
}

// What a link can ask for, which has no header fields; the names are those of
// promshm-dump.
Result<ExpositionFormat> FormatOf(const Request& request) {
  for (const auto& [key, value] : request.query) {
    if (key != "format") continue;
    if (value == "prometheus") return ExpositionFormat{};
    if (value == "openmetrics") {
      return ExpositionFormat{TextFormat::kOpenMetrics100};
    }
    return Status{StatusKind::kInvalidArgument,
                  "format: not prometheus or openmetrics: " + value};
  }
  return ChooseFormat(request.accept);
}

// The answer has to be there, and be read, before the client gives up.
std::optional<Clock::time_point> DeadlineOf(const Request& request) {
  constexpr double kMostSeconds = 3600;
  constexpr double kMostMargin = 0.5;
  const std::string& text = request.scrape_timeout;
  double seconds = 0;
  const auto read =
      std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() ||
      !(seconds > 0)) {
    return std::nullopt;
  }
  seconds = std::min(seconds, kMostSeconds);
  seconds -= std::min(kMostMargin, seconds / 4);
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(seconds));
}

std::vector<std::string> Lines(const std::vector<Issue>& issues) {
  std::vector<std::string> lines;
  lines.reserve(issues.size());
  for (const Issue& issue : issues) lines.push_back(issue.ToString());
  return lines;
}

}  // namespace

// What one request is for, and how far it has come.
struct MetricsHandler::Scrape {
  Scrape(const Request& request, const ExtraFamilies& extra)
      : coverage(NamesAskedFor(request).empty() ? IssueLog::Coverage::kWhole
                                                : IssueLog::Coverage::kPart) {
    options.names = NamesAskedFor(request);
    options.with_processes = extra.AreWanted(options.names);
    options.deadline = DeadlineOf(request);
  }

  const Clock::time_point begun = Clock::now();
  const IssueLog::Coverage coverage;
  CollectOptions options;
  Snapshot snapshot;
  IssueLog* log = nullptr;
};

MetricsHandler::MetricsHandler(DirectorySet* directories, ExtraFamilies* extra,
                               const Log* log)
    : directories_(*directories),
      extra_(*extra),
      log_(*log),
      together_log_([this](const std::string& line) { log_.Warn(line); }) {}

Response MetricsHandler::All(const Request& request) {
  if (!directories_.is_several()) {
    return One(request, directories_.Current().front());
  }
  Scrape scrape(request, extra_);
  Result<Snapshot> snapshot = directories_.CollectAll(scrape.options);
  if (!snapshot.ok()) {
    const std::string& reason = snapshot.status().message();
    together_log_.Report(IssueLog::kCollectionView, scrape.coverage, {reason});
    return TextPage(HttpStatusOf(snapshot.status()), reason + "\n");
  }
  together_log_.Report(IssueLog::kCollectionView, scrape.coverage, {});
  directories_.ReportTogether(scrape.coverage,
                              FinishMerges(snapshot->issues()));
  scrape.snapshot = *std::move(snapshot);
  scrape.log = &together_log_;
  ExtraFamilies::Families extra;
  if (scrape.options.with_processes) {
    extra = extra_.OfAll(Observe(scrape, directories_.Current()),
                         Clock::now() - scrape.begun, scrape.options.names);
  }
  return Answer(request, scrape, std::move(extra));
}

Response MetricsHandler::One(
    const Request& request, const std::shared_ptr<ServedDirectory>& directory) {
  Scrape scrape(request, extra_);
  scrape.log = &directory->issue_log();
  const Result<Snapshot> snapshot = directory->Collect(scrape.options);
  if (!snapshot.ok()) {
    const std::string& reason = snapshot.status().message();
    scrape.log->Report(IssueLog::kCollectionView, scrape.coverage, {reason});
    return TextPage(HttpStatusOf(snapshot.status()), reason + "\n");
  }
  scrape.log->Report(IssueLog::kCollectionView, scrape.coverage,
                     Lines(FinishMerges(snapshot->issues())));
  scrape.snapshot = *snapshot;
  ExtraFamilies::Families extra;
  if (scrape.options.with_processes) {
    const std::vector<ObservedDirectory> observed =
        scrape.options.names.empty()
            ? std::vector<ObservedDirectory>{{directory->name(),
                                              directory->path(), snapshot}}
            : Observe(scrape, {directory});
    extra = extra_.OfOne(observed[0], Clock::now() - scrape.begun,
                         scrape.options.names);
  }
  return Answer(request, scrape, std::move(extra));
}

// Whole directories, whatever families the client has asked for.
std::vector<ObservedDirectory> MetricsHandler::Observe(
    const Scrape& scrape, const ServedDirectories& directories) {
  std::vector<ObservedDirectory> observed;
  CollectOptions options = scrape.options;
  options.names.clear();
  for (const auto& directory : directories) {
    observed.push_back(
        {directory->name(), directory->path(), directory->Collect(options)});
  }
  return observed;
}

Response MetricsHandler::Answer(const Request& request, const Scrape& scrape,
                                ExtraFamilies::Families extra) {
  const Result<ExpositionFormat> format = FormatOf(request);
  if (!format.ok()) return TextPage(400, format.status().message() + "\n");
  std::string text;
  scrape.log->Report(ExpositionView(*format), scrape.coverage,
                     Lines(WriteExposition(scrape.snapshot, *format, &text)));
  if (!extra.empty()) {
    const FamiliesBeside beside =
        WithoutCollisions(std::move(extra), scrape.snapshot);
    TellCollisions(beside.left_out);
    AppendExposition(beside.families, *format, &text);
  }

  Response response;
  response.headers = {{"Content-Type", ContentType(*format)},
                      {"Cache-Control", "no-store"},
                      {"Vary", "Accept, Accept-Encoding"}};
  response.body = std::move(text);
  if (response.body.size() > kLargestPlainBody &&
      AcceptsGzip(request.accept_encoding)) {
    if (std::optional<std::string> gzip = Gzip(response.body)) {
      response.body = *std::move(gzip);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
  }
  return response;
}

// Each once.
void MetricsHandler::TellCollisions(const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& name : names) {
    if (!told_.insert(name).second) continue;
    log_.Warn("left out: the application has a metric of that name",
              {{"metric", name}});
  }
}

}  // namespace promshm::tools
