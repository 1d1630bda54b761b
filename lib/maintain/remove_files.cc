#include "maintain/remove_files.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <thread>
#include <utility>

#include "store/directory_lock.h"
#include "store/helper_thread.h"
#include "store/removal.h"
#include "store/writer_probe.h"

namespace promshm::maintain {
namespace {

using Names = std::vector<std::string>;

// A writer that found the name has opened the file by then.
constexpr std::chrono::milliseconds kPause(2);

// Where a file is meanwhile.
using Hidden = std::map<std::string, store::Removal>;

// Drops files of which somebody waits for the lease, or that are not hidden.
void Drop(const Names& lost, std::vector<OldFile>* old, Names* all_lost) {
  std::erase_if(*old, [&](OldFile& file) {
    if (!IsIn(lost, file.name)) return false;
    all_lost->push_back(file.name);
    if (file.writers == store::Writers::kNone) {
      store::GiveLeaseBack(file.fd.get());
    }
    return true;
  });
}

Status Lock(const store::FileDescriptor& directory, const std::string& path,
            std::vector<OldFile>* old, Names* lost) {
  for (;;) {
    const Result<Names> back = LockUnlessLost(directory, path, *old);
    if (!back.ok()) return back.status();
    if (back->empty()) return {};
    Drop(*back, old, lost);
  }
}

// The directory is locked.
Status HideAll(const store::FileDescriptor& directory, const std::string& path,
               std::vector<OldFile>* old, Hidden* hidden, Names* lost) {
  Names gone;
  Status status;
  for (const OldFile& file : *old) {
    store::Removal removal(&directory, path, file.name);
    if (status.ok()) status = removal.Hide(file.facts.inode);
    if (status.ok()) {
      hidden->emplace(file.name, std::move(removal));
      continue;
    }
    gone.push_back(file.name);
    // Somebody else was faster.
    if (status.kind() == StatusKind::kNotFound) status = {};
  }
  Drop(gone, old, lost);
  return status;
}

// The directory is locked.
Status PutBackLost(std::vector<OldFile>* old, Hidden* hidden, Names* lost) {
  const Names back = Lost(*old, /*thoroughly=*/false);
  Status status;
  for (const std::string& name : back) {
    Status put_back = hidden->at(name).PutBack();
    if (!put_back.ok()) status = std::move(put_back);
    hidden->erase(name);
  }
  Drop(back, old, lost);
  return status;
}

}  // namespace

Result<std::vector<std::string>> RemoveFiles(
    const store::FileDescriptor& directory, const std::string& path,
    std::vector<OldFile>* old) {
  Names lost;
  Status status = Lock(directory, path, old, &lost);
  if (!status.ok()) return status;
  Hidden hidden;
  status = HideAll(directory, path, old, &hidden, &lost);
  Status put_back = PutBackLost(old, &hidden, &lost);
  store::UnlockDirectory(directory.get());
  std::this_thread::sleep_for(kPause);
  if (put_back.ok() && !Lost(*old, /*thoroughly=*/false).empty()) {
    // Where it cannot be locked, a reader misses the file for once.
    const bool is_locked = store::LockDirectory(
        directory.get(), store::LockMode::kExclusive, kLockPatience);
    put_back = PutBackLost(old, &hidden, &lost);
    if (is_locked) store::UnlockDirectory(directory.get());
  }
  for (const auto& [name, removal] : hidden) {
    Status removed = removal.Remove();
    if (status.ok()) status = std::move(removed);
  }
  GiveBack(old);
  store::ShareWork(old->size(), [old](std::size_t i) { (*old)[i].fd.Close(); });
  if (!put_back.ok()) return put_back;
  if (!status.ok()) return status;
  return lost;
}

}  // namespace promshm::maintain
