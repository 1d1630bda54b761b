#ifndef PROMSHM_TOOLS_CLEAN_CLEAN_ARGUMENTS_H_
#define PROMSHM_TOOLS_CLEAN_CLEAN_ARGUMENTS_H_

#include <string>

#include "promshm/maintain.h"

namespace CLI {
class App;
}

namespace promshm::tools {

enum class CleanOutput { kTable, kJson };

// What promshm-gc and promshm-merge have in common.
struct CleanArguments {
  CleaningOptions options;
  bool dry_run = false;
  bool wait = false;
  CleanOutput output = CleanOutput::kTable;
};

// Adds the common options. `arguments` must outlive the parsing.
void AddCleanOptions(CLI::App* app, CleanArguments* arguments);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_CLEAN_CLEAN_ARGUMENTS_H_
