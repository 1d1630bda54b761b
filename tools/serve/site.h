#ifndef PROMSHM_TOOLS_SERVE_SITE_H_
#define PROMSHM_TOOLS_SERVE_SITE_H_

#include <functional>
#include <map>
#include <string>

#include "promshm/status.h"
#include "tools/serve/directory_set.h"
#include "tools/serve/http/http_message.h"
#include "tools/serve/metrics/metrics_handler.h"
#include "tools/serve/status/process_list.h"
#include "tools/serve/status/status_api.h"

namespace promshm::tools {

// Whether metrics can be served at that path: it begins with one `/`, needs no
// escape in a URL, and is not that of another page.
Status CheckTelemetryPath(const std::string& path);

// Purpose: which page answers a request:
//
//   TELEMETRY_PATH          all directories together
//   TELEMETRY_PATH/NAME     one of them
//   /                       the status page, unless it is the telemetry path
//   /api/v1/...             what that is made of
//   /-/healthy              health
//
// GET, HEAD and OPTIONS only. Answers with a status of 4xx or 5xx say why in
// plain text.
//
// Lifetime: keeps views of `directories` and `metrics`, which must outlive it.
// Thread safety: Handle() may be called from several threads.
class Site {
 public:
  Site(ServerFacts facts, DirectorySet* directories, MetricsHandler* metrics,
       LookUpProcesses look_up_processes);

  Response Handle(const Request& request);

 private:
  using Page = std::function<Response(const Request&)>;

  // Null where there is none.
  Page Find(const std::string& path);
  DirectorySource Source();

  const ServerFacts facts_;
  DirectorySet& directories_;
  MetricsHandler& metrics_;
  const LookUpProcesses look_up_processes_;
  const std::map<std::string, Page> pages_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_SITE_H_
