#include "tools/serve/upkeep.h"

#include <exception>
#include <utility>
#include <vector>

#include "tools/clean/clean_run.h"

namespace promshm::tools {

Upkeep::Upkeep(DirectorySet* directories, std::chrono::milliseconds pause,
               std::string proc, const Log* log, Listener listener)
    : directories_(*directories),
      pause_(pause),
      proc_(std::move(proc)),
      log_(*log),
      listener_(std::move(listener)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Upkeep::~Upkeep() {
  thread_.request_stop();
  thread_.join();
}

void Upkeep::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      for (const auto& directory : directories_.Current()) {
        CleanUp(directory.get());
        if (stop.stop_requested()) return;
      }
    } catch (const std::exception& error) {
      log_.Error("cannot clean up", {{"err", error.what()}});
    }
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait_for(lock, stop, pause_, [] { return false; });
  }
}

void Upkeep::CleanUp(ServedDirectory* directory) {
  CleaningOptions options;
  options.remove_live_gauges = true;
  options.fold = true;
  options.proc = proc_;
  const Result<CleanRun> run =
      RunCleaning(directory->path(), options, CleanArguments());
  if (!run.ok()) {
    TellFailure(*directory, run.status());
    return;
  }
  failures_.erase(directory->name());
  const CleaningReport& report = run->report;
  listener_(directory->name(), report);
  if (report.removed.files + report.folded.files > 0) {
    log_.Info("cleaned up",
              {{"directory", directory->name()},
               {"processes", std::to_string(report.processes)},
               {"files_removed", std::to_string(report.removed.files)},
               {"files_folded", std::to_string(report.folded.files)},
               {"files_made", std::to_string(report.made.files)}});
  }
  std::vector<std::string> lines;
  lines.reserve(run->issues.size());
  for (const Issue& issue : run->issues) lines.push_back(issue.ToString());
  directory->issue_log().Report(IssueLog::kCleaningView,
                                IssueLog::Coverage::kWhole, lines);
}

// Once, until it is another or has gone. Another cleaner does the work.
void Upkeep::TellFailure(const ServedDirectory& directory,
                         const Status& failure) {
  if (failure.kind() == StatusKind::kBusy) {
    log_.Debug(failure.message(), {{"directory", directory.name()}});
    return;
  }
  listener_(directory.name(), failure);
  std::string& told = failures_[directory.name()];
  if (told == failure.message()) return;
  told = failure.message();
  log_.Warn(failure.message(), {{"directory", directory.name()}});
}

}  // namespace promshm::tools
