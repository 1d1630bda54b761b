#include "tools/serve/status/process_lookup.h"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace promshm::tools {

LookUpProcesses LookUpBy(ProcessFinder* finder, std::string proc) {
  return [finder, proc = std::move(proc)](
             const std::string& path, const std::vector<ProcessReport>& reports,
             const std::vector<std::size_t>& wanted) {
    const std::vector<FoundProcess> found = finder->Find({path}, reports);
    std::vector<std::optional<ProcessFacts>> facts;
    facts.reserve(wanted.size());
    for (const std::size_t place : wanted) {
      std::optional<ProcessFacts>& of_one = facts.emplace_back();
      const std::optional<RunningProcess>& process = found[place].process;
      if (!process) continue;
      of_one = {process->id, process->started, ReadCommand(*process, proc)};
    }
    return facts;
  };
}

}  // namespace promshm::tools
