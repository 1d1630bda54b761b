#include "store/merge_workspace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "store/directory_listing.h"
#include "store/hidden_file.h"
#include "store/rename.h"
#include "store/system_error.h"

namespace promshm::store {

Result<MergeWorkspace> MergeWorkspace::Open(
    const FileDescriptor* directory, const std::string& path,
    std::chrono::milliseconds patience) {
  Result<MergePlace> place = OpenMergePlace(*directory, path, patience);
  if (!place.ok()) return place.status();
  return MergeWorkspace(directory, path, *std::move(place));
}

Result<MergeWorkspace> MergeWorkspace::Find(
    const FileDescriptor* directory, const std::string& path,
    std::chrono::milliseconds patience) {
  Result<MergePlace> place = FindMergePlace(*directory, path, patience);
  if (!place.ok()) return place.status();
  return MergeWorkspace(directory, path, *std::move(place));
}

bool MergeWorkspace::is_committed() const {
  return Has(place_.fd.get(), kMergeDone);
}

Result<std::vector<std::string>> MergeWorkspace::List(const char* part) const {
  return ListPart(place_.fd.get(), part,
                  path_ + '/' + (is_raised() ? kFenceName : kMergeName));
}

Status MergeWorkspace::WriteNew(const std::string& name, std::string_view bytes,
                                const FileOwner& owner) const {
  const std::string where = Inside(name);
  const FileDescriptor part = OpenSubdirectory(place_.fd.get(), kMergeNew);
  if (!part.valid()) return Failed(kMergeName, "cannot open");
  const FileDescriptor fd(openat(part.get(), name.c_str(),
                                 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return Failed(where, "cannot create");
  const WriteFailure reserved =
      ReserveBlocks(fd.get(), 0, WholePages(bytes.size()));
  if (reserved.failed()) return Done(reserved.error, where, reserved.what);
  const WriteFailure written = WriteAt(fd.get(), bytes, 0);
  if (written.failed()) return Done(written.error, where, written.what);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return Failed(where, "cannot stat");
  const bool is_given =
      (info.st_uid == owner.user && info.st_gid == owner.group) ||
      fchown(fd.get(), owner.user, owner.group) == 0;
  // Where it stays another group's, that matters only to those who may do more
  // than everybody.
  constexpr mode_t kAny = 07;
  const mode_t groups = owner.permissions >> 3U & kAny;
  if (!is_given && (groups & ~owner.permissions & kAny) != 0) {
    return Failed(where, "cannot give to its owner");
  }
  // Giving takes away rights, so they come last.
  if (fchmod(fd.get(), owner.permissions) != 0) {
    return Failed(where, "cannot give to its owner");
  }
  return Sync(fd.get());
}

Status MergeWorkspace::WriteJournal(const MergeJournal& journal) const {
  const std::string where = Inside(kMergeJournal);
  const FileDescriptor fd(
      openat(place_.fd.get(), kMergeJournal,
             O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return Failed(where, "cannot create");
  const WriteFailure written = WriteAt(fd.get(), journal.ToText(), 0);
  if (written.failed()) {
    return Done(written.error, where, written.what);
  }
  Status status = GiveToOwner(*directory_, path_, fd.get(), 0644);
  if (status.ok()) status = Sync(fd.get());
  if (!status.ok()) return status;
  const FileDescriptor part = OpenSubdirectory(place_.fd.get(), kMergeNew);
  status = Sync(part.get());
  return status.ok() ? Sync(place_.fd.get()) : status;
}

Status MergeWorkspace::Raise() {
  Status status = Rename(directory_->get(), kMergeName, kFenceName);
  if (status.ok()) place_.is_raised = true;
  return status;
}

Status MergeWorkspace::SetAside(const std::string& name,
                                std::uint64_t inode) const {
  Status status = Move(nullptr, kMergeOld, name);
  if (!status.ok() || IsNameOf(place_.old.get(), name, inode)) return status;
  status = PutBack(name);
  return status.ok() ? Done(ENOENT, name, "cannot rename") : status;
}

Status MergeWorkspace::Commit() const {
  Status status = Sync(place_.old.get());
  if (status.ok()) status = Sync(directory_->get());
  return status.ok() ? Rename(place_.fd.get(), kMergeNew, kMergeDone) : status;
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
  place_.is_raised = false;
  return Sync(directory_->get());
}

Status MergeWorkspace::Seal() const {
  return Rename(place_.fd.get(), kMergeJournal, kMergeFinal);
}

Status MergeWorkspace::RemoveOld(const std::string& name,
                                 bool is_damaged) const {
  if (!is_damaged) {
    const bool removed = unlinkat(place_.old.get(), name.c_str(), 0) == 0;
    return Done(removed || errno == ENOENT ? 0 : errno, name, "cannot remove");
  }
  const int error =
      RenameBack(place_.old.get(), name, directory_->get(), name + ".damaged");
  return Done(error == ENOENT ? 0 : error, name, "cannot rename");
}

Status MergeWorkspace::Discard() {
  const FileDescriptor made = OpenSubdirectory(place_.fd.get(), kMergeNew);
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
    if (unlinkat(place_.fd.get(), name, flags) != 0 && errno != ENOENT) {
      return Failed(kMergeName, "cannot remove");
    }
  }
  const char* name = place_.is_raised ? kFenceName : kMergeName;
  if (unlinkat(directory_->get(), name, AT_REMOVEDIR) != 0) {
    return Failed(name, "cannot remove");
  }
  place_.Unlock();
  place_.fd.Close();
  return Sync(directory_->get());
}

Status MergeWorkspace::PutBack(const std::string& name) const {
  return Done(RenameBack(place_.old.get(), name, directory_->get(), name), name,
              "cannot put back");
}

Status MergeWorkspace::Withdraw() const {
  Status status = SyncParts();
  return status.ok() ? Rename(place_.fd.get(), kMergeDone, kMergeNew) : status;
}

Status MergeWorkspace::TakeOut(const std::string& name) const {
  return Move(nullptr, kMergeDone, name);
}

Status MergeWorkspace::SyncParts() const {
  const FileDescriptor done = OpenSubdirectory(place_.fd.get(), kMergeDone);
  Status status = Sync(directory_->get());
  if (status.ok() && done.valid()) status = Sync(done.get());
  if (status.ok() && place_.old.valid()) status = Sync(place_.old.get());
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
  if (!is_old) opened = OpenSubdirectory(place_.fd.get(), part);
  const int part_fd = is_old ? place_.old.get() : opened.get();
  if (part_fd < 0) return Failed(name, "cannot rename");
  const int from_fd = from_part == nullptr ? directory_->get() : part_fd;
  const int to_fd = to_part == nullptr ? directory_->get() : part_fd;
  return Done(RenameNew(from_fd, name, to_fd, name), name, "cannot rename");
}

std::string MergeWorkspace::Inside(const std::string& name) const {
  return std::string(is_raised() ? kFenceName : kMergeName) + '/' + name;
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
