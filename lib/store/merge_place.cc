#include "store/merge_place.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/hidden_file.h"
#include "store/merge_directory.h"
#include "store/rename.h"
#include "store/system_error.h"

namespace promshm::store {
namespace {

// A reader looks for a moment whether somebody is at work.
constexpr std::chrono::milliseconds kReadersMoment(100);

constexpr mode_t kRights = 0755;

Status Failed(const std::string& path, const char* what, int error) {
  return SystemStatus(path + '/' + kMergeName, what, error);
}

// Not valid where it is not there by either name.
Result<MergePlace> TryOpen(const FileDescriptor& directory,
                           const std::string& path) {
  MergePlace place;
  for (const char* name : {kFenceName, kMergeName}) {
    place.fd = OpenSubdirectory(directory.get(), name);
    place.is_raised = std::string_view(name) == kFenceName;
    if (place.fd.valid()) break;
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
      return SystemStatus(path + '/' + name, "cannot open", errno);
    }
  }
  if (place.fd.valid()) place.old = OpenSubdirectory(place.fd.get(), kMergeOld);
  return place;
}

// Gives an errno.
int RemoveEmpty(const FileDescriptor& directory, int fd,
                const std::string& name) {
  for (const char* part : {kMergeOld, kMergeNew}) {
    unlinkat(fd, part, AT_REMOVEDIR);
  }
  return unlinkat(directory.get(), name.c_str(), AT_REMOVEDIR) == 0 ? 0 : errno;
}

// Makes what nobody sees yet.
Status Fill(const FileDescriptor& directory, const std::string& path,
            const std::string& name, MergePlace* place) {
  constexpr mode_t kOwners = 0700;
  if (mkdirat(directory.get(), name.c_str(), kOwners) != 0) {
    return Failed(path, "cannot create", errno);
  }
  place->fd = OpenSubdirectory(directory.get(), name.c_str());
  for (const char* part : {kMergeOld, kMergeNew}) {
    if (!place->fd.valid() || mkdirat(place->fd.get(), part, kOwners) != 0) {
      return Failed(path, "cannot create", errno);
    }
    const FileDescriptor made = OpenSubdirectory(place->fd.get(), part);
    Status status = GiveToOwner(directory, path, made.get(), kRights);
    if (!status.ok()) return status;
  }
  place->old = OpenSubdirectory(place->fd.get(), kMergeOld);
  if (!place->old.valid()) return Failed(path, "cannot open", errno);
  // Without it two cleaners could be at work.
  if (flock(place->fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return Failed(path, "cannot lock", errno);
  }
  return GiveToOwner(directory, path, place->fd.get(), kRights);
}

// Not valid where another was faster.
Result<MergePlace> Make(const FileDescriptor& directory,
                        const std::string& path) {
  std::string name(UniqueHiddenName(".new").view());
  MergePlace place;
  Status status = Fill(directory, path, name, &place);
  if (status.ok()) {
    const int error =
        RenameNew(directory.get(), name, directory.get(), kMergeName);
    if (error == 0) name = kMergeName;
    // The other may have raised his fence since we looked.
    if (error == 0 && !Has(directory.get(), kFenceName)) return place;
    if (error != 0 && error != EEXIST) {
      status = Failed(path, "cannot create", error);
    }
  }
  RemoveEmpty(directory, place.fd.get(), name);
  if (!status.ok()) return status;
  return MergePlace();
}

}  // namespace

void MergePlace::Unlock() {
  if (fd.valid()) flock(fd.get(), LOCK_UN);
}

Result<MergePlace> FindMergePlace(const FileDescriptor& directory,
                                  const std::string& path,
                                  std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    Result<MergePlace> place = TryOpen(directory, path);
    if (!place.ok() || !place->fd.valid()) return place;
    const char* name = place->is_raised ? kFenceName : kMergeName;
    if (LockDirectory(place->fd.get(), LockMode::kExclusive, kReadersMoment)) {
      if (!IsTrusted(place->fd.get(), directory.get())) {
        return Status(
            StatusKind::kPermissionDenied,
            path + '/' + name + ": unfinished merge: it is another user's");
      }
      // It may have been renamed or removed meanwhile.
      struct stat locked;
      if (fstat(place->fd.get(), &locked) == 0 &&
          IsNameOf(directory.get(), name, locked.st_ino)) {
        return place;
      }
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return Status(StatusKind::kBusy,
                    path + ": busy: another cleaner is at work");
    }
  }
}

Result<MergePlace> OpenMergePlace(const FileDescriptor& directory,
                                  const std::string& path,
                                  std::chrono::milliseconds patience) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    Result<MergePlace> found = FindMergePlace(directory, path, patience);
    if (!found.ok() || found->fd.valid()) return found;
    Result<MergePlace> made = Make(directory, path);
    if (!made.ok() || made->fd.valid()) return made;
  }
  return Status(StatusKind::kBusy,
                path + ": cannot lock: others come and go all the time");
}

Status RemoveUnseenPlace(const FileDescriptor& directory,
                         const std::string& path, const std::string& name) {
  const FileDescriptor unseen = OpenSubdirectory(directory.get(), name.c_str());
  // Its maker is still at it.
  if (!unseen.valid() || flock(unseen.get(), LOCK_EX | LOCK_NB) != 0) return {};
  const int error = RemoveEmpty(directory, unseen.get(), name);
  if (error == 0) return {};
  return SystemStatus(path + '/' + name, "cannot remove", error);
}

Status GiveToOwner(const FileDescriptor& directory, const std::string& path,
                   int fd, mode_t permissions) {
  struct stat info;
  if (fd < 0 || fstat(directory.get(), &info) != 0) {
    return Failed(path, "cannot open", errno);
  }
  const uid_t user = geteuid() == 0 ? info.st_uid : static_cast<uid_t>(-1);
  const bool is_given = fchown(fd, user, info.st_gid) == 0;
  if ((!is_given && geteuid() == 0) ||
      fchmod(fd, info.st_mode & permissions) != 0) {
    return Failed(path, "cannot give to the directory's owner", errno);
  }
  return {};
}

}  // namespace promshm::store
