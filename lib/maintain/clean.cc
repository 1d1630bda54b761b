#include <algorithm>
#include <atomic>
#include <chrono>
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
#include "maintain/dead_files.h"
#include "maintain/merge_commit.h"
#include "maintain/merged_files.h"
#include "maintain/old_files.h"
#include "maintain/remove_files.h"
#include "promshm/maintain.h"
#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/file_facts.h"
#include "store/file_walk.h"
#include "store/hidden_file.h"
#include "store/listing_watch.h"
#include "store/merge_journal.h"
#include "store/merge_workspace.h"
#include "store/metric_file_reader.h"
#include "store/multiprocess_directory.h"
#include "store/open_file.h"
#include "store/read_ahead.h"

namespace promshm {
namespace {

using format::MetricFileName;
using maintain::Generation;
using maintain::MergedFiles;
using maintain::OldFile;
using maintain::Task;
using maintain::TasksOf;

using Names = std::vector<std::string>;
using MergedKind = std::pair<FamilyType, GaugeMode>;

// Writers that come back wait for a step; larger ones are no cheaper.
constexpr std::size_t kMostFiles = 4096;

// Of a step that is undone because writers come back.
constexpr int kTries = 20;

MergedKind KindOf(const MetricFileName& name) { return {name.type, name.mode}; }

// Purpose: carries out a plan, or sees what would come of it.
class Cleaning {
 public:
  enum class Kind { kReal, kRehearsal };

  explicit Cleaning(const CleaningPlan& plan, Kind kind)
      : plan_(plan), is_rehearsal_(kind == Kind::kRehearsal) {}

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
      status = InSteps(TasksOf(plan_, FileAction::kRemove), MostAtOnce(),
                       &Cleaning::Remove);
    }
    if (status.ok()) {
      // A rehearsal makes no merged files that the next step would go on from.
      const Tasks tasks = TasksOf(plan_, FileAction::kFold);
      status = InSteps(tasks, is_rehearsal_ ? tasks.size() : MostAtOnce(),
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
      Status status = (this->*step)(Part(tasks, i, size));
      if (!status.ok()) return status;
    }
    return {};
  }

  static Tasks Part(const Tasks& tasks, std::size_t begin, std::size_t size) {
    const auto first = tasks.begin() + static_cast<std::ptrdiff_t>(begin);
    return {first, first + static_cast<std::ptrdiff_t>(size)};
  }

  static std::size_t MostAtOnce() {
    return std::clamp<std::size_t>(store::OpenFileLimit() / 2, 1, kMostFiles);
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
        status = store::MergeWorkspace::RemoveUnseen(
            directory_, plan_.directory, task.name);
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
      Status status = ReadAll(&tasks, &old, &merged);
      if (!status.ok() || tasks.empty()) return status;
      const std::optional<Generation> generation = GenerationFor(merged);
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
    return maintain::MergeCommit(&directory_, plan_.directory, listings, old,
                                 std::move(made))
        .Run(plan_.options.patience);
  }

  // Drops tasks whose files are not to be had.
  std::vector<OldFile> Open(Tasks* tasks) {
    return OpenOldFiles(directory_, plan_.directory,
                        is_rehearsal_ ? nullptr : plan_.held.get(), tasks,
                        &report_.issues);
  }

  // Reads the tasks' files, and the merged files that there are of their kinds,
  // in the order of their names.
  Status ReadAll(Tasks* tasks, std::vector<OldFile>* old, MergedFiles* merged) {
    Tasks all = *tasks;
    Status status = AddMerged(&all);
    const std::size_t most = is_rehearsal_ ? MostAtOnce() : all.size();
    for (std::size_t i = 0; status.ok() && i < all.size(); i += most) {
      Tasks part = Part(all, i, std::min(most, all.size() - i));
      std::vector<OldFile> files = Open(&part);
      status = ReadPart(&files, merged);
      for (OldFile& file : files) {
        if (is_rehearsal_) file.fd.Close();
        old->push_back(std::move(file));
      }
    }
    AddLivingUpTo(nullptr, merged);
    std::set<std::string> read;
    for (const OldFile& file : *old) read.insert(file.name);
    std::erase_if(*tasks, [&read](const Task& task) {
      return !read.contains(task.name);
    });
    return status;
  }

  // Drops what cannot be read.
  Status ReadPart(std::vector<OldFile>* files, MergedFiles* merged) {
    // A file may be read by two threads at once.
    std::vector<std::atomic<std::uint64_t>> fingerprints(files->size());
    store::ReadAhead ahead(
        files->size(),
        [&](std::size_t i, store::MetricFileReader* reader) {
          const store::FileContents contents =
              reader->Read((*files)[i].fd, PathOf((*files)[i].name));
          fingerprints[i] = store::Fingerprint(contents.bytes);
          return Result<store::FileContents>(contents);
        },
        [](std::size_t) {});
    for (std::size_t i = 0; i < files->size(); ++i) {
      const Result<store::FileContents> contents = ahead.Next();
      if (!contents.ok()) return contents.status();
      OldFile& file = (*files)[i];
      AddLivingUpTo(&file.name, merged);
      file.is_merged = Add(*contents, &file, merged);
      // Without a lease, of what was merged and of nothing that came after.
      file.fingerprint = file.writers == store::Writers::kNone
                             ? fingerprints[i].load()
                             : store::Fingerprint(contents->bytes);
    }
    std::erase_if(*files, [](const OldFile& file) { return !file.is_merged; });
    return {};
  }

  Status AddMerged(Tasks* tasks) {
    std::set<MergedKind> kinds;
    for (const Task& task : *tasks) {
      kinds.insert(KindOf(*MetricFileName::Parse(task.name)));
    }
    const auto names = store::ListMetricFiles(directory_, plan_.directory);
    if (!names.ok()) return names.status();
    highest_.clear();
    living_.clear();
    next_living_ = 0;
    std::set<std::string> dead;
    for (const Task& task : *tasks) dead.insert(task.name);
    for (const std::string& name : *names) {
      const auto parsed = MetricFileName::Parse(name);
      if (!parsed || !kinds.contains(KindOf(*parsed))) continue;
      const auto number = format::MergedNumber(parsed->identifier);
      if (!number) {
        if (!is_rehearsal_ && MergedFiles::IsCounted(*parsed) &&
            !dead.contains(name)) {
          living_.push_back(name);
        }
        continue;
      }
      std::uint64_t& highest = highest_[KindOf(*parsed)];
      highest = std::max(highest, *number);
      tasks->emplace_back().name = name;
    }
    std::sort(tasks->begin(), tasks->end(),
              [](const Task& a, const Task& b) { return a.name < b.name; });
    return {};
  }

  // Adds living files, in their order among the others; null: all of them.
  void AddLivingUpTo(const std::string* name, MergedFiles* merged) {
    for (; next_living_ < living_.size() &&
           (name == nullptr || living_[next_living_] < *name);
         ++next_living_) {
      const std::string& living = living_[next_living_];
      const auto opened =
          store::OpenMetricFile(directory_.get(), living, PathOf(living));
      if (!opened.ok() || opened->issue) continue;
      merged->AddLiving(*MetricFileName::Parse(living),
                        reader_.Read(opened->fd, PathOf(living)));
    }
  }

  bool Add(const store::FileContents& contents, OldFile* file,
           MergedFiles* merged) {
    if (contents.issue && contents.issue->kind == IssueKind::kUnreadable) {
      report_.issues.push_back(*contents.issue);
      return false;
    }
    const maintain::Fold::Added added =
        merged->Add(*MetricFileName::Parse(file->name), contents);
    file->entries = added.entries;
    // Nothing is lost with a file that never came to hold anything.
    const bool is_empty = contents.issue && file->facts.size == 0;
    file->is_damaged = !is_empty && (contents.issue || !added.is_whole);
    return true;
  }

  // What the clients that write here can read.
  std::optional<Generation> GenerationFor(const MergedFiles& merged) {
    Generation newest = merged.newest().value_or(Generation::kCurrent);
    if (newest == Generation::kCurrent) return newest;
    if (!newest_of_all_) newest_of_all_ = NewestOfAll();
    newest = std::max(newest, *newest_of_all_);
    if (newest > Generation::kRuby) return newest;
    if (plan_.options.force) return Generation::kCurrent;
    if (!is_refused_) {
      is_refused_ = true;
      report_.issues.push_back(maintain::LeftAlone(
          plan_.directory,
          "the client that writes here could not read merged "
          "files"));
    }
    return std::nullopt;
  }

  Generation NewestOfAll() {
    Generation newest = Generation::kArrays;
    const auto names = store::ListMetricFiles(directory_, plan_.directory);
    if (!names.ok()) return newest;
    for (const std::string& name : *names) {
      const auto parsed = MetricFileName::Parse(name);
      if (!parsed) continue;
      const auto opened =
          store::OpenMetricFile(directory_.get(), name, PathOf(name));
      if (!opened.ok() || opened->issue) continue;
      const auto generation =
          maintain::GenerationOf(reader_.Read(opened->fd, PathOf(name)),
                                 store::NeedsTimestamps(*parsed));
      newest = std::max(newest, generation.value_or(newest));
      if (newest == Generation::kCurrent) break;
    }
    return newest;
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
      const std::uint64_t number = highest_[KindOf(name)] + 1 + undone_;
      name.identifier = format::MergedIdentifier(number);
      std::vector<store::FileFacts> facts;
      for (const OldFile& one : old) {
        if (KindOf(*MetricFileName::Parse(one.name)) == KindOf(name)) {
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
      if (store::Has(directory_, task.name)) {
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
      made_[KindOf(file.name)] = {1, store::WholePages(file.bytes.size()),
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
  store::MetricFileReader reader_;
  std::map<MergedKind, std::uint64_t> highest_;  // number of a merged file
  std::uint64_t undone_ = 0;
  Names living_;  // that readers add up with what is made
  std::size_t next_living_ = 0;
  std::optional<Generation> newest_of_all_;
  bool is_refused_ = false;
  std::set<std::string> processes_;
  Names names_made_;
  std::map<MergedKind, FileTotals> made_;
  CleaningReport report_;
};

}  // namespace

Result<CleaningReport> Clean(const CleaningPlan& plan) {
  return Cleaning(plan, Cleaning::Kind::kReal).Run();
}

Result<CleaningReport> RehearseCleaning(const CleaningPlan& plan) {
  return Cleaning(plan, Cleaning::Kind::kRehearsal).Run();
}

}  // namespace promshm
