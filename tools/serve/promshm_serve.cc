// promshm-serve: serves a multiprocess directory over HTTP.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promshm/status.h"
#include "tools/common/arguments.h"
#include "tools/common/exit_status.h"
#include "tools/common/process_setup.h"
#include "tools/common/system_reason.h"
#include "tools/serve/http_server.h"
#include "tools/serve/listen_address.h"
#include "tools/serve/listening_socket.h"
#include "tools/serve/metrics_handler.h"
#include "tools/serve/systemd_sockets.h"

namespace promshm::tools {
namespace {

constexpr char kName[] = "promshm-serve";

struct Arguments {
  std::string directory = DefaultDirectory();
  std::vector<std::string> listen_addresses{"127.0.0.1:9464"};
  bool systemd_socket = false;
  std::string telemetry_path = "/metrics";
};

// The exit status where there is nothing left to do.
std::optional<int> ReadArguments(int argc, char** argv, Arguments* arguments) {
  CLI::App app("Serve a prometheus_client multiprocess directory over HTTP.",
               kName);
  app.set_version_flag("--version", VersionText(kName), "Print the version");
  app.add_option("DIR", arguments->directory,
                 "The directory (default: $PROMETHEUS_MULTIPROC_DIR)")
      ->type_name("");
  app.add_option("--web.listen-address", arguments->listen_addresses,
                 "HOST:PORT, [IPV6]:PORT, :PORT for every address or\n"
                 "unix:/PATH (default: 127.0.0.1:9464); port 0 takes\n"
                 "a free one; may be given several times")
      ->type_name("ADDRESS")
      ->type_size(1)
      ->allow_extra_args(false);
  app.add_flag("--web.systemd-socket", arguments->systemd_socket,
               "Listen on the sockets that systemd has opened,\n"
               "instead of addresses");
  app.add_option("--web.telemetry-path", arguments->telemetry_path,
                 "Path of the metrics (default: /metrics)")
      ->type_name("PATH");
  app.footer(
      "Prints a line for each address it listens on, and stops at SIGTERM or\n"
      "SIGINT. Exit status: 0 stopped; 2 trouble: usage, no directory, no\n"
      "permission, cannot listen.");
  return ParseArguments(argc, argv, &app);
}

Status CheckDirectory(const std::string& directory) {
  if (directory.empty()) {
    return {StatusKind::kInvalidArgument,
            "no directory: name one or set PROMETHEUS_MULTIPROC_DIR"};
  }
  // The slash makes a file that is no directory an error.
  if (faccessat(AT_FDCWD, (directory + "/").c_str(), R_OK | X_OK, AT_EACCESS) !=
      0) {
    return {StatusKind::kIoError,
            directory + ": cannot open: " + SystemReason(errno)};
  }
  return {};
}

Result<std::vector<ListeningSocket>> ListenOn(const Arguments& arguments) {
  if (arguments.systemd_socket) return SystemdSockets();
  std::vector<ListeningSocket> sockets;
  for (const std::string& text : arguments.listen_addresses) {
    const Result<ListenAddress> address = ParseListenAddress(text);
    if (!address.ok()) return address.status();
    Result<std::vector<ListeningSocket>> opened = Listen(*address);
    if (!opened.ok()) return opened.status();
    for (ListeningSocket& socket : *opened) {
      sockets.push_back(std::move(socket));
    }
  }
  return sockets;
}

int Serve(const Arguments& arguments) {
  for (const Status& status : {CheckDirectory(arguments.directory),
                               CheckTelemetryPath(arguments.telemetry_path)}) {
    if (!status.ok()) return Trouble(kName, status.message());
  }
  Result<std::vector<ListeningSocket>> sockets = ListenOn(arguments);
  if (!sockets.ok()) return Trouble(kName, sockets.status().message());

  RaiseDescriptorLimit();
  signal(SIGPIPE, SIG_IGN);
  const sigset_t stop_signals = BlockStopSignals();
  MetricsHandler handler(arguments.directory, arguments.telemetry_path,
                         [](const std::string& line) { Trouble(kName, line); });
  HttpServer server(
      [&handler](const Request& request) { return handler.Handle(request); });
  for (ListeningSocket& socket : *sockets) {
    const std::string address = ToString(socket.address());
    const Status started = server.Start(std::move(socket));
    if (!started.ok()) return Trouble(kName, started.message());
    std::printf("%s: listening on http://%s%s\n", kName, address.c_str(),
                arguments.telemetry_path.c_str());
  }
  std::fflush(stdout);

  int received = 0;
  sigwait(&stop_signals, &received);
  server.Stop();
  return kExitFine;
}

int Main(int argc, char** argv) {
  try {
    Arguments arguments;
    const std::optional<int> done = ReadArguments(argc, argv, &arguments);
    return done ? *done : Serve(arguments);
  } catch (const std::exception& error) {
    return Trouble(kName, error.what());
  }
}

}  // namespace
}  // namespace promshm::tools

int main(int argc, char** argv) { return promshm::tools::Main(argc, argv); }
