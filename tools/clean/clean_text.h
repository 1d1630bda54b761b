#ifndef PROMSHM_TOOLS_CLEAN_CLEAN_TEXT_H_
#define PROMSHM_TOOLS_CLEAN_CLEAN_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "promshm/issue.h"
#include "promshm/maintain.h"

namespace promshm::tools {

// Bytes for reading: `812 B`, `12.3 kB`.
std::string BytesText(std::uint64_t bytes);

// Bytes on the disk that a report's work gains.
std::uint64_t FreedBytes(const CleaningReport& report);

// What is to be done: a line a process, and below it a line for each file that
// something is done about.
std::string PlanText(const CleaningPlan& plan);

// One line: processes, files, bytes.
std::string SummaryText(const CleaningReport& report, bool dry_run);

// Files, bytes, entries and series before and after.
std::string BeforeAndAfter(const CleaningReport& report);

// Prints issues on stderr, a line each; of many, the first and how many more.
void PrintIssues(const std::vector<Issue>& issues);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_CLEAN_CLEAN_TEXT_H_
