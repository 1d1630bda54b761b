// promshm-serve: serves multiprocess directories over HTTP.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "promshm/status.h"
#include "tools/common/arguments.h"
#include "tools/common/exit_status.h"
#include "tools/common/process_setup.h"
#include "tools/common/system_reason.h"
#include "tools/serve/directory_arguments.h"
#include "tools/serve/exporter.h"
#include "tools/serve/serve_arguments.h"
#include "tools/serve/site.h"

namespace promshm::tools {
namespace {

// What is served comes later, but for what was named.
Status CheckDirectories(const std::vector<DirectoryArgument>& directories) {
  for (const DirectoryArgument& directory : directories) {
    if (directory.is_pattern) continue;
    // The slash makes a file that is no directory an error.
    if (faccessat(AT_FDCWD, (directory.path + "/").c_str(), R_OK | X_OK,
                  AT_EACCESS) != 0) {
      return {StatusKind::kIoError,
              directory.path + ": cannot open: " + SystemReason(errno)};
    }
  }
  return {};
}

int Serve(const ServeArguments& arguments) {
  for (const Status& status : {CheckDirectories(arguments.directories),
                               CheckTelemetryPath(arguments.telemetry_path)}) {
    if (!status.ok()) return Trouble(kServeName, status.message());
  }
  RaiseDescriptorLimit();
  signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = BlockStopSignals({SIGHUP});
  const Result<std::unique_ptr<Exporter>> exporter = Exporter::Make(arguments);
  if (!exporter.ok()) return Trouble(kServeName, exporter.status().message());
  const Status started = (*exporter)->Start();
  if (!started.ok()) return Trouble(kServeName, started.message());
  (*exporter)->Run(signals);
  return kExitFine;
}

int Main(int argc, char** argv) {
  OpenStandardStreams();
  try {
    ServeArguments arguments;
    const std::optional<int> done = ReadServeArguments(argc, argv, &arguments);
    return done ? *done : Serve(arguments);
  } catch (const std::exception& error) {
    return Trouble(kServeName, error.what());
  }
}

}  // namespace
}  // namespace promshm::tools

int main(int argc, char** argv) { return promshm::tools::Main(argc, argv); }
