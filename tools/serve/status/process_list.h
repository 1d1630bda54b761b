#ifndef PROMSHM_TOOLS_SERVE_STATUS_PROCESS_LIST_H_
#define PROMSHM_TOOLS_SERVE_STATUS_PROCESS_LIST_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/process_report.h"
#include "promshm/status.h"
#include "tools/serve/status/api_query.h"
#include "tools/serve/status/json_answer.h"

namespace promshm::tools {

// What the system tells of the process behind an identifier.
struct ProcessFacts {
  std::uint64_t pid = 0;               // as it is seen here
  std::optional<double> since;         // Unix seconds
  std::optional<std::string> command;  // its words with spaces between them
};

// Looks up processes of the directory at `path`, of which these are all
// reports: those at the places `wanted` in them, in that order. Nothing for a
// process that is not there or not to be seen.
using LookUpProcesses = std::function<std::vector<std::optional<ProcessFacts>>(
    const std::string& path, const std::vector<ProcessReport>& reports,
    const std::vector<std::size_t>& wanted)>;

// By what a list of processes is sorted.
struct ProcessOrder {
  enum class Key { kIdentifier, kLiveness, kFiles, kBytes, kEntries, kSeries };

  Key key = Key::kIdentifier;
  bool descending = false;
};

// `sort` is a member of a process's JSON, `order` asc or desc; empty texts mean
// identifier and asc. Fails with what to tell the client.
Result<ProcessOrder> ReadProcessOrder(std::string_view sort,
                                      std::string_view order);

// The processes among `reports`, without what was merged, sorted; the numbers
// in identifiers count as numbers. What stands in the range is looked up.
Json ProcessList(const std::vector<ProcessReport>& reports,
                 const std::string& path, const ProcessOrder& order,
                 const PageRange& range, const LookUpProcesses& look_up);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_PROCESS_LIST_H_
