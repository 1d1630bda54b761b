#include "collect/process_judge.h"

#include <algorithm>
#include <map>
#include <utility>

namespace promshm::collect {
namespace {

using store::Finding;
using store::Writers;

constexpr std::chrono::seconds kLookAgain{5};

// What the passes learnt of a process's files.
struct Known {
  bool has_files = false;
  bool has_writer = false;
  bool is_unsure = false;
};

// What is no file has no writer.
bool IsEvidence(const KnownFile& file) {
  return file.process != 0 &&
         (file.issue == nullptr ||
          (file.issue->kind != IssueKind::kNotRegularFile &&
           file.issue->kind != IssueKind::kVanished));
}

}  // namespace

bool ProcessJudge::Judge(const std::deque<KnownDirectory>& directories) {
  const std::vector<Finding> before = findings_;
  looks_.resize(directories.size());
  for (std::size_t i = 0; i < directories.size(); ++i) {
    JudgeDirectory(directories[i], &looks_[i]);
  }
  for (std::uint32_t process = 0; process < findings_.size(); ++process) {
    const bool was_dead =
        process < before.size() && before[process].liveness == Liveness::kDead;
    if ((findings_[process].liveness == Liveness::kDead) != was_dead) {
      return true;
    }
  }
  return false;
}

Finding ProcessJudge::Of(std::uint32_t process) const {
  return process < findings_.size() ? findings_[process] : Finding{};
}

void ProcessJudge::Reset() {
  findings_.clear();
  looks_.clear();
}

void ProcessJudge::JudgeDirectory(const KnownDirectory& directory,
                                  CloseLook* look) {
  std::vector<Known> known;
  for (const KnownFile& file : directory.files()) {
    if (!IsEvidence(file)) continue;
    if (file.process >= known.size()) known.resize(file.process + 1);
    Known& process = known[file.process];
    process.has_files = true;
    if (!file.IsSureOfWriters()) {
      process.is_unsure = true;
    } else if (file.writers == Writers::kSome) {
      process.has_writer = true;
    }
  }
  if (known.size() > findings_.size()) findings_.resize(known.size());
  std::vector<std::uint32_t> unsure;
  for (std::uint32_t process = 0; process < known.size(); ++process) {
    if (!known[process].has_files) continue;
    if (known[process].has_writer) {
      findings_[process] = {Liveness::kAlive, Evidence::kWriter};
    } else if (known[process].is_unsure) {
      unsure.push_back(process);
    } else {
      findings_[process] = {Liveness::kDead, Evidence::kNoWriter};
    }
  }
  if (unsure != look->processes || Clock::now() >= look->until) {
    look->processes = std::move(unsure);
    LookClosely(directory, look);
    look->until = Clock::now() + kLookAgain;
  }
  for (std::size_t i = 0; i < look->processes.size(); ++i) {
    findings_[look->processes[i]] = look->findings[i];
  }
}

// All processes of the directory are traced: one that is seen tells something
// of those that are not.
void ProcessJudge::LookClosely(const KnownDirectory& directory,
                               CloseLook* look) const {
  look->findings.clear();
  if (look->processes.empty()) return;
  std::map<std::uint32_t, store::ProcessTrace> traces;
  for (const KnownFile& file : directory.files()) {
    if (!IsEvidence(file)) continue;
    store::ProcessTrace& trace = traces[file.process];
    trace.identifier = file.identifier;
    trace.files.push_back(store::TraceFile(
        directory.PathOf(file),
        file.IsSureOfWriters() ? file.writers : Writers::kUnknown));
  }
  std::vector<store::ProcessTrace> processes;
  std::map<std::uint32_t, std::size_t> places;
  for (auto& [process, trace] : traces) {
    places[process] = processes.size();
    processes.push_back(std::move(trace));
  }
  const std::vector<Finding> findings =
      store::JudgeProcesses(processes, table_);
  for (const std::uint32_t process : look->processes) {
    look->findings.push_back(findings[places[process]]);
  }
}

}  // namespace promshm::collect
