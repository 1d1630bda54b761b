#include "maintain/fold_sources.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "format/merged_name.h"
#include "store/directory_listing.h"
#include "store/file_walk.h"
#include "store/merge_journal.h"
#include "store/read_ahead.h"
#include "store/writer_probe.h"

namespace promshm::maintain {

using format::MetricFileName;

Status FoldSources::Read(std::vector<Task>* tasks, std::vector<OldFile>* old,
                         MergedFiles* merged) {
  std::vector<Task> all = *tasks;
  Status status = AddMerged(&all);
  const std::size_t most = is_rehearsal_ ? MostAtOnce() : all.size();
  for (std::size_t i = 0; status.ok() && i < all.size(); i += most) {
    std::vector<Task> part = PartOf(all, i, std::min(most, all.size() - i));
    std::vector<OldFile> files = OpenOldFiles(
        directory_, plan_.directory, is_rehearsal_ ? nullptr : plan_.held.get(),
        &part, &issues_);
    status = ReadPart(&files, merged);
    for (OldFile& file : files) {
      if (is_rehearsal_) file.fd.Close();
      old->push_back(std::move(file));
    }
  }
  AddLivingUpTo(nullptr, merged);
  std::set<std::string> read;
  for (const OldFile& file : *old) read.insert(file.name);
  std::erase_if(
      *tasks, [&read](const Task& task) { return !read.contains(task.name); });
  return status;
}

// Drops what cannot be read.
Status FoldSources::ReadPart(std::vector<OldFile>* files, MergedFiles* merged) {
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

Status FoldSources::AddMerged(std::vector<Task>* tasks) {
  std::set<MergedKind> kinds;
  for (const Task& task : *tasks) {
    kinds.insert(MergedKindOf(*MetricFileName::Parse(task.name)));
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto names = store::ListMetricFiles(directory_, plan_.directory);
  if (!names.ok()) return names.status();
  listing_time_ = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  highest_.clear();
  living_.clear();
  next_living_ = 0;
  std::set<std::string> dead;
  for (const Task& task : *tasks) dead.insert(task.name);
  for (const std::string& name : *names) {
    const auto parsed = MetricFileName::Parse(name);
    if (!parsed || !kinds.contains(MergedKindOf(*parsed))) continue;
    const auto number = format::MergedNumber(parsed->identifier);
    if (!number) {
      if (!is_rehearsal_ && MergedFiles::IsCounted(*parsed) &&
          !dead.contains(name)) {
        living_.push_back(name);
      }
      continue;
    }
    std::uint64_t& highest = highest_[MergedKindOf(*parsed)];
    highest = std::max(highest, *number);
    tasks->emplace_back().name = name;
  }
  std::sort(tasks->begin(), tasks->end(),
            [](const Task& a, const Task& b) { return a.name < b.name; });
  return {};
}

// Adds living files, in their order among the others; null: all of them.
void FoldSources::AddLivingUpTo(const std::string* name, MergedFiles* merged) {
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

bool FoldSources::Add(const store::FileContents& contents, OldFile* file,
                      MergedFiles* merged) {
  if (contents.issue && contents.issue->kind == IssueKind::kUnreadable) {
    issues_.push_back(*contents.issue);
    return false;
  }
  const Fold::Added added =
      merged->Add(*MetricFileName::Parse(file->name), contents);
  file->entries = added.entries;
  // Nothing is lost with a file that never came to hold anything.
  const bool is_empty = contents.issue && file->facts.size == 0;
  file->is_damaged = !is_empty && (contents.issue || !added.is_whole);
  return true;
}

std::optional<Generation> FoldSources::GenerationFor(
    const MergedFiles& merged) {
  Generation newest = merged.newest().value_or(Generation::kCurrent);
  if (newest == Generation::kCurrent) return newest;
  if (!newest_of_all_) newest_of_all_ = NewestOfAll();
  newest = std::max(newest, *newest_of_all_);
  if (newest > Generation::kRuby) return newest;
  if (plan_.options.force) return Generation::kCurrent;
  if (!is_refused_) {
    is_refused_ = true;
    issues_.push_back(
        LeftAlone(plan_.directory,
                  "the client that writes here could not read merged "
                  "files"));
  }
  return std::nullopt;
}

Generation FoldSources::NewestOfAll() {
  Generation newest = Generation::kArrays;
  const auto names = store::ListMetricFiles(directory_, plan_.directory);
  if (!names.ok()) return newest;
  for (const std::string& name : *names) {
    const auto parsed = MetricFileName::Parse(name);
    if (!parsed) continue;
    const auto opened =
        store::OpenMetricFile(directory_.get(), name, PathOf(name));
    if (!opened.ok() || opened->issue) continue;
    const auto generation = GenerationOf(reader_.Read(opened->fd, PathOf(name)),
                                         store::NeedsTimestamps(*parsed));
    newest = std::max(newest, generation.value_or(newest));
    if (newest == Generation::kCurrent) break;
  }
  return newest;
}

}  // namespace promshm::maintain
