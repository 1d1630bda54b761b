#ifndef PROMSHM_TOOLS_SERVE_METRICS_HANDLER_H_
#define PROMSHM_TOOLS_SERVE_METRICS_HANDLER_H_

#include <string>

#include "promshm/collector.h"
#include "promshm/running_process.h"
#include "promshm/status.h"
#include "tools/serve/directory_source.h"
#include "tools/serve/http_message.h"
#include "tools/serve/issue_log.h"
#include "tools/serve/status_api.h"

namespace promshm::tools {

// Whether --web.telemetry-path may be `path`: it starts with one `/`, needs
// no percent-encoding, and is not the health check's.
Status CheckTelemetryPath(const std::string& path);

// Purpose: the answer to each request, without sockets:
//
//   TELEMETRY_PATH   the directory's sums as they are now; 503 and the reason
//                    while the directory cannot be read
//   /-/healthy       200 as long as the program runs
//   /                the status page, unless it is the telemetry path
//   /api/v1/status, /api/v1/families
//                    what it shows, as JSON
//
// Everything else is 404; methods other than GET, HEAD and OPTIONS are 405.
//
// Thread safety: Handle() may be called from several threads.
class MetricsHandler {
 public:
  // `telemetry_path` has passed CheckTelemetryPath(). `log` gets a line for
  // each issue that scrapes meet, once (see IssueLog).
  MetricsHandler(std::string directory, std::string telemetry_path,
                 IssueLog::Sink log);

  Response Handle(const Request& request);

 private:
  enum class Page {
    kNone,
    kMetrics,
    kHealth,
    kStatusPage,
    kStatusApi,
    kFamiliesApi
  };

  Page Find(const std::string& path) const;
  Response Metrics(const Request& request);
  DirectorySource Source();

  const ServerFacts facts_;
  const NamedDirectory directory_;
  Collector collector_;
  ProcessFinder finder_;
  IssueLog issue_log_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_HANDLER_H_
