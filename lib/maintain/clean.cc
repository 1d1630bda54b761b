#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "format/merged_name.h"
#include "format/metric_file_name.h"
#include "maintain/fold_sources.h"
#include "maintain/merge_commit.h"
#include "maintain/merged_files.h"
#include "maintain/old_files.h"
#include "maintain/remove_files.h"
#include "promshm/maintain.h"
#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/file_facts.h"
#include "store/hidden_file.h"
#include "store/listing_watch.h"
#include "store/merge_place.h"

namespace promshm {
namespace {

using format::MetricFileName;
using maintain::FoldSources;
using maintain::Generation;
using maintain::MergedFiles;
using maintain::MergedKind;
using maintain::MergedKindOf;
using maintain::OldFile;
using maintain::Task;
using maintain::TasksOf;

using Names = std::vector<std::string>;

// Of a step that is undone because writers come back.
constexpr int kTries = 20;

// Purpose: carries out a plan, or sees what would come of it.
class Cleaning {
 public:
  enum class Kind { kReal, kRehearsal };

  explicit Cleaning(const CleaningPlan& plan, Kind kind)
      : plan_(plan),
        is_rehearsal_(kind == Kind::kRehearsal),
        sources_(&plan_, &directory_, is_rehearsal_, &report_.issues) {}

  Result<CleaningReport> Run() {
    auto directory =
        store::OpenAndLock(plan_.directory, store::LockMode::kShared);
    if (!directory.ok()) return directory.status();
    store::UnlockDirectory(directory->get());
    directory_ = *std::move(directory);
    Status status;
    if (!is_rehearsal_ && !plan_.is_empty()) {
      status = maintain::FinishMergeIn(directory_, plan_.directory,
                                       plan_.options.patience)
                   .status();
    }
    // What frees space comes before what needs some.
    if (status.ok()) {
      status = InSteps(TasksOf(plan_, FileAction::kRemove),
                       maintain::MostAtOnce(), &Cleaning::Remove);
    }
    if (status.ok()) {
      // A rehearsal makes no merged files that the next step would go on from.
      const Tasks tasks = TasksOf(plan_, FileAction::kFold);
      status =
          InSteps(tasks, is_rehearsal_ ? tasks.size() : maintain::MostAtOnce(),
                  &Cleaning::Fold);
    }
    if (!status.ok()) return status;
    SumUp();
    return std::move(report_);
  }

 private:
  using Tasks = std::vector<Task>;
  using Step = Status (Cleaning::*)(Tasks tasks);

  Status InSteps(const Tasks& tasks, std::size_t most, Step step) {
    for (std::size_t i = 0; i < tasks.size(); i += most) {
      const std::size_t size = std::min(most, tasks.size() - i);
      Status status = (this->*step)(maintain::PartOf(tasks, i, size));
      if (!status.ok()) return status;
    }
    return {};
  }

  Status Remove(Tasks tasks) {
    Status status = RemoveWorkspaces(&tasks);
    std::vector<OldFile> old = Open(&tasks);
    if (!status.ok() || old.empty()) return status;
    if (!is_rehearsal_) {
      const Result<Names> lost =
          maintain::RemoveFiles(directory_, plan_.directory, &old);
      if (!lost.ok()) return lost.status();
      LeaveOut(*lost, &tasks);
    }
    for (const OldFile& file : old) Count(file, &report_.removed);
    Note(tasks);
    return {};
  }

  // Of cleaners that were killed before they began.
  Status RemoveWorkspaces(Tasks* tasks) {
    Status status;
    std::erase_if(*tasks, [&](const Task& task) {
      if (!task.is_directory) return false;
      if (status.ok() && !is_rehearsal_) {
        status =
            store::RemoveUnseenPlace(directory_, plan_.directory, task.name);
      }
      return true;
    });
    return status;
  }

  Status Fold(Tasks tasks) {
    for (int i = 0; i < kTries; ++i) {
      store::ListingWatch listings;
      if (!is_rehearsal_) listings.Start(directory_);
      std::vector<OldFile> old;
      MergedFiles merged(/*with_living=*/!is_rehearsal_);
      Status status = sources_.Read(&tasks, &old, &merged);
      if (!status.ok() || tasks.empty()) return status;
      const std::optional<Generation> generation =
          sources_.GenerationFor(merged);
      if (!generation) return {};
      const auto files = merged.Finish(*generation);
      if (!files.ok()) return files.status();
      std::vector<maintain::NewFile> made = Name(*files, old);
      Names names;
      for (const maintain::NewFile& file : made) names.push_back(file.name);
      const Result<Names> lost = Commit(&listings, &old, std::move(made));
      if (!lost.ok()) return lost.status();
      if (lost->empty()) {
        NoteFolded(old);
        NoteMade(*files, names);
        Note(tasks);
        return {};
      }
      LeaveOut(*lost, &tasks);
      ++undone_;
    }
    report_.issues.push_back(
        maintain::LeftAlone(plan_.directory, "writers come back all the time"));
    return {};
  }

  Result<Names> Commit(store::ListingWatch* listings, std::vector<OldFile>* old,
                       std::vector<maintain::NewFile> made) {
    if (is_rehearsal_) return Names();
    return maintain::MergeCommit(&directory_, plan_.directory, listings,
                                 sources_.listing_time(), old, std::move(made))
        .Run(plan_.options.patience);
  }

  // Drops tasks whose files are not to be had.
  std::vector<OldFile> Open(Tasks* tasks) {
    return OpenOldFiles(directory_, plan_.directory,
                        is_rehearsal_ ? nullptr : plan_.held.get(), tasks,
                        &report_.issues);
  }

  // A name is never given twice: a reader without locks opens what it listed
  // before, and would take the new file for the old one.
  std::vector<maintain::NewFile> Name(
      const std::vector<MergedFiles::File>& files,
      const std::vector<OldFile>& old) {
    store::FileFacts directory;
    store::GetFacts(directory_, &directory);
    std::vector<maintain::NewFile> made;
    for (const MergedFiles::File& file : files) {
      MetricFileName name = file.name;
      const std::uint64_t number =
          sources_.HighestNumber(MergedKindOf(name)) + 1 + undone_;
      name.identifier = format::MergedIdentifier(number);
      std::vector<store::FileFacts> facts;
      for (const OldFile& one : old) {
        if (MergedKindOf(*MetricFileName::Parse(one.name)) ==
            MergedKindOf(name)) {
          facts.push_back(one.facts);
        }
      }
      made.push_back({name.ToString(), file.bytes,
                      maintain::CommonOwner(facts, directory)});
    }
    return made;
  }

  void LeaveOut(const Names& lost, Tasks* tasks) {
    std::erase_if(*tasks, [&](const Task& task) {
      if (!maintain::IsIn(lost, task.name)) return false;
      // Another cleaner may have taken it.
      if (store::Has(directory_.get(), task.name)) {
        report_.issues.push_back(
            maintain::LeftAlone(PathOf(task.name), "its writer is back"));
      }
      return true;
    });
  }

  void Note(const Tasks& tasks) {
    for (const Task& task : tasks) {
      if (!task.identifier.empty()) processes_.insert(task.identifier);
    }
  }

  static void Count(const OldFile& file, FileTotals* totals) {
    ++totals->files;
    totals->bytes += file.facts.bytes;
    totals->entries += file.entries;
  }

  void NoteFolded(const std::vector<OldFile>& old) {
    for (const OldFile& file : old) {
      if (maintain::IsIn(names_made_, file.name)) continue;
      Count(file, &report_.folded);
      const auto name = MetricFileName::Parse(file.name);
      if (format::MergedNumber(name->identifier)) ++report_.folded_again;
      if (file.is_damaged) {
        report_.issues.push_back(
            {IssueKind::kDamaged, PathOf(file.name), std::nullopt,
             "damaged: what can be read is merged; kept as " + file.name +
                 ".damaged"});
      }
    }
  }

  // The last of a kind is the one that stays.
  void NoteMade(const std::vector<MergedFiles::File>& files,
                const Names& names) {
    names_made_.insert(names_made_.end(), names.begin(), names.end());
    for (const MergedFiles::File& file : files) {
      made_[MergedKindOf(file.name)] = {1, store::WholePages(file.bytes.size()),
                                        file.entries, file.series};
    }
  }

  void SumUp() {
    for (const auto& [kind, made] : made_) {
      report_.made.files += made.files;
      report_.made.bytes += made.bytes;
      report_.made.entries += made.entries;
      report_.made.series += made.series;
    }
    report_.folded.series = report_.made.series;
    report_.processes = processes_.size();
  }

  std::string PathOf(const std::string& name) const {
    return plan_.directory + '/' + name;
  }

  const CleaningPlan& plan_;
  const bool is_rehearsal_;
  store::FileDescriptor directory_;
  CleaningReport report_;
  FoldSources sources_;
  std::uint64_t undone_ = 0;
  std::set<std::string> processes_;
  Names names_made_;
  std::map<MergedKind, FileTotals> made_;
};

}  // namespace

Result<CleaningReport> Clean(const CleaningPlan& plan) {
  return Cleaning(plan, Cleaning::Kind::kReal).Run();
}

Result<CleaningReport> RehearseCleaning(const CleaningPlan& plan) {
  return Cleaning(plan, Cleaning::Kind::kRehearsal).Run();
}

}  // namespace promshm
