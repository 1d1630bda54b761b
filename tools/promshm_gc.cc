// promshm-gc: cleans up after dead processes in a multiprocess directory.

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>
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

constexpr const char* kName = "promshm-gc";

struct Arguments : CleanArguments {
  std::string directory;
  bool purge = false;
  bool startup = false;
  std::optional<double> watch;  // seconds
};

std::optional<int> ReadArguments(int argc, char** argv, Arguments* arguments) {
  CLI::App app(
      "Clean up after dead processes in a prometheus_client multiprocess\n"
      "directory: remove the live gauges of those that are proven to be dead.\n"
      "What counts stays, unless an option says otherwise.",
      kName);
  app.set_version_flag("--version", VersionText(kName), "Print the version");
  app.add_option("DIR", arguments->directory,
                 "What to clean (default: $PROMETHEUS_MULTIPROC_DIR)")
      ->type_name("");
  CleaningOptions* const options = &arguments->options;
  app.add_flag("--compact", options->fold,
               "Fold what dead processes counted into few files,\n"
               "as promshm-merge does; no sum changes");
  app.add_flag("--gauge-all", options->remove_all_gauges,
               "Remove gauges of mode all, too");
  app.add_flag("--purge", arguments->purge,
               "Remove all that dead processes left: counters fall");
  app.add_flag("--startup", arguments->startup,
               "For the start of a service, instead of rm -rf: as\n"
               "--purge, without a warning");
  app.add_option_function<std::uint64_t>(
         "--pid", [options](std::uint64_t pid) { options->pid = pid; },
         "Only files of the process PID, which has ended")
      ->type_name("PID")
      ->check(
          CLI::Range(std::int64_t{1}, std::int64_t{1} << 31).description(""));
  app.add_option_function<double>(
         "--watch", [arguments](double seconds) { arguments->watch = seconds; },
         "Do it again every SECONDS, until SIGTERM or SIGINT;\n"
         "a directory that is not there is waited for")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.01, 1e9).description(""))
      ->check([](const std::string& text) {
        // It is neither too small nor too large.
        return std::isnan(std::stod(text)) ? text + ": not a number"
                                           : std::string();
      });
  AddCleanOptions(&app, arguments);
  const std::optional<int> done = ParseArguments(argc, argv, &app);
  if (done) return done;
  if (arguments->purge && arguments->startup) {
    return Trouble(kName, "--purge: not with --startup");
  }
  if ((arguments->purge || arguments->startup) &&
      (options->fold || options->remove_all_gauges)) {
    return Trouble(kName,
                   std::string(arguments->purge ? "--purge" : "--startup") +
                       ": not with --compact or --gauge-all");
  }
  return std::nullopt;
}

class Cleaner {
 public:
  explicit Cleaner(const Arguments& arguments) : arguments_(arguments) {}

  int CleanOnce() {
    CleaningOptions options = arguments_.options;
    options.remove_live_gauges = true;
    options.remove_everything = arguments_.purge || arguments_.startup;
    const Result<CleanRun> run =
        RunCleaning(arguments_.directory, options, arguments_);
    if (!run.ok()) return TellTrouble(run.status().message());
    trouble_.clear();
    if (arguments_.purge && run->report.removed.files > 0) {
      Trouble(kName,
              "warning: counters will fall: what dead processes counted "
              "is removed");
    }
    Printer printer(kName);
    printer.Print(Text(run->plan, run->report));
    const int status =
        printer.Finish(run->issues.empty() ? kExitFine : kExitFindings);
    Tell(run->issues);
    return status;
  }

  // Until a signal says so.
  int CleanAgainAndAgain(const sigset_t& stop_signals) {
    timespec pause{};
    pause.tv_sec = static_cast<time_t>(*arguments_.watch);
    pause.tv_nsec = static_cast<long>(
        (*arguments_.watch - static_cast<double>(pause.tv_sec)) * 1e9);
    do {
      CleanOnce();
    } while (sigtimedwait(&stop_signals, nullptr, &pause) < 0);
    return kExitFine;
  }

 private:
  std::string Text(const CleaningPlan& plan,
                   const CleaningReport& report) const {
    std::string text;
    const bool is_done = report.removed.files + report.folded.files > 0;
    if (arguments_.output == CleanOutput::kJson) {
      if (is_done || !arguments_.watch) {
        text = CleaningJson(&plan, report, arguments_.dry_run);
      }
    } else {
      if (arguments_.dry_run) text = PlanText(plan);
      if (is_done) text += SummaryText(report, arguments_.dry_run);
    }
    return text;
  }

  // Once, as long as it stays the same.
  int TellTrouble(const std::string& message) {
    if (message != trouble_) Trouble(kName, message);
    trouble_ = message;
    return kExitTrouble;
  }

  void Tell(const std::vector<Issue>& issues) {
    std::set<std::string> lines;
    std::vector<Issue> others;
    for (const Issue& issue : issues) {
      if (!told_.contains(issue.ToString())) others.push_back(issue);
      lines.insert(issue.ToString());
    }
    PrintIssues(others);
    told_ = std::move(lines);
  }

  const Arguments& arguments_;
  std::string trouble_;         // that was told last
  std::set<std::string> told_;  // issues of the last time
};

int Main(int argc, char** argv) {
  try {
    Arguments arguments;
    const std::optional<int> done = ReadArguments(argc, argv, &arguments);
    if (done) return *done;
    if (arguments.directory.empty()) arguments.directory = DefaultDirectory();
    if (arguments.directory.empty()) {
      return Trouble(kName,
                     "no directory: name one or set PROMETHEUS_MULTIPROC_DIR");
    }
    RaiseDescriptorLimit();
    const sigset_t stop_signals = BlockStopSignals();
    Cleaner cleaner(arguments);
    return arguments.watch ? cleaner.CleanAgainAndAgain(stop_signals)
                           : cleaner.CleanOnce();
  } catch (const std::exception& error) {
    return Trouble(kName, error.what());
  }
}

}  // namespace
}  // namespace promshm::tools

int main(int argc, char** argv) { return promshm::tools::Main(argc, argv); }
