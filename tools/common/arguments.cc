#include "tools/common/arguments.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "promshm/issue.h"
#include "promshm/version.h"
#include "tools/common/exit_status.h"
#include "tools/common/system_reason.h"

namespace promshm::tools {

std::optional<int> ParseArguments(int argc, char** argv, CLI::App* app) {
  app->failure_message([](const CLI::App* failed, const CLI::Error& error) {
    return failed->get_name() + ": " + LowerReason(error.what()) +
           "\nRun with --help for more information.\n";
  });
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error) == 0 ? kExitFine : kExitTrouble;
  }
  return std::nullopt;
}

std::string DefaultDirectory() {
  for (const char* name :
       {"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

std::string VersionText(const char* name) {
  return std::string(name) + " " PROMSHM_VERSION;
}

int Trouble(const char* name, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", name, PrintableText(message).c_str());
  return kExitTrouble;
}

}  // namespace promshm::tools
