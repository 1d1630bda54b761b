#include "store/merge_workspace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "format/metric_file_name.h"
#include "store/directory_lock.h"
#include "store/system_error.h"

namespace promshm::store {
namespace {

// How many names are tried for a file whose own is taken.
constexpr int kMostNames = 1000;

// A reader looks for a moment whether somebody is at work.
constexpr std::chrono::milliseconds kReadersMoment(100);

bool IsSame(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// False with EEXIST where the name is taken.
bool RenameNew(int from_fd, const char* from, int to_fd, const char* to) {
  if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // A file system that cannot promise as much; cleaners are kept from each
  // other, and of others one name has to be hit in this moment.
  struct stat info;
  if (fstatat(to_fd, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return false;
  }
  return renameat(from_fd, from, to_fd, to) == 0;
}

std::string NumberedName(const std::string& name, int number) {
  auto parsed = format::MetricFileName::Parse(name);
  if (!parsed) return name + '-' + std::to_string(number);
  parsed->identifier += '-' + std::to_string(number);
  return parsed->ToString();
}

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
    if (!workspace.TryOpen(kFenceName) && !workspace.TryOpen(kMergeName)) {
      if (errno != ENOENT) return workspace.Failed(kMergeName, "cannot open");
      return workspace;
    }
    if (LockDirectory(workspace.fd_.get(), LockMode::kExclusive,
                      kReadersMoment)) {
      // It may have been renamed or removed meanwhile.
      struct stat locked;
      struct stat named;
      const char* name = workspace.is_raised_ ? kFenceName : kMergeName;
      if (fstat(workspace.fd_.get(), &locked) == 0 &&
          fstatat(directory->get(), name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
          IsSame(locked, named)) {
        return workspace;
      }
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return Status(StatusKind::kBusy,
                    path + ": busy: another cleaner is at work");
    }
  }
}

bool MergeWorkspace::is_committed() const {
  struct stat info;
  return fstatat(fd_.get(), kMergeDone, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::vector<std::string>> MergeWorkspace::List(const char* part) const {
  return ListAll(fd_.get(), part,
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
  if (reserved.failed()) {
    errno = reserved.error;
    return Failed(name, reserved.what);
  }
  while (!bytes.empty()) {
    const ssize_t count = write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(name, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  // A group that is given away takes the rights with it, so those come last.
  struct stat info;
  if (fstat(fd.get(), &info) != 0 ||
      ((info.st_uid != owner.user || info.st_gid != owner.group) &&
       fchown(fd.get(), owner.user, owner.group) != 0) ||
      fchmod(fd.get(), owner.permissions) != 0) {
    return Failed(name, "cannot give to its owner");
  }
  return Sync(fd.get());
}

Status MergeWorkspace::WriteJournal(const MergeJournal& journal) const {
  const FileDescriptor fd(openat(fd_.get(), kMergeJournal,
                                 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                 0666));
  if (!fd.valid()) return Failed(kMergeJournal, "cannot create");
  const std::string text = journal.ToText();
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t count = write(fd.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(kMergeJournal, "cannot write");
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  struct stat info;
  if (fstat(directory_->get(), &info) == 0) {
    fchmod(fd.get(), info.st_mode & 0666);
  }
  Status status = Sync(fd.get());
  if (!status.ok()) return status;
  const FileDescriptor part = OpenSubdirectory(fd_.get(), kMergeNew);
  status = Sync(part.get());
  return status.ok() ? Sync(fd_.get()) : status;
}

Status MergeWorkspace::RemoveNew() const {
  const FileDescriptor part = OpenSubdirectory(fd_.get(), kMergeNew);
  Result<std::vector<std::string>> names = List(kMergeNew);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (unlinkat(part.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return Failed(name, "cannot remove");
    }
  }
  return {};
}

Status MergeWorkspace::Raise() {
  if (renameat(directory_->get(), kMergeName, directory_->get(), kFenceName) !=
      0) {
    return Failed(kFenceName, "cannot create");
  }
  is_raised_ = true;
  return Sync(directory_->get());
}

Status MergeWorkspace::SetAside(const std::string& name,
                                std::uint64_t inode) const {
  Status status = Move(nullptr, kMergeOld, name);
  if (!status.ok()) return status;
  struct stat info;
  if (fstatat(old_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
      info.st_ino == inode) {
    return {};
  }
  status = PutBack(name);
  if (!status.ok()) return status;
  return {StatusKind::kNotFound, path_ + '/' + name + ": another file by now"};
}

Status MergeWorkspace::Commit() const {
  Status status = Sync(old_.get());
  if (status.ok()) status = Sync(directory_->get());
  if (!status.ok()) return status;
  if (renameat(fd_.get(), kMergeNew, fd_.get(), kMergeDone) != 0) {
    return Failed(kMergeDone, "cannot create");
  }
  return Sync(fd_.get());
}

Status MergeWorkspace::Place(const std::string& name) const {
  return Move(kMergeDone, nullptr, name);
}

Status MergeWorkspace::Drop() {
  const FileDescriptor done = OpenSubdirectory(fd_.get(), kMergeDone);
  Status status = Sync(directory_->get());
  if (status.ok() && done.valid()) status = Sync(done.get());
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

Status MergeWorkspace::PutBack(const std::string& name) const {
  int error = TryMove(kMergeOld, name, nullptr, name);
  for (int number = 2; error == EEXIST && number < kMostNames; ++number) {
    error = TryMove(kMergeOld, name, nullptr, NumberedName(name, number));
  }
  if (error == 0) return {};
  return SystemStatus(path_ + '/' + name, "cannot put back", error);
}

Status MergeWorkspace::Withdraw() const {
  const FileDescriptor done = OpenSubdirectory(fd_.get(), kMergeDone);
  Status status = Sync(directory_->get());
  if (status.ok() && done.valid()) status = Sync(done.get());
  if (!status.ok()) return status;
  if (renameat(fd_.get(), kMergeDone, fd_.get(), kMergeNew) != 0) {
    return Failed(kMergeNew, "cannot create");
  }
  return Sync(fd_.get());
}

Status MergeWorkspace::TakeOut(const std::string& name) const {
  return Move(nullptr, kMergeDone, name);
}

Status MergeWorkspace::KeepDamaged(const std::string& name) const {
  const std::string kept = name + ".damaged";
  int error = TryMove(kMergeOld, name, nullptr, kept);
  for (int number = 2; error == EEXIST && number < kMostNames; ++number) {
    error =
        TryMove(kMergeOld, name, nullptr, kept + '-' + std::to_string(number));
  }
  if (error == 0) return {};
  return SystemStatus(path_ + '/' + name, "cannot rename", error);
}

Status MergeWorkspace::RemoveOld(const std::string& name) const {
  if (unlinkat(old_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return Failed(name, "cannot remove");
}

Status MergeWorkspace::Discard() {
  Status status = RemoveNew();
  if (!status.ok()) return status;
  // done/ says that old files do not count, so it is the last to go.
  const std::array<std::pair<const char*, int>, 4> parts = {
      {{kMergeOld, AT_REMOVEDIR},
       {kMergeNew, AT_REMOVEDIR},
       {kMergeJournal, 0},
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
  fd_.Close();
  return Sync(directory_->get());
}

// False, with errno, where it is not there by that name.
bool MergeWorkspace::TryOpen(const char* name) {
  fd_ = OpenSubdirectory(directory_->get(), name);
  is_raised_ = fd_.valid() && name == kFenceName;
  if (!fd_.valid()) return false;
  old_ = OpenSubdirectory(fd_.get(), kMergeOld);
  return true;
}

// Leaves the object invalid where another was faster.
Status MergeWorkspace::Make() {
  const FileNameText name = UniqueHiddenName();
  Status status = Fill(name);
  if (status.ok()) {
    if (RenameNew(directory_->get(), name.c_str(), directory_->get(),
                  kMergeName)) {
      // The other may have raised his fence since we looked.
      struct stat info;
      if (fstatat(directory_->get(), kFenceName, &info, AT_SYMLINK_NOFOLLOW) !=
          0) {
        return {};
      }
      status = Discard();
      fd_.Close();
      return status;
    }
    if (errno != EEXIST) status = Failed(kMergeName, "cannot create");
  }
  for (const char* part : {kMergeOld, kMergeNew}) {
    if (fd_.valid()) unlinkat(fd_.get(), part, AT_REMOVEDIR);
  }
  unlinkat(directory_->get(), name.c_str(), AT_REMOVEDIR);
  fd_.Close();
  return status;
}

// With the rights that the metric directory has: whoever may read that has to
// see what the merge means.
Status MergeWorkspace::Fill(const FileNameText& name) {
  struct stat info;
  if (fstat(directory_->get(), &info) != 0 ||
      mkdirat(directory_->get(), name.c_str(), 0700) != 0) {
    return Failed(kMergeName, "cannot create");
  }
  fd_ = OpenSubdirectory(directory_->get(), name.c_str());
  const mode_t permissions = info.st_mode & 0777;
  for (const char* part : {kMergeOld, kMergeNew}) {
    if (!fd_.valid() || mkdirat(fd_.get(), part, 0700) != 0 ||
        fchmodat(fd_.get(), part, permissions, 0) != 0) {
      return Failed(kMergeName, "cannot create");
    }
  }
  old_ = OpenSubdirectory(fd_.get(), kMergeOld);
  if (!old_.valid() || fchmod(fd_.get(), permissions) != 0) {
    return Failed(kMergeName, "cannot create");
  }
  // Without it two cleaners could be at work.
  if (flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Failed(kMergeName, "cannot lock");
  }
  return {};
}

Status MergeWorkspace::Sync(int fd) const {
  if (fsync(fd) == 0 || errno == EINVAL || errno == EROFS) return {};
  return Failed(kMergeName, "cannot sync");
}

// A part that is null is the metric directory itself. Gives an errno.
int MergeWorkspace::TryMove(const char* from_part, const std::string& from,
                            const char* to_part, const std::string& to) const {
  const char* part = from_part == nullptr ? to_part : from_part;
  // Old files are many, new ones few.
  FileDescriptor opened;
  const bool is_old = std::string_view(part) == kMergeOld;
  if (!is_old) opened = OpenSubdirectory(fd_.get(), part);
  const int part_fd = is_old ? old_.get() : opened.get();
  if (part_fd < 0) return errno;
  const int from_fd = from_part == nullptr ? directory_->get() : part_fd;
  const int to_fd = to_part == nullptr ? directory_->get() : part_fd;
  return RenameNew(from_fd, from.c_str(), to_fd, to.c_str()) ? 0 : errno;
}

Status MergeWorkspace::Move(const char* from_part, const char* to_part,
                            const std::string& name) const {
  const int error = TryMove(from_part, name, to_part, name);
  if (error == 0) return {};
  return SystemStatus(path_ + '/' + name, "cannot rename", error);
}

Status MergeWorkspace::Failed(const std::string& name, const char* what) const {
  return SystemStatus(path_ + '/' + name, what, errno);
}

}  // namespace promshm::store
