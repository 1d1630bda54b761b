#include "collect/scrape.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "format/dialect.h"
#include "format/layout.h"
#include "format/metric_file_name.h"
#include "store/directory_listing.h"
#include "store/file_walk.h"
#include "store/open_file.h"
#include "store/read_ahead.h"
#include "store/writer_probe.h"

namespace promshm::collect {
namespace {

// A file that is smaller has no dialect yet that is sure to stay.
constexpr std::size_t kTellingEntries = 2;

// The `used` of a mapped file: what lies below it is there.
std::int64_t LoadUsed(const char* file) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const auto* used = reinterpret_cast<const std::int32_t*>(file);
  return __atomic_load_n(used, __ATOMIC_ACQUIRE);
}

void ReportDamage(const FoundEntries& found, const std::string& path,
                  KnownFile* file) {
  if (!found.damage) return;
  file->issue =
      std::make_unique<Issue>(store::DamagedFile(path, *found.damage));
}

bool AreAlike(const Issue* a, const Issue* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->kind == b->kind && a->path == b->path && a->offset == b->offset &&
         a->message == b->message;
}

}  // namespace

Scrape::Scrape(const CollectorOptions& options)
    : rules_(options),
      leaves_out_dead_(options.leave_out_dead),
      judge_(options.proc) {
  const auto files = options.directories_only ? KnownDirectory::Files::kRefused
                                              : KnownDirectory::Files::kTaken;
  for (const std::string& source : options.sources) {
    directories_.emplace_back(source, directories_.size(), files);
  }
}

// Who is dead is known when all files have been looked at.
Status Scrape::Pass(const store::Deadline& deadline) {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    Status status = PassOnce(deadline);
    if (!status.ok()) return status;
    if (!leaves_out_dead_ || !judge_.Judge(directories_)) break;
  }
  return {};
}

const ProcessJudge& Scrape::Judge() {
  if (!leaves_out_dead_) judge_.Judge(directories_);
  return judge_;
}

Status Scrape::PassOnce(const store::Deadline& deadline) {
  // Collectors that are asked once need not set up anything.
  if (memory_ == nullptr) memory_ = std::make_unique<Memory>(rules_);
  const bool again = ++passes_ > 1;
  if (again && !fault_handler_) fault_handler_.emplace();
  const store::FaultScope scope;
  constexpr int kTries = 3;
  for (int i = 1; i <= kTries; ++i) {
    // At last without reading in place, which cannot fail like that.
    const bool watch = again && scope.is_safe() && i < kTries;
    const Result<Outcome> outcome = TryPass(watch, deadline);
    for (KnownDirectory& directory : directories_) directory.Finish();
    if (!outcome.ok()) return outcome.status();
    if (*outcome == Outcome::kDone) break;
  }
  return {};
}

std::uint64_t Scrape::version() const {
  std::uint64_t version = version_;
  for (const KnownDirectory& directory : directories_) {
    version += directory.changes();
  }
  return version;
}

ScrapeCosts Scrape::costs() const {
  ScrapeCosts costs = costs_;
  if (memory_ != nullptr) costs.keys_looked_up += memory_->finder.looked_up();
  return costs;
}

bool Scrape::IsOutgrown(std::size_t keys_in_use) const {
  constexpr std::size_t kKeySlack = 4096;
  constexpr std::size_t kFileSlack = 256;
  std::size_t files = 0;
  for (const KnownDirectory& directory : directories_) {
    files += directory.files().size();
  }
  const std::size_t most = 2 * files + kFileSlack;
  return memory_->index.keys().size() > 2 * keys_in_use + kKeySlack ||
         memory_->index.key_sets() > most || memory_->processes.size() > most;
}

void Scrape::Reset() noexcept {
  for (KnownDirectory& directory : directories_) directory.Reset();
  costs_ = costs();
  memory_.reset();
  judge_.Reset();
}

// With `watch`, files may be read in place.
Result<Scrape::Outcome> Scrape::TryPass(bool watch,
                                        const store::Deadline& deadline) {
  for (KnownDirectory& directory : directories_) {
    Status status = directory.Update(watch, deadline);
    if (!status.ok()) return status;
  }
  memory_->sums.Begin();
  for (KnownDirectory& directory : directories_) {
    Result<Outcome> outcome = AddDirectory(&directory);
    if (!outcome.ok() || *outcome != Outcome::kDone) return outcome;
  }
  for (KnownDirectory& directory : directories_) {
    if (directory.WereMappedFilesChanged()) return Outcome::kUnsettled;
    for (const KnownFile* file : directory.WrittenMappedFiles()) {
      if (!IsAsKnown(*file)) return Outcome::kUnsettled;
    }
  }
  return Outcome::kDone;
}

Result<Scrape::Outcome> Scrape::AddDirectory(KnownDirectory* directory) {
  if (!directory->is_watched()) return ReadAll(directory);
  std::size_t opened = 0;
  std::vector<KnownFile>& files = directory->files();
  for (auto file = files.begin(); file != files.end(); ++file) {
    const auto next = file + 1;
    if (next != files.end() && next->mapping.is_mapped()) {
      CellSums::Expect(next->entries, next->mapping.base());
    }
    if (file->must_read) {
      Status status = ReadOne(directory, opened++, &*file);
      if (!status.ok()) return status;
    } else if (file->kept) {
      if (IsLeftOut(&*file)) continue;
      memory_->sums.Add(MergeOf(file->kind), file->entries, file->kept);
    } else if (file->mapping.is_mapped() && !AddInPlace(*directory, &*file)) {
      file->Reread();
      return Outcome::kUnsettled;
    }
  }
  return Outcome::kDone;
}

Result<Scrape::Outcome> Scrape::ReadAll(KnownDirectory* directory) {
  store::ReadAhead ahead(&directory->opened());
  for (KnownFile& file : directory->files()) {
    if (!file.must_read) continue;
    const Result<store::FileContents> contents = ahead.Next();
    if (!contents.ok()) return contents.status();
    AddContents(*contents, directory->PathOf(file), &file);
  }
  return Outcome::kDone;
}

Status Scrape::ReadOne(KnownDirectory* directory, std::size_t opened,
                       KnownFile* file) {
  Result<store::OpenedFile> taken = directory->opened().Take(opened);
  if (!taken.ok()) return taken.status();
  if (taken->issue && taken->issue->kind == IssueKind::kVanished &&
      !directory->was_listed()) {
    file->entries = {};
    file->is_gone = true;
    return {};
  }
  const std::string path = directory->PathOf(*file);
  store::FileContents contents;
  if (taken->issue) {
    contents.issue = std::move(taken->issue);
  } else {
    contents = reader_.Read(taken->fd, path);
  }
  AddContents(contents, path, file);
  if (!taken->fd.valid()) return {};
  file->writers = store::ProbeWriters(taken->fd.get());
  if (!file->issue) Retain(taken->fd, contents.bytes.data(), file);
  return {};
}

void Scrape::AddContents(const store::FileContents& contents,
                         const std::string& path, KnownFile* file) {
  ++costs_.files_read;
  costs_.bytes_read += contents.bytes.size();
  const SharedNumbers keys_before = file->entries.keys;
  const std::unique_ptr<const Issue> issue_before = std::move(file->issue);
  SetContents(contents, path, file);
  if (file->entries.keys != keys_before ||
      !AreAlike(file->issue.get(), issue_before.get())) {
    ++version_;
  }
  if (file->entries.keys == nullptr || IsLeftOut(file)) return;
  memory_->sums.Add(MergeOf(file->kind), file->entries, contents.bytes.data());
}

void Scrape::SetContents(const store::FileContents& contents,
                         const std::string& path, KnownFile* file) {
  file->entries = {};
  file->end = 0;
  file->issue.reset();
  format::MetricFileName name =
      *format::MetricFileName::Parse(store::BaseName(file->name));
  if (contents.issue) {
    file->issue = std::make_unique<Issue>(*contents.issue);
    file->identifier = name.identifier;
    file->process = ProcessNumber(*file);
    return;
  }
  file->dialect = format::FindDialect(contents.bytes, contents.used,
                                      store::NeedsTimestamps(name));
  if (file->dialect.is_ruby()) name.SplitPart();
  file->kind = KindOf(name, file->dialect);
  file->identifier = name.identifier;
  file->process = ProcessNumber(*file);
  file->keys =
      memory_->index.FindKeySet(file->kind, file->identifier, file->source);
  FoundEntries found = memory_->finder.Find(file->keys, contents.bytes,
                                            contents.used, file->dialect);
  file->entries = std::move(found.entries);
  file->end = found.end;
  ReportDamage(found, path, file);
}

// A file without a writer is not looked at again until somebody opens it. What
// was opened before the probe is known to the probe, and the watch tells what
// is opened after it: by its name in this directory. One that others open for
// reading only is better read in place, where that does not matter.
void Scrape::Retain(const store::FileDescriptor& fd, const char* bytes,
                    KnownFile* file) {
  if (file->writers == store::Writers::kNone && !file->was_opened &&
      store::HasOneName(fd)) {
    file->kept = CellSums::Keep(MergeOf(file->kind), file->entries, bytes);
    file->entries.offsets.reset();
    file->must_read = false;
    return;
  }
  // There a writer's file may become another, which only the probe would tell.
  if (file->writers == store::Writers::kUnknown && store::IsOnOverlay(fd))
    return;
  file->must_read = !file->mapping.Map(
      fd, std::max<std::uint64_t>(file->end, format::kDiskHeaderSize));
}

// False when the file is not any more what it was.
bool Scrape::AddInPlace(const KnownDirectory& directory, KnownFile* file) {
  const store::FaultGuard guard(file->mapping);
  const std::int64_t used = LoadUsed(file->mapping.base());
  const auto end = static_cast<std::int64_t>(file->end);
  // Also when it has grown beyond what was mapped.
  if (used < end || used > static_cast<std::int64_t>(file->mapping.size())) {
    return false;
  }
  if (used > end && !FindTail(static_cast<std::uint64_t>(used),
                              directory.PathOf(*file), file)) {
    return false;
  }
  if (!IsLeftOut(file)) {
    memory_->sums.Add(MergeOf(file->kind), file->entries, file->mapping.base());
  }
  return !guard.has_faulted();
}

// Whether the entries still are where they were, so that what was read there
// were their values.
bool Scrape::IsAsKnown(const KnownFile& file) const {
  const store::FaultGuard guard(file.mapping);
  return file.end <= file.mapping.size() &&
         memory_->finder.HasStill(file.entries, file.dialect.value_size,
                                  {file.mapping.base(), file.end}) &&
         !guard.has_faulted();
}

// What a file has grown by. False where that is damaged.
bool Scrape::FindTail(std::uint64_t used, const std::string& path,
                      KnownFile* file) {
  const bool whole = file->entries.keys->size() < kTellingEntries;
  const std::uint64_t begin = whole ? 0 : file->end;
  // A copy, which nobody changes meanwhile.
  tail_.resize(used - begin);
  std::memcpy(tail_.data(), file->mapping.base() + begin, tail_.size());
  costs_.bytes_read += tail_.size();
  const std::string_view tail(tail_.data(), tail_.size());
  ++version_;
  if (whole) {
    SetContents({tail, used, std::nullopt}, path, file);
  } else {
    FoundEntries found = memory_->finder.FindMore(
        file->keys, file->entries, file->end, tail, used, file->dialect);
    file->entries = std::move(found.entries);
    file->end = found.end;
    ReportDamage(found, path, file);
  }
  return file->issue == nullptr;
}

// By what is known so far of the process.
bool Scrape::IsLeftOut(KnownFile* file) {
  const bool is_left_out = leaves_out_dead_ &&
                           file->kind.type == FamilyType::kGauge &&
                           format::IsLive(file->kind.mode) &&
                           judge_.Of(file->process).liveness == Liveness::kDead;
  if (is_left_out != file->is_left_out) ++version_;
  file->is_left_out = is_left_out;
  return is_left_out;
}

// From 1; 0 is nobody.
std::uint32_t Scrape::ProcessNumber(const KnownFile& file) {
  auto& processes = memory_->processes;
  const auto number = static_cast<std::uint32_t>(processes.size() + 1);
  return processes.try_emplace({file.source, file.identifier}, number)
      .first->second;
}

}  // namespace promshm::collect
