#include "tools/common/arguments.h"

#include <cstdio>
#include <cstdlib>

#include "promshm/version.h"
#include "tools/common/exit_status.h"

namespace promshm::tools {

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
  std::fprintf(stderr, "%s: %s\n", name, message.c_str());
  return kExitTrouble;
}

}  // namespace promshm::tools
