// promshm-dump: shows what is in a multiprocess directory.

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/entries.h"
#include "promshm/exposition.h"
#include "tools/common/arguments.h"
#include "tools/common/exit_status.h"
#include "tools/common/heap.h"
#include "tools/common/printer.h"
#include "tools/common/unfinished_merge.h"
#include "tools/dump/family_table.h"

namespace promshm::tools {
namespace {

constexpr const char* kName = "promshm-dump";

enum class Output { kTable, kPrometheus, kOpenMetrics, kJson, kRaw };

const std::map<std::string, Output>& Outputs() {
  static const std::map<std::string, Output> outputs = {
      {"table", Output::kTable},
      {"prometheus", Output::kPrometheus},
      {"openmetrics", Output::kOpenMetrics},
      {"json", Output::kJson},
      {"raw", Output::kRaw}};
  return outputs;
}

struct Arguments {
  std::vector<std::string> sources;
  std::string output = "table";
};

// Unix seconds, never in exponent form.
std::string TimestampText(double timestamp) {
  std::array<char, 400> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 timestamp, std::chars_format::fixed);
  return {digits.data(), end.ptr};
}

// JSON may hold line ends and control bytes between or inside its strings; a
// line is an entry all the same.
std::string EntryLine(const FileEntry& entry) {
  std::string line = PrintableText(entry.path);
  line += '\t' + std::to_string(entry.offset) + '\t';
  line += PrintableText(entry.key);
  line += '\t' + NumberText(entry.value) + '\t';
  line += entry.timestamp ? TimestampText(*entry.timestamp) : "-";
  line += '\n';
  return line;
}

// The data is on its way before the findings are told.
int Finish(Printer* printer, ExitStatus status, const std::vector<Issue>& met) {
  const std::vector<Issue> issues = FinishMerges(met);
  if (status == kExitFine && !issues.empty()) status = kExitFindings;
  const int finished = printer->Finish(status);
  for (const Issue& issue : issues) {
    std::fprintf(stderr, "%s\n", issue.ToString().c_str());
  }
  return finished;
}

int DumpRaw(const std::vector<std::string>& sources) {
  ExitStatus status = kExitFine;
  std::vector<Issue> issues;
  Printer printer(kName);
  const auto print = [&printer](const FileEntry& entry) {
    printer.Print(EntryLine(entry));
  };
  for (const std::string& source : sources) {
    const Result<std::vector<Issue>> met = ReadEntries(source, print);
    if (met.ok()) {
      issues.insert(issues.end(), met->begin(), met->end());
    } else {
      status = kExitTrouble;
      Trouble(kName, met.status().message());
    }
  }
  return Finish(&printer, status, issues);
}

int DumpSnapshot(const std::vector<std::string>& sources, Output output) {
  TakeMemoryAtOnce();
  // Not taken apart at the end, which would take as long as many a scrape.
  static auto* const collector = new Collector(sources);
  static const auto* const collected =
      new Result<Snapshot>(collector->Collect());
  const Result<Snapshot>& snapshot = *collected;
  if (!snapshot.ok()) return Trouble(kName, snapshot.status().message());
  std::vector<Issue> issues = snapshot->issues();
  std::string text;
  if (output == Output::kJson) {
    WriteJson(*snapshot, &text);
  } else if (output == Output::kTable) {
    text = FamilyTable(*snapshot, TerminalWidth());
  } else {
    ExpositionFormat format;
    if (output == Output::kOpenMetrics) {
      format.text = TextFormat::kOpenMetrics100;
    }
    const std::vector<Issue> more = WriteExposition(*snapshot, format, &text);
    issues.insert(issues.end(), more.begin(), more.end());
  }
  Printer printer(kName);
  printer.Print(text);
  return Finish(&printer, kExitFine, issues);
}

int Run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Show the metrics in a prometheus_client multiprocess directory.", kName);
  app.set_version_flag("--version", VersionText(kName), "Print the version");
  app.add_option("DIR|FILE", arguments.sources,
                 "What to read; several are merged\n"
                 "(default: $PROMETHEUS_MULTIPROC_DIR)")
      ->type_name("");
  std::vector<std::string> names;
  for (const auto& [name, output] : Outputs()) names.push_back(name);
  app.add_option("-o,--output", arguments.output,
                 "table: a line a family (default)\n"
                 "prometheus: text format 0.0.4\n"
                 "openmetrics: OpenMetrics 1.0.0\n"
                 "json: one object, see promshm-dump(1)\n"
                 "raw: a line an entry: file, offset, key,\n"
                 "value, timestamp")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(names).description(""));
  app.footer(
      "Exit status: 0 fine; 1 something was damaged or in conflict (told on\n"
      "stderr, all good data is printed); 2 trouble: usage, no directory, no\n"
      "permission.");
  const std::optional<int> done = ParseArguments(argc, argv, &app);
  if (done) return *done;
  if (arguments.sources.empty()) {
    std::string directory = DefaultDirectory();
    if (directory.empty()) {
      return Trouble(kName,
                     "no directory: name one or set PROMETHEUS_MULTIPROC_DIR");
    }
    arguments.sources.push_back(std::move(directory));
  }
  const Output output = Outputs().at(arguments.output);
  return output == Output::kRaw ? DumpRaw(arguments.sources)
                                : DumpSnapshot(arguments.sources, output);
}

}  // namespace
}  // namespace promshm::tools

int main(int argc, char** argv) {
  try {
    return promshm::tools::Run(argc, argv);
  } catch (const std::exception& error) {
    return promshm::tools::Trouble(promshm::tools::kName, error.what());
  }
}
