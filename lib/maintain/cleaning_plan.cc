#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "format/metric_file_name.h"
#include "maintain/dead_files.h"
#include "maintain/found_files.h"
#include "maintain/held_files.h"
#include "promshm/maintain.h"
#include "store/file_facts.h"
#include "store/liveness.h"
#include "store/multiprocess_directory.h"
#include "store/process_table.h"
#include "store/writer_probe.h"

namespace promshm {
namespace {

using format::MetricFileName;
using maintain::FoundFile;
using store::Writers;

// Nobody takes so many seconds to make a directory.
constexpr double kLongMaking = 60;

// Purpose: makes a plan, of one directory.
class Planner {
 public:
  Planner(std::string path, const CleaningOptions& options)
      : options_(options), now_(store::Now()) {
    plan_.directory = std::move(path);
    plan_.options = options;
    plan_.held = std::make_shared<maintain::HeldFiles>();
  }

  Result<CleaningPlan> Make() {
    Result<maintain::FoundFiles> found =
        maintain::FindFiles(plan_.directory, options_.force);
    if (!found.ok()) return found.status();
    found_ = *std::move(found);
    plan_.issues = std::move(found_.issues);
    Judge();
    PlanMerged();
    PlanLeftovers();
    return std::move(plan_);
  }

 private:
  void Judge() {
    std::vector<store::ProcessTrace> traces;
    for (const auto& [identifier, files] : found_.processes) {
      store::ProcessTrace& trace = traces.emplace_back();
      trace.identifier = identifier;
      for (const FoundFile& file : files) {
        trace.files.push_back({file.name, file.facts.device, file.facts.inode,
                               file.facts.born, file.writers});
      }
    }
    const std::vector<store::Finding> findings =
        store::JudgeProcesses(traces, store::ProcessTable(options_.proc));
    auto finding = findings.begin();
    for (auto& [identifier, files] : found_.processes) {
      PlanProcess(identifier, files, *finding++);
    }
  }

  void PlanProcess(const std::string& identifier, std::vector<FoundFile>& files,
                   store::Finding finding) {
    bool is_told = false;
    if (options_.pid) {
      const maintain::Owner owner =
          maintain::OwnerOf(identifier, *options_.pid);
      if (owner == maintain::Owner::kOther) return;
      is_told = owner == maintain::Owner::kProcess;
      if (is_told && finding.liveness == Liveness::kUnknown) {
        finding = {Liveness::kDead, Evidence::kTold};
      }
    }
    PlannedProcess process;
    process.identifier = identifier;
    process.liveness = finding.liveness;
    process.evidence = finding.evidence;
    const bool is_dead =
        finding.liveness == Liveness::kDead ||
        (finding.liveness == Liveness::kUnknown && options_.force);
    const FoundFile* unknown = nullptr;
    const FoundFile* foreign = nullptr;
    const FoundFile* alive = nullptr;
    for (FoundFile& file : files) {
      PlannedFile planned = Plan(file);
      if (planned.action != FileAction::kKeep &&
          !store::MayActFor(file.facts.owner)) {
        Keep("it is another user's", &planned);
        foreign = &file;
      }
      if (planned.action != FileAction::kKeep && !is_dead) {
        if (finding.liveness == Liveness::kUnknown) unknown = &file;
        if (finding.liveness == Liveness::kAlive && is_told) alive = &file;
        Keep(ToString(finding.evidence), &planned);
      }
      Hold(planned, &file);
      process.files.push_back(std::move(planned));
    }
    if (foreign != nullptr && finding.liveness != Liveness::kAlive) {
      Leave(foreign->name, "left alone: it is another user's");
    } else if (unknown != nullptr) {
      Leave(unknown->name,
            std::string("left alone: whether its process lives is unknown: ") +
                ToString(finding.evidence));
    } else if (alive != nullptr) {
      Leave(alive->name, std::string("left alone: its process lives: ") +
                             ToString(finding.evidence));
    }
    plan_.processes.push_back(std::move(process));
  }

  // Of a dead process.
  PlannedFile Plan(const FoundFile& file) const {
    PlannedFile planned = Describe(file);
    if (options_.remove_everything) {
      planned.action = FileAction::kRemove;
    } else if (maintain::IsLiveGauge(*file.parsed)) {
      if (options_.remove_live_gauges) planned.action = FileAction::kRemove;
    } else if (!maintain::CanBeFolded(*file.parsed)) {
      if (options_.remove_all_gauges) planned.action = FileAction::kRemove;
    } else if (options_.fold) {
      planned.action = FileAction::kFold;
    }
    if (planned.action == FileAction::kKeep) {
      planned.reason = "it counts";
    } else if (IsTooYoung(file)) {
      Keep("it is too young", &planned);
    }
    return planned;
  }

  // Earlier merged files go into the new one of their kind.
  void PlanMerged() {
    std::set<std::pair<FamilyType, GaugeMode>> kinds;
    for (const PlannedProcess& process : plan_.processes) {
      for (const PlannedFile& file : process.files) {
        if (file.action != FileAction::kFold) continue;
        const auto name = MetricFileName::Parse(file.name);
        kinds.emplace(name->type, name->mode);
      }
    }
    for (const FoundFile& file : found_.merged) {
      PlannedFile planned = Describe(file);
      planned.reason = "it counts";
      if (file.writers == Writers::kSome) {
        Keep("a process has it open for writing", &planned);
      } else if (!store::MayActFor(file.facts.owner)) {
        Keep("it is another user's", &planned);
      } else if (options_.remove_everything && !options_.pid) {
        planned.action = FileAction::kRemove;
        if (IsTooYoung(file)) Keep("it is too young", &planned);
      } else if (kinds.contains({file.parsed->type, file.parsed->mode})) {
        planned.action = FileAction::kFold;
      }
      plan_.merged.push_back(std::move(planned));
    }
  }

  // Unfinished files are of no use to anybody; damaged ones are kept for
  // people.
  void PlanLeftovers() {
    if (options_.pid) return;
    for (const FoundFile& file : found_.leftovers) {
      const bool is_wanted =
          options_.remove_everything || (options_.remove_live_gauges &&
                                         maintain::IsUnfinishedFile(file.name));
      const bool is_left = file.facts.is_directory
                               ? now_ - file.facts.born > kLongMaking
                               : file.writers == Writers::kNone;
      if (!is_wanted || !is_left || IsTooYoung(file) ||
          !store::MayActFor(file.facts.owner)) {
        continue;
      }
      PlannedFile& planned = plan_.leftovers.emplace_back(Describe(file));
      planned.action = FileAction::kRemove;
    }
  }

  static PlannedFile Describe(const FoundFile& file) {
    PlannedFile planned;
    planned.name = file.name;
    planned.bytes = file.facts.bytes;
    planned.inode = file.facts.inode;
    planned.is_directory = file.facts.is_directory;
    return planned;
  }

  static void Keep(std::string reason, PlannedFile* planned) {
    planned->action = FileAction::kKeep;
    planned->reason = std::move(reason);
  }

  bool IsTooYoung(const FoundFile& file) const {
    return now_ - file.facts.born <
           static_cast<double>(options_.min_age.count());
  }

  void Hold(const PlannedFile& planned, FoundFile* file) {
    if (planned.action != FileAction::kKeep && file->fd.valid()) {
      plan_.held->Hold(file->name, std::move(file->fd));
    }
    file->fd.Close();
  }

  void Leave(const std::string& name, std::string message) {
    plan_.issues.push_back({IssueKind::kLeftAlone, plan_.directory + '/' + name,
                            std::nullopt, std::move(message)});
  }

  const CleaningOptions& options_;
  const double now_;
  CleaningPlan plan_;
  maintain::FoundFiles found_;
};

bool HasAction(const std::vector<PlannedFile>& files) {
  return std::any_of(files.begin(), files.end(), [](const PlannedFile& file) {
    return file.action != FileAction::kKeep;
  });
}

}  // namespace

const char* ToString(FileAction action) {
  switch (action) {
    case FileAction::kKeep:
      return "keep";
    case FileAction::kRemove:
      return "remove";
    case FileAction::kFold:
      break;
  }
  return "fold";
}

bool CleaningPlan::is_empty() const {
  return !HasAction(merged) && !HasAction(leftovers) &&
         std::none_of(processes.begin(), processes.end(),
                      [](const PlannedProcess& process) {
                        return HasAction(process.files);
                      });
}

Result<CleaningPlan> PlanCleaning(const std::string& directory,
                                  const CleaningOptions& options) {
  std::string path = store::MultiprocessDirectory(directory);
  if (path.empty()) {
    return Status(StatusKind::kInvalidArgument,
                  "PROMETHEUS_MULTIPROC_DIR: not set");
  }
  return Planner(std::move(path), options).Make();
}

}  // namespace promshm
