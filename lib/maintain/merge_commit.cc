#include "maintain/merge_commit.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/helper_thread.h"
#include "store/merge_directory.h"
#include "store/merge_journal.h"
#include "store/metric_file_reader.h"

namespace promshm::maintain {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using store::MergeWorkspace;

constexpr milliseconds kLockPatience(2000);

// How long a reader without locks takes to list the directory, and a writer to
// open a file: several times what the former takes us.
std::chrono::microseconds PauseFor(const store::FileDescriptor& directory,
                                   const std::string& path) {
  constexpr milliseconds kLeast(2);
  constexpr milliseconds kMost(200);
  constexpr int kSlower = 2;
  const auto begin = steady_clock::now();
  const bool listed = store::ListMetricFiles(directory, path).ok();
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(
      steady_clock::now() - begin);
  return std::clamp<std::chrono::microseconds>(listed ? taken * kSlower : kMost,
                                               kLeast, kMost);
}

Status PutAllBack(MergeWorkspace* workspace) {
  const auto names = workspace->List(store::kMergeOld);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    Status status = workspace->PutBack(name);
    if (!status.ok()) return status;
  }
  return {};
}

Status PlaceAll(MergeWorkspace* workspace) {
  const auto names = workspace->List(store::kMergeDone);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    Status status = workspace->Place(name);
    if (!status.ok()) return status;
  }
  return {};
}

bool HaveWriters(const MergeWorkspace& workspace,
                 const std::vector<std::string>& names) {
  const store::FileDescriptor old =
      store::OpenSubdirectory(workspace.fd(), store::kMergeOld);
  return std::any_of(
      names.begin(), names.end(), [&old](const std::string& name) {
        const auto opened = store::OpenMetricFile(old.get(), name, name);
        return opened.ok() && !opened->issue &&
               store::ProbeWriters(opened->fd.get()) == store::Writers::kSome;
      });
}

// Puts what was left in order. The directory is locked.
Status Settle(MergeWorkspace* workspace) {
  const auto old = workspace->List(store::kMergeOld);
  if (!old.ok()) return old.status();
  if (workspace->is_committed()) {
    const auto journal = store::ReadJournal(workspace->fd());
    if (journal && (HaveWriters(*workspace, *old) ||
                    store::HaveOldFilesChanged(workspace->fd(), *journal))) {
      Status status;
      if (!workspace->is_raised()) status = workspace->Raise();
      return status.ok() ? Undo(workspace, journal->made) : status;
    }
    return PlaceAll(workspace);
  }
  return PutAllBack(workspace);
}

Status RemoveAllOld(MergeWorkspace* workspace) {
  const auto names = workspace->List(store::kMergeOld);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    Status status = workspace->RemoveOld(name);
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace

MergeCommit::MergeCommit(const store::FileDescriptor* directory,
                         std::string path, std::vector<OldFile>* old,
                         std::vector<NewFile> made)
    : directory_(*directory),
      path_(std::move(path)),
      old_(*old),
      made_(std::move(made)) {}

Result<std::vector<std::string>> MergeCommit::Run(milliseconds patience) {
  Result<MergeWorkspace> workspace =
      MergeWorkspace::Open(&directory_, path_, patience);
  if (!workspace.ok()) return workspace.status();
  pause_ = PauseFor(directory_, path_);
  Status status = Prepare(&*workspace);
  Result<Names> lost = status.ok() ? Exchange(&*workspace) : Names();
  if (status.ok() && lost.ok() && lost->empty()) status = Remove(&*workspace);
  // Where something is left of old files, the next who looks has to see to it.
  const auto left = workspace->List(store::kMergeOld);
  if (left.ok() && left->empty()) {
    if (workspace->is_raised()) {
      const Status dropped = workspace->Drop();
      if (status.ok()) status = dropped;
    }
    const Status discarded = workspace->Discard();
    if (status.ok()) status = discarded;
  }
  if (!lost.ok() || status.ok()) return lost;
  return status;
}

Status MergeCommit::Prepare(MergeWorkspace* workspace) const {
  if (made_.empty()) return {};
  store::MergeJournal journal;
  for (const NewFile& file : made_) {
    Status status = workspace->WriteNew(file.name, file.bytes, file.owner);
    if (!status.ok()) return status;
    journal.made.push_back(file.name);
  }
  for (const OldFile& file : old_) {
    if (file.is_merged) journal.old.push_back({file.name, file.fingerprint});
  }
  return workspace->WriteJournal(journal);
}

Result<std::vector<std::string>> MergeCommit::Exchange(
    MergeWorkspace* workspace) {
  if (!made_.empty()) {
    Status status = workspace->Raise();
    if (!status.ok()) return status;
    Pause();
  }
  Result<Names> outcome = Lock();
  if (!outcome.ok() || !outcome->empty()) return outcome;
  outcome = RenameAll(workspace);
  store::UnlockDirectory(directory_.get());
  if (!outcome.ok() || !outcome->empty()) return outcome;
  Pause();
  Names lost = Lost(/*thoroughly=*/true);
  if (lost.empty()) return lost;
  // Late, but not too late. Whoever keeps the directory locked now has the
  // numbers of before or after, and a writer waits.
  if (!store::LockDirectory(directory_.get(), store::LockMode::kExclusive,
                            kLockPatience)) {
    return Status(StatusKind::kBusy, path_ + ": cannot lock: to undo a merge");
  }
  Names made;
  for (const NewFile& file : made_) made.push_back(file.name);
  Status status = Undo(workspace, made);
  store::UnlockDirectory(directory_.get());
  if (!status.ok()) return status;
  return lost;
}

// Nobody who wants to write waits for longer than we look for the lock.
Result<std::vector<std::string>> MergeCommit::Lock() {
  constexpr milliseconds kMoment(5);
  const auto deadline = steady_clock::now() + kLockPatience;
  while (!store::LockDirectory(directory_.get(), store::LockMode::kExclusive,
                               kMoment)) {
    Names lost = Lost(/*thoroughly=*/false);
    if (!lost.empty()) return lost;
    if (steady_clock::now() >= deadline) {
      return Status(StatusKind::kBusy,
                    path_ +
                        ": cannot lock: another process has held the "
                        "directory's lock for 2 seconds");
    }
  }
  return Names();
}

// The directory is locked. Nothing has changed where it fails, or names a file.
Result<std::vector<std::string>> MergeCommit::RenameAll(
    MergeWorkspace* workspace) {
  Status status;
  Names lost;
  for (const OldFile& file : old_) {
    status = workspace->SetAside(file.name, file.facts.inode);
    if (status.kind() == StatusKind::kNotFound) {
      lost.push_back(file.name);
      status = {};
    }
    if (!status.ok()) break;
  }
  if (status.ok() && lost.empty()) lost = Lost(/*thoroughly=*/true);
  if (!status.ok() || !lost.empty()) {
    const Status undone = PutAllBack(workspace);
    if (!undone.ok()) return undone;
    if (!status.ok()) return status;
    return lost;
  }
  if (made_.empty()) return lost;
  status = workspace->Commit();
  if (status.ok()) status = PlaceAll(workspace);
  if (status.ok()) return lost;
  Names made;
  for (const NewFile& file : made_) made.push_back(file.name);
  const Status undone = Undo(workspace, made);
  return undone.ok() ? status : undone;
}

Status MergeCommit::Remove(MergeWorkspace* workspace) const {
  if (workspace->is_raised()) {
    Status status = workspace->Drop();
    if (!status.ok()) return status;
  }
  for (const OldFile& file : old_) {
    Status status = file.is_damaged ? workspace->KeepDamaged(file.name)
                                    : workspace->RemoveOld(file.name);
    if (!status.ok()) return status;
  }
  // Now the system takes the blocks back, which is most of the work.
  store::ShareWork(old_.size(), [this](std::size_t i) { old_[i].fd.Close(); });
  return {};
}

// The files whose writers are back. Where we have no lease, what a file holds
// can tell.
std::vector<std::string> MergeCommit::Lost(bool thoroughly) const {
  Names lost;
  store::MetricFileReader reader;
  for (const OldFile& file : old_) {
    if (file.writers == store::Writers::kNone) {
      if (!store::HoldsLease(file.fd.get())) lost.push_back(file.name);
    } else if (thoroughly && file.is_merged &&
               store::Fingerprint(reader.Read(file.fd, file.name).bytes) !=
                   file.fingerprint) {
      lost.push_back(file.name);
    }
  }
  return lost;
}

void MergeCommit::Pause() const { std::this_thread::sleep_for(pause_); }

Status Undo(MergeWorkspace* workspace, const std::vector<std::string>& made) {
  if (workspace->is_committed()) {
    const auto waiting = workspace->List(store::kMergeDone);
    if (!waiting.ok()) return waiting.status();
    for (const std::string& name : made) {
      if (std::find(waiting->begin(), waiting->end(), name) != waiting->end()) {
        continue;
      }
      Status status = workspace->TakeOut(name);
      if (!status.ok()) return status;
    }
    Status status = workspace->Withdraw();
    if (!status.ok()) return status;
  }
  return PutAllBack(workspace);
}

Result<bool> FinishMergeIn(const store::FileDescriptor& directory,
                           const std::string& path, milliseconds patience) {
  Result<MergeWorkspace> workspace =
      MergeWorkspace::Find(&directory, path, patience);
  if (!workspace.ok()) return workspace.status();
  if (!workspace->valid()) return false;
  if (!store::LockDirectory(directory.get(), store::LockMode::kExclusive,
                            kLockPatience)) {
    return Status(StatusKind::kBusy, path + ": cannot lock: to finish a merge");
  }
  Status status = Settle(&*workspace);
  if (status.ok() && workspace->is_raised()) status = workspace->Drop();
  store::UnlockDirectory(directory.get());
  if (status.ok()) status = RemoveAllOld(&*workspace);
  if (status.ok()) status = workspace->Discard();
  if (!status.ok()) return status;
  return true;
}

}  // namespace promshm::maintain
