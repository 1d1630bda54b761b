#include "store/merge_workspace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/rename.h"
#include "store/system_error.h"

namespace promshm::store {
namespace {

// A reader looks for a moment whether somebody is at work.
constexpr std::chrono::milliseconds kReadersMoment(100);

}  // namespace

Result<MergeWorkspace> MergeWorkspace::Open(
    const FileDescriptor* directory, const std::string& path,
    std::chrono::milliseconds patience) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    Result<MergeWorkspace> found = Find(directory, path, patience);
    if (!found.ok() || found->valid()) return found;
    Status status = found->Make();
    if (!status.ok()) return status;
    if (found->valid()) return found;
  }
  return Status(StatusKind::kBusy,
                path + ": cannot lock: others come and go all the time");
}

Result<MergeWorkspace> MergeWorkspace::Find(
    const FileDescriptor* directory, const std::string& path,
    std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    MergeWorkspace workspace(directory, path);
    Result<bool> opened = workspace.TryOpen(kFenceName);
    if (opened.ok() && !*opened) opened = workspace.TryOpen(kMergeName);
    if (!opened.ok()) return opened.status();
    if (!*opened) return workspace;
    if (LockDirectory(workspace.fd_.get(), LockMode::kExclusive,
                      kReadersMoment)) {
      const char* name = workspace.is_raised_ ? kFenceName : kMergeName;
      if (!IsTrusted(workspace.fd_.get(), directory->get())) {
        return Status(
            StatusKind::kPermissionDenied,
            path + '/' + name + ": unfinished merge: it is another user's");
      }
      // It may have been renamed or removed meanwhile.
      struct stat locked;
      if (fstat(workspace.fd_.get(), &locked) == 0 &&
          IsNameOf(directory->get(), name, locked.st_ino)) {
        return workspace;
      }
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return Status(StatusKind::kBusy,
                    path + ": busy: another cleaner is at work");
    }
  }
}

Status MergeWorkspace::RemoveUnseen(const FileDescriptor& directory,
                                    const std::string& path,
                                    const std::string& name) {
  const FileDescriptor unseen = OpenSubdirectory(directory.get(), name.c_str());
  // Its maker is still at it.
  if (!unseen.valid() || flock(unseen.get(), LOCK_EX | LOCK_NB) != 0) return {};
  for (const char* part : {kMergeOld, kMergeNew}) {
    unlinkat(unseen.get(), part, AT_REMOVEDIR);
  }
  if (unlinkat(directory.get(), name.c_str(), AT_REMOVEDIR) == 0) return {};
  return SystemStatus(path + '/' + name, "cannot remove", errno);
}

bool MergeWorkspace::is_committed() const { return Has(fd_.get(), kMergeDone); }

Result<std::vector<std::string>> MergeWorkspace::List(const char* part) const {
  return ListPart(fd_.get(), part,
                  path_ + '/' + (is_raised_ ? kFenceName : kMergeName));
}

Status MergeWorkspace::WriteNew(const std::string& name, std::string_view bytes,
                                const FileOwner& owner) const {
  const FileDescriptor part = OpenSubdirectory(fd_.get(), kMergeNew);
  if (!part.valid()) return Failed(kMergeName, "cannot open");
  const FileDescriptor fd(openat(part.get(), name.c_str(),
                                 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return Failed(name, "cannot create");
  const WriteFailure reserved =
      ReserveBlocks(fd.get(), 0, WholePages(bytes.size()));
  if (reserved.failed()) return Done(reserved.error, name, reserved.what);
  const WriteFailure written = WriteAt(fd.get(), bytes, 0);
  if (written.failed()) return Done(written.error, name, written.what);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return Failed(name, "cannot stat");
  const bool is_given =
      (info.st_uid == owner.user && info.st_gid == owner.group) ||
      fchown(fd.get(), owner.user, owner.group) == 0;
  // Where it stays another group's, that matters only to those who may do more
  // than everybody.
  constexpr mode_t kAny = 07;
  const mode_t groups = owner.permissions >> 3U & kAny;
  if (!is_given && (groups & ~owner.permissions & kAny) != 0) {
    return Failed(name, "cannot give to its owner");
  }
  // Giving takes away rights, so they come last.
  if (fchmod(fd.get(), owner.permissions) != 0) {
    return Failed(name, "cannot give to its owner");
  }
  return Sync(fd.get());
}

Status MergeWorkspace::WriteJournal(const MergeJournal& journal) const {
  const FileDescriptor fd(
      openat(fd_.get(), kMergeJournal,
             O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return Failed(kMergeJournal, "cannot create");
  const WriteFailure written = WriteAt(fd.get(), journal.ToText(), 0);
  if (written.failed()) {
    return Done(written.error, kMergeJournal, written.what);
  }
  Status status = Give(fd.get(), 0644);
  if (status.ok()) status = Sync(fd.get());
  if (!status.ok()) return status;
  const FileDescriptor part = OpenSubdirectory(fd_.get(), kMergeNew);
  status = Sync(part.get());
  return status.ok() ? Sync(fd_.get()) : status;
}

Status MergeWorkspace::Raise() {
  Status status = Rename(directory_->get(), kMergeName, kFenceName);
  if (status.ok()) is_raised_ = true;
  return status;
}

Status MergeWorkspace::SetAside(const std::string& name,
                                std::uint64_t inode) const {
  Status status = Move(nullptr, kMergeOld, name);
  if (!status.ok() || IsNameOf(old_.get(), name, inode)) return status;
  status = PutBack(name);
  return status.ok() ? Done(ENOENT, name, "cannot rename") : status;
}

Status MergeWorkspace::Commit() const {
  Status status = Sync(old_.get());
  if (status.ok()) status = Sync(directory_->get());
  return status.ok() ? Rename(fd_.get(), kMergeNew, kMergeDone) : status;
}

Status MergeWorkspace::Place(const std::string& name) const {
  return Move(kMergeDone, nullptr, name);
}

Status MergeWorkspace::Drop() {
  Status status = SyncParts();
  if (!status.ok()) return status;
  // Another cleaner makes a workspace of its own for an instant, until he sees
  // ours.
  constexpr int kTries = 100;
  for (int i = 1; renameat(directory_->get(), kFenceName, directory_->get(),
                           kMergeName) != 0;
       ++i) {
    if (i == kTries || (errno != ENOTEMPTY && errno != EEXIST)) {
      return Failed(kFenceName, "cannot remove");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  is_raised_ = false;
  return Sync(directory_->get());
}

Status MergeWorkspace::Seal() const {
  return Rename(fd_.get(), kMergeJournal, kMergeFinal);
}

Status MergeWorkspace::RemoveOld(const std::string& name,
                                 bool is_damaged) const {
  if (!is_damaged) {
    const bool removed = unlinkat(old_.get(), name.c_str(), 0) == 0;
    return Done(removed || errno == ENOENT ? 0 : errno, name, "cannot remove");
  }
  const int error =
      RenameBack(old_.get(), name, directory_->get(), name + ".damaged");
  return Done(error == ENOENT ? 0 : error, name, "cannot rename");
}

Status MergeWorkspace::Discard() {
  const FileDescriptor made = OpenSubdirectory(fd_.get(), kMergeNew);
  const auto names = List(kMergeNew);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (unlinkat(made.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return Failed(name, "cannot remove");
    }
  }
  // done/ says that old files do not count, so it is the last to go.
  const std::array<std::pair<const char*, int>, 5> parts = {
      {{kMergeOld, AT_REMOVEDIR},
       {kMergeNew, AT_REMOVEDIR},
       {kMergeJournal, 0},
       {kMergeFinal, 0},
       {kMergeDone, AT_REMOVEDIR}}};
  for (const auto& [name, flags] : parts) {
    if (unlinkat(fd_.get(), name, flags) != 0 && errno != ENOENT) {
      return Failed(kMergeName, "cannot remove");
    }
  }
  const char* name = is_raised_ ? kFenceName : kMergeName;
  if (unlinkat(directory_->get(), name, AT_REMOVEDIR) != 0) {
    return Failed(name, "cannot remove");
  }
  Unlock();
  fd_.Close();
  return Sync(directory_->get());
}

Status MergeWorkspace::PutBack(const std::string& name) const {
  return Done(RenameBack(old_.get(), name, directory_->get(), name), name,
              "cannot put back");
}

Status MergeWorkspace::Withdraw() const {
  Status status = SyncParts();
  return status.ok() ? Rename(fd_.get(), kMergeDone, kMergeNew) : status;
}

Status MergeWorkspace::TakeOut(const std::string& name) const {
  return Move(nullptr, kMergeDone, name);
}

void MergeWorkspace::Unlock() {
  if (fd_.valid()) flock(fd_.get(), LOCK_UN);
}

// Whether it is there by that name.
Result<bool> MergeWorkspace::TryOpen(const char* name) {
  fd_ = OpenSubdirectory(directory_->get(), name);
  if (!fd_.valid()) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return false;
    return Failed(name, "cannot open");
  }
  is_raised_ = std::string_view(name) == kFenceName;
  old_ = OpenSubdirectory(fd_.get(), kMergeOld);
  return true;
}

// Leaves the object invalid where another was faster.
Status MergeWorkspace::Make() {
  const FileNameText name = UniqueHiddenName(".new");
  Status status = Fill(name);
  if (status.ok()) {
    const int error = RenameNew(directory_->get(), std::string(name.view()),
                                directory_->get(), kMergeName);
    if (error == 0) {
      // The other may have raised his fence since we looked.
      if (!Has(directory_->get(), kFenceName)) return {};
      status = Discard();
      fd_.Close();
      return status;
    }
    if (error != EEXIST) status = Done(error, kMergeName, "cannot create");
  }
  for (const char* part : {kMergeOld, kMergeNew}) {
    if (fd_.valid()) unlinkat(fd_.get(), part, AT_REMOVEDIR);
  }
  unlinkat(directory_->get(), name.c_str(), AT_REMOVEDIR);
  fd_.Close();
  return status;
}

Status MergeWorkspace::Fill(const FileNameText& name) {
  constexpr mode_t kOwners = 0700;
  if (mkdirat(directory_->get(), name.c_str(), kOwners) != 0) {
    return Failed(kMergeName, "cannot create");
  }
  fd_ = OpenSubdirectory(directory_->get(), name.c_str());
  for (const char* part : {kMergeOld, kMergeNew}) {
    if (!fd_.valid() || mkdirat(fd_.get(), part, kOwners) != 0) {
      return Failed(kMergeName, "cannot create");
    }
    const FileDescriptor made = OpenSubdirectory(fd_.get(), part);
    Status status = Give(made.get(), 0755);
    if (!status.ok()) return status;
  }
  old_ = OpenSubdirectory(fd_.get(), kMergeOld);
  if (!old_.valid()) return Failed(kMergeName, "cannot open");
  // Without it two cleaners could be at work.
  if (flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Failed(kMergeName, "cannot lock");
  }
  return Give(fd_.get(), 0755);
}

// Whoever may read the metric directory has to see what the merge means, and
// its owner may have to finish it. Nobody else may put anything there.
Status MergeWorkspace::Give(int fd, mode_t permissions) const {
  struct stat info;
  if (fd < 0 || fstat(directory_->get(), &info) != 0) {
    return Failed(kMergeName, "cannot open");
  }
  const uid_t user = geteuid() == 0 ? info.st_uid : static_cast<uid_t>(-1);
  const bool is_given = fchown(fd, user, info.st_gid) == 0;
  if ((!is_given && geteuid() == 0) ||
      fchmod(fd, info.st_mode & permissions) != 0) {
    return Failed(kMergeName, "cannot give to the directory's owner");
  }
  return {};
}

Status MergeWorkspace::SyncParts() const {
  const FileDescriptor done = OpenSubdirectory(fd_.get(), kMergeDone);
  Status status = Sync(directory_->get());
  if (status.ok() && done.valid()) status = Sync(done.get());
  if (status.ok() && old_.valid()) status = Sync(old_.get());
  return status;
}

Status MergeWorkspace::Sync(int fd) const {
  if (fsync(fd) == 0 || errno == EINVAL || errno == EROFS) return {};
  return Failed(kMergeName, "cannot sync");
}

// In one directory, on the disk when it returns.
Status MergeWorkspace::Rename(int fd, const char* from, const char* to) const {
  if (renameat(fd, from, fd, to) != 0) return Failed(to, "cannot create");
  return Sync(fd);
}

// A part that is null is the metric directory itself.
Status MergeWorkspace::Move(const char* from_part, const char* to_part,
                            const std::string& name) const {
  const char* part = from_part == nullptr ? to_part : from_part;
  // Old files are many, new ones few.
  const bool is_old = std::string_view(part) == kMergeOld;
  FileDescriptor opened;
  if (!is_old) opened = OpenSubdirectory(fd_.get(), part);
  const int part_fd = is_old ? old_.get() : opened.get();
  if (part_fd < 0) return Failed(name, "cannot rename");
  const int from_fd = from_part == nullptr ? directory_->get() : part_fd;
  const int to_fd = to_part == nullptr ? directory_->get() : part_fd;
  return Done(RenameNew(from_fd, name, to_fd, name), name, "cannot rename");
}

Status MergeWorkspace::Done(int error, const std::string& name,
                            const char* what) const {
  if (error == 0) return {};
  return SystemStatus(path_ + '/' + name, what, error);
}

Status MergeWorkspace::Failed(const std::string& name, const char* what) const {
  return SystemStatus(path_ + '/' + name, what, errno);
}

}  // namespace promshm::store
