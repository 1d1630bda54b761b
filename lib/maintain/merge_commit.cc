#include "maintain/merge_commit.h"

#include <algorithm>
#include <thread>

#include "store/directory_lock.h"
#include "store/helper_thread.h"
#include "store/merge_directory.h"
#include "store/merge_journal.h"

namespace promshm::maintain {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using store::MergeWorkspace;

// How long a reader without locks takes to list the directory, and a writer to
// open a file: more than the former takes us.
std::chrono::microseconds PauseFor(std::chrono::microseconds listing_time) {
  constexpr milliseconds kLeast(2);
  constexpr milliseconds kMost(200);
  constexpr int kSlower = 2;
  return std::clamp<std::chrono::microseconds>(listing_time * kSlower, kLeast,
                                               kMost);
}

}  // namespace

MergeCommit::MergeCommit(const store::FileDescriptor* directory,
                         std::string path, store::ListingWatch* listings,
                         std::chrono::microseconds listing_time,
                         std::vector<OldFile>* old, std::vector<NewFile> made)
    : directory_(*directory),
      path_(std::move(path)),
      listings_(*listings),
      pause_(PauseFor(listing_time)),
      old_(*old),
      made_(std::move(made)) {
  for (const NewFile& file : made_) names_made_.push_back(file.name);
}

Result<std::vector<std::string>> MergeCommit::Run(milliseconds patience) {
  Result<MergeWorkspace> workspace =
      MergeWorkspace::Open(&directory_, path_, patience);
  if (!workspace.ok()) return workspace.status();
  workspace_ = &*workspace;
  listings_.Drain();
  Status status = Prepare();
  Result<Names> lost = status.ok() ? Exchange() : Result<Names>(status);
  if (lost.ok() && lost->empty()) status = Remove();
  // Nobody waits for what is not to be had.
  GiveBack(&old_);
  // Where old files are left, the next who looks has to see to them.
  const auto left = workspace->List(store::kMergeOld);
  if (left.ok() && left->empty()) {
    Status ended;
    if (workspace->is_raised()) ended = workspace->Drop();
    if (ended.ok()) ended = workspace->Discard();
    if (status.ok()) status = ended;
  }
  if (!lost.ok() || status.ok()) return lost;
  return status;
}

Status MergeCommit::Prepare() const {
  store::MergeJournal journal;
  journal.made = names_made_;
  for (const NewFile& file : made_) {
    Status status = workspace_->WriteNew(file.name, file.bytes, file.owner);
    if (!status.ok()) return status;
  }
  for (const OldFile& file : old_) {
    journal.old.push_back({file.name, file.fingerprint, file.is_damaged});
  }
  return workspace_->WriteJournal(journal);
}

Result<std::vector<std::string>> MergeCommit::Exchange() {
  Status status = workspace_->Raise();
  if (!status.ok()) return status;
  WaitForListings();
  Result<Names> lost = LockUnlessLost(directory_, path_, old_);
  if (!lost.ok() || !lost->empty()) return lost;
  lost = RenameAll();
  store::UnlockDirectory(directory_.get());
  if (!lost.ok() || !lost->empty()) return lost;
  WaitForListings();
  lost = Lost(old_, /*thoroughly=*/true);
  if (lost->empty()) return lost;
  // Late, but not too late: a writer waits for us.
  status = UndoAll();
  if (!status.ok()) return status;
  return lost;
}

// The directory is locked. Nothing has changed where it fails, or names a file.
Result<std::vector<std::string>> MergeCommit::RenameAll() {
  Status status;
  Names lost;
  for (const OldFile& file : old_) {
    status = workspace_->SetAside(file.name, file.facts.inode);
    if (status.kind() == StatusKind::kNotFound) {
      lost.push_back(file.name);
      status = {};
    }
    if (!status.ok()) break;
  }
  if (status.ok() && lost.empty()) lost = Lost(old_, /*thoroughly=*/true);
  if (status.ok() && lost.empty()) {
    status = workspace_->Commit();
    for (const std::string& name : names_made_) {
      if (status.ok()) status = workspace_->Place(name);
    }
    if (status.ok()) return lost;
  }
  const Status undone = UndoExchange(workspace_, names_made_);
  if (!undone.ok()) return undone;
  if (!status.ok()) return status;
  return lost;
}

Status MergeCommit::UndoAll() {
  if (!store::LockDirectory(directory_.get(), store::LockMode::kExclusive,
                            kLockPatience)) {
    return {StatusKind::kBusy, path_ + ": cannot lock: to undo a merge"};
  }
  Status status = UndoExchange(workspace_, names_made_);
  store::UnlockDirectory(directory_.get());
  return status;
}

Status MergeCommit::Remove() {
  Status status = workspace_->Drop();
  if (status.ok()) status = workspace_->Seal();
  for (const OldFile& file : old_) {
    if (!status.ok()) return status;
    status = workspace_->RemoveOld(file.name, file.is_damaged);
  }
  // Now the system takes the blocks back, which is most of the work.
  store::ShareWork(old_.size(), [this](std::size_t i) { old_[i].fd.Close(); });
  return status;
}

// Who takes longer than that for one listing may come to a wrong sum, if he
// happens to have passed both the fence and the new file. A writer that comes
// back waits no longer than a moment.
void MergeCommit::WaitForListings() {
  constexpr milliseconds kPatience(250);
  constexpr milliseconds kMoment(5);
  const auto deadline = steady_clock::now() + kPatience;
  std::this_thread::sleep_for(pause_);
  while (!listings_.WaitUntilUnseen(kMoment)) {
    if (!Lost(old_, /*thoroughly=*/false).empty()) return;
    if (steady_clock::now() < deadline) continue;
    listings_.Forget();
    return;
  }
}

Status UndoExchange(store::MergeWorkspace* workspace,
                    const std::vector<std::string>& made) {
  if (workspace->is_committed()) {
    const auto waiting = workspace->List(store::kMergeDone);
    if (!waiting.ok()) return waiting.status();
    for (const std::string& name : made) {
      if (IsIn(*waiting, name)) continue;
      Status status = workspace->TakeOut(name);
      if (!status.ok()) return status;
    }
    Status status = workspace->Withdraw();
    if (!status.ok()) return status;
  }
  const auto names = workspace->List(store::kMergeOld);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    Status status = workspace->PutBack(name);
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace promshm::maintain
