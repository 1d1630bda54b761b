#ifndef PROMSHM_TOOLS_SERVE_EXPORTER_H_
#define PROMSHM_TOOLS_SERVE_EXPORTER_H_

#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "promshm/running_process.h"
#include "promshm/status.h"
#include "tools/serve/directory_set.h"
#include "tools/serve/http/http_server.h"
#include "tools/serve/http/listening_socket.h"
#include "tools/serve/log.h"
#include "tools/serve/metrics/extra_families.h"
#include "tools/serve/metrics/metrics_handler.h"
#include "tools/serve/serve_arguments.h"
#include "tools/serve/service_manager.h"
#include "tools/serve/site.h"
#include "tools/serve/upkeep.h"
#include "tools/serve/web/web_config_file.h"
#include "tools/serve/web/web_gate.h"

namespace promshm::tools {

// Purpose: the parts of a running server, put together.
//
// Lifetime: keeps a view of the arguments, which must outlive it. Thread
// safety: needs external locking.
class Exporter {
 public:
  // Fails with what to tell the user.
  static Result<std::unique_ptr<Exporter>> Make(
      const ServeArguments& arguments);

  // Listens, and prints a line for each address.
  Status Start();

  // Until one of the signals comes; SIGHUP re-reads the web configuration.
  void Run(const sigset_t& signals);

 private:
  explicit Exporter(const ServeArguments& arguments);

  Status Prepare();
  Response Answer(const Request& request);
  bool is_encrypted() const;
  HttpServerOptions ServerOptions();
  std::string UrlOf(const std::string& address) const;
  void WarnOfStrangers(const std::vector<ListeningSocket>& sockets) const;
  void StartUpkeep();

  // In the order in which they need each other.
  const ServeArguments& arguments_;
  const Log log_;
  ProcessFinder processes_;
  ExtraFamilies extra_;
  std::unique_ptr<DirectorySet> directories_;
  std::optional<MetricsHandler> metrics_;
  std::optional<Site> site_;
  std::unique_ptr<WebConfigFile> web_config_;
  std::optional<WebGate> gate_;
  std::optional<HttpServer> server_;
  std::optional<Upkeep> upkeep_;
  ServiceManager manager_;  // asks the server
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_EXPORTER_H_
