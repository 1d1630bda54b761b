#include "tests/support/collected.h"

#include <sstream>
#include <vector>

#include "promshm/exposition.h"

namespace promshm::testing {
namespace {

void AppendIssues(const std::vector<Issue>& issues, std::string* out) {
  for (const Issue& issue : issues) {
    *out += "issue " + std::to_string(static_cast<int>(issue.kind)) + ' ' +
            issue.path + ' ' +
            (issue.offset ? std::to_string(*issue.offset) : "-") + ' ' +
            issue.message + '\n';
  }
}

}  // namespace

CollectorOptions OptionsFor(const std::string& directory) {
  CollectorOptions options;
  options.sources = {directory};
  options.directories_only = true;
  return options;
}

std::string Collected(Collector* collector, const CollectOptions& options) {
  const Result<Snapshot> snapshot = collector->Collect(options);
  if (!snapshot.ok()) {
    return std::to_string(static_cast<int>(snapshot.status().kind())) + ' ' +
           snapshot.status().message();
  }
  std::string text;
  const std::vector<Issue> unwritten = WriteExposition(
      *snapshot, {TextFormat::kOpenMetrics100, Escaping::kAllowUtf8}, &text);
  for (const MetricFamily& family : snapshot->families()) {
    text += "family " + family.name + ' ' + family.mode + ' ' +
            std::to_string(snapshot->processes(family)) + '\n';
  }
  AppendIssues(snapshot->issues(), &text);
  AppendIssues(unwritten, &text);
  return text;
}

std::string FirstDifference(const std::string& a, const std::string& b) {
  std::istringstream lines_a(a);
  std::istringstream lines_b(b);
  std::string line_a;
  std::string line_b;
  for (int number = 1;; ++number) {
    const bool has_a = static_cast<bool>(std::getline(lines_a, line_a));
    const bool has_b = static_cast<bool>(std::getline(lines_b, line_b));
    if (!has_a && !has_b) return "none";
    if (has_a && has_b && line_a == line_b) continue;
    return "line " + std::to_string(number) + ":\n  " +
           (has_a ? line_a : "(end)") + "\n  " + (has_b ? line_b : "(end)");
  }
}

}  // namespace promshm::testing
