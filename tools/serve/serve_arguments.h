#ifndef PROMSHM_TOOLS_SERVE_SERVE_ARGUMENTS_H_
#define PROMSHM_TOOLS_SERVE_SERVE_ARGUMENTS_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "tools/serve/directory_arguments.h"
#include "tools/serve/log.h"
#include "tools/serve/metrics/process_metrics.h"

namespace promshm::tools {

inline constexpr char kServeName[] = "promshm-serve";

// What promshm-serve was asked for.
struct ServeArguments {
  std::vector<DirectoryArgument> directories;

  std::vector<std::string> listen_addresses;
  bool systemd_socket = false;
  std::string telemetry_path = "/metrics";
  unsigned max_requests = 40;
  std::string config_file;  // empty: none

  // What to leave out and how to merge; its sources mean nothing.
  CollectorOptions view;

  bool own_metrics = true;
  ProcessMetricsMode process_metrics = ProcessMetricsMode::kSum;
  std::optional<std::chrono::milliseconds> compact;

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
};

// Reads the command line, and what the environment has to add. The exit status
// where there is nothing left to do.
std::optional<int> ReadServeArguments(int argc, char** argv,
                                      ServeArguments* arguments);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_SERVE_ARGUMENTS_H_
