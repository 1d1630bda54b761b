#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "maintain/merge_commit.h"
#include "promshm/maintain.h"
#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/merge_directory.h"
#include "store/merge_journal.h"
#include "store/merge_workspace.h"
#include "store/metric_file_reader.h"
#include "store/multiprocess_directory.h"
#include "store/writer_probe.h"

namespace promshm {
namespace maintain {
namespace {

using store::MergeWorkspace;

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

// The directory is locked. Afterwards old files are back, or do not count.
Status Settle(MergeWorkspace* workspace) {
  if (!workspace->is_committed()) return UndoExchange(workspace, {});
  const auto old = workspace->List(store::kMergeOld);
  if (!old.ok()) return old.status();
  // It is there until nothing is undone any more.
  const auto journal =
      store::ReadJournal(workspace->fd(), store::kMergeJournal);
  if (journal && (HaveWriters(*workspace, *old) ||
                  store::HaveOldFilesChanged(workspace->fd(), *journal))) {
    Status status;
    if (!workspace->is_raised()) status = workspace->Raise();
    return status.ok() ? UndoExchange(workspace, journal->made) : status;
  }
  const auto waiting = workspace->List(store::kMergeDone);
  if (!waiting.ok()) return waiting.status();
  for (const std::string& name : *waiting) {
    Status status = workspace->Place(name);
    if (!status.ok()) return status;
  }
  return {};
}

Status RemoveAllOld(const MergeWorkspace& workspace) {
  const auto names = workspace.List(store::kMergeOld);
  if (!names.ok()) return names.status();
  auto journal = store::ReadJournal(workspace.fd(), store::kMergeFinal);
  std::set<std::string> damaged;
  for (const auto& file : journal.value_or(store::MergeJournal()).old) {
    if (file.is_damaged) damaged.insert(file.name);
  }
  for (const std::string& name : *names) {
    Status status = workspace.RemoveOld(name, damaged.contains(name));
    if (!status.ok()) return status;
  }
  return {};
}

Status Finish(MergeWorkspace* workspace) {
  Status status;
  if (workspace->is_raised()) status = workspace->Drop();
  if (!status.ok()) return status;
  if (workspace->is_committed() &&
      store::ReadJournal(workspace->fd(), store::kMergeJournal)) {
    status = workspace->Seal();
  }
  if (status.ok()) status = RemoveAllOld(*workspace);
  return status.ok() ? workspace->Discard() : status;
}

}  // namespace

Result<bool> FinishMergeIn(const store::FileDescriptor& directory,
                           const std::string& path,
                           std::chrono::milliseconds patience) {
  Result<MergeWorkspace> workspace =
      MergeWorkspace::Find(&directory, path, patience);
  if (!workspace.ok()) return workspace.status();
  if (!workspace->valid()) return false;
  if (!store::LockDirectory(directory.get(), store::LockMode::kExclusive,
                            kLockPatience)) {
    return Status(StatusKind::kBusy, path + ": cannot lock: to finish a merge");
  }
  Status status = Settle(&*workspace);
  store::UnlockDirectory(directory.get());
  if (status.ok()) status = Finish(&*workspace);
  if (!status.ok()) return status;
  return true;
}

}  // namespace maintain

Result<bool> FinishMerge(const std::string& directory) {
  const std::string path = store::MultiprocessDirectory(directory);
  auto opened = store::OpenAndLock(path, store::LockMode::kShared);
  if (!opened.ok()) return opened.status();
  store::UnlockDirectory(opened->get());
  Result<bool> finished =
      maintain::FinishMergeIn(*opened, path, std::chrono::milliseconds(0));
  // Whoever is at work sees to it himself.
  if (!finished.ok() && finished.status().kind() == StatusKind::kBusy) {
    return false;
  }
  return finished;
}

}  // namespace promshm
