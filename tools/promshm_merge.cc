// promshm-merge: makes few files of many in a multiprocess directory.

#include <CLI/CLI.hpp>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "promshm/maintain.h"
#include "tools/clean/clean_arguments.h"
#include "tools/clean/clean_json.h"
#include "tools/clean/clean_run.h"
#include "tools/clean/clean_text.h"
#include "tools/common/arguments.h"
#include "tools/common/exit_status.h"
#include "tools/common/printer.h"
#include "tools/common/process_setup.h"

namespace promshm::tools {
namespace {

constexpr const char* kName = "promshm-merge";

struct Arguments : CleanArguments {
  std::vector<std::string> directories;
  std::optional<std::string> into;
};

std::optional<int> ReadArguments(int argc, char** argv, Arguments* arguments) {
  CLI::App app(
      "Fold what dead processes counted in a prometheus_client multiprocess\n"
      "directory into few files, or merge directories into a new one.\n"
      "No sum changes.",
      kName);
  app.set_version_flag("--version", VersionText(kName), "Print the version");
  app.add_option("DIR", arguments->directories,
                 "What to merge; several with --into\n"
                 "(default: $PROMETHEUS_MULTIPROC_DIR)")
      ->type_name("");
  app.add_option_function<std::string>(
         "--into",
         [arguments](const std::string& into) { arguments->into = into; },
         "Merge all files of DIR, of living processes, too,\n"
         "into a new directory, and leave DIR as it is")
      ->type_name("NEWDIR");
  AddCleanOptions(&app, arguments);
  const std::optional<int> done = ParseArguments(argc, argv, &app);
  if (done || !arguments->into) return done;
  if (arguments->into->empty()) return Trouble(kName, "--into: no name");
  for (const char* name : {"--min-age", "--wait", "--force", "--proc"}) {
    if (app.count(name) > 0) {
      return Trouble(kName, std::string(name) + ": not with --into");
    }
  }
  return std::nullopt;
}

int Print(const std::string& text, const std::vector<Issue>& issues) {
  Printer printer(kName);
  printer.Print(text);
  const int status = printer.Finish(issues.empty() ? kExitFine : kExitFindings);
  PrintIssues(issues);
  return status;
}

int MergeInPlace(const Arguments& arguments) {
  const std::string& directory = arguments.directories.front();
  CleaningOptions options = arguments.options;
  options.fold = true;
  const Result<CleanRun> run = RunCleaning(directory, options, arguments);
  if (!run.ok()) return Trouble(kName, run.status().message());
  std::string text;
  if (arguments.output == CleanOutput::kJson) {
    text = CleaningJson(&run->plan, run->report, arguments.dry_run);
  } else {
    if (arguments.dry_run) text = PlanText(run->plan);
    if (run->report.folded.files > 0) text += BeforeAndAfter(run->report);
  }
  return Print(text, run->issues);
}

int MergeElsewhere(const Arguments& arguments) {
  const Result<CleaningReport> report =
      arguments.dry_run ? RehearseMergeInto(arguments.directories)
                        : MergeInto(*arguments.into, arguments.directories);
  if (!report.ok()) return Trouble(kName, report.status().message());
  return Print(arguments.output == CleanOutput::kJson
                   ? CleaningJson(nullptr, *report, arguments.dry_run)
                   : BeforeAndAfter(*report),
               report->issues);
}

int Main(int argc, char** argv) {
  try {
    Arguments arguments;
    const std::optional<int> done = ReadArguments(argc, argv, &arguments);
    if (done) return *done;
    if (arguments.directories.empty()) {
      std::string directory = DefaultDirectory();
      if (directory.empty()) {
        return Trouble(
            kName, "no directory: name one or set PROMETHEUS_MULTIPROC_DIR");
      }
      arguments.directories.push_back(std::move(directory));
    }
    RaiseDescriptorLimit();
    BlockStopSignals();
    if (arguments.into) return MergeElsewhere(arguments);
    if (arguments.directories.size() > 1) {
      return Trouble(kName, "several directories: need --into NEWDIR");
    }
    return MergeInPlace(arguments);
  } catch (const std::exception& error) {
    return Trouble(kName, error.what());
  }
}

}  // namespace
}  // namespace promshm::tools

int main(int argc, char** argv) { return promshm::tools::Main(argc, argv); }
