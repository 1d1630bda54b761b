#ifndef PROMSHM_TOOLS_COMMON_ARGUMENTS_H_
#define PROMSHM_TOOLS_COMMON_ARGUMENTS_H_

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace promshm::tools {

// Hands the arguments to `app`, whose name is the tool's. The exit status
// where there is nothing left to do: help was asked for, or the usage is wrong,
// which is told on stderr.
std::optional<int> ParseArguments(int argc, char** argv, CLI::App* app);

// The directory a tool works on when none is named: $PROMETHEUS_MULTIPROC_DIR,
// then $prometheus_multiproc_dir, which older clients read; empty when neither
// is set.
std::string DefaultDirectory();

// What a tool prints for --version: "NAME VERSION".
std::string VersionText(const char* name);

// Prints "NAME: MESSAGE" on stderr and returns kExitTrouble.
int Trouble(const char* name, const std::string& message);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_ARGUMENTS_H_
