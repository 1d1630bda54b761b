#include "store/directory_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string_view>

#include "store/merge_directory.h"
#include "store/system_error.h"

namespace promshm::store {
namespace {

constexpr std::string_view kSuffix = ".db";
constexpr std::chrono::milliseconds kLockPatience(2000);

struct CloseDirectory {
  void operator()(DIR* stream) const { closedir(stream); }
};

FileDescriptor OpenRetrying(const char* path, int flags) {
  int fd = -1;
  do {
    fd = open(path, flags);
  } while (fd < 0 && errno == EINTR);
  return FileDescriptor(fd);
}

// What a merge takes from the names, and what it adds.
Status ApplyMerge(const FileDescriptor& fd, const std::string& path,
                  std::vector<std::string>* names) {
  Result<MergeView> view = LookAtMerge(fd, path);
  if (!view.ok()) return view.status();
  const bool is_fence = !HasFile(fd, kFenceName);
  std::erase_if(*names, [&](const std::string& name) {
    return (is_fence && name == kFenceName) ||
           std::find(view->hidden.begin(), view->hidden.end(), name) !=
               view->hidden.end();
  });
  names->insert(names->end(), view->added.begin(), view->added.end());
  if (view->is_abandoned) names->emplace_back(kMergeName);
  return {};
}

std::chrono::milliseconds PatienceUntil(const Deadline& deadline) {
  if (!deadline) return kLockPatience;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      *deadline - std::chrono::steady_clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), kLockPatience);
}

}  // namespace

Result<FileDescriptor> OpenAndLock(const std::string& path, LockMode mode,
                                   const Deadline& deadline) {
  if (path.empty()) {
    return Status(StatusKind::kNotFound, "directory: none was named");
  }
  FileDescriptor fd =
      OpenRetrying(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!fd.valid()) return SystemStatus(path, "cannot open", errno);
  // Listing needs permission to read, opening what is listed to search.
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | X_OK, AT_EACCESS) != 0) {
    return SystemStatus(path, "cannot open", errno);
  }
  if (!LockDirectory(fd.get(), mode, PatienceUntil(deadline))) {
    return Status(StatusKind::kBusy,
                  path + ": cannot lock: another process " +
                      (deadline ? "holds the directory's lock"
                                : "has held the directory's lock for 2 "
                                  "seconds"));
  }
  return fd;
}

bool IsFile(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
}

FileDescriptor OpenSubdirectory(int directory_fd, const char* name) noexcept {
  return FileDescriptor(openat(
      directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Result<std::vector<std::string>> ListNames(FileDescriptor directory,
                                           const std::string& path) {
  if (!directory.valid()) return SystemStatus(path, "cannot list", errno);
  const std::unique_ptr<DIR, CloseDirectory> stream(fdopendir(directory.get()));
  if (stream == nullptr) return SystemStatus(path, "cannot list", errno);
  directory.Release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* found = readdir(stream.get());
    if (found == nullptr) break;
    const std::string_view name = found->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return SystemStatus(path, "cannot list", errno);
  std::sort(names.begin(), names.end());
  return names;
}

bool Has(int directory_fd, const std::string& name) {
  struct stat info;
  return fstatat(directory_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

bool HasFile(const FileDescriptor& directory, const std::string& name) {
  struct stat info;
  return fstatat(directory.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) ==
             0 &&
         S_ISREG(info.st_mode);
}

bool IsListed(std::string_view name) {
  return name.ends_with(kSuffix) && !name.starts_with('.');
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

Result<std::vector<std::string>> ListMetricFiles(const FileDescriptor& fd,
                                                 const std::string& path) {
  // Of a descriptor of its own: closing this one would let the lock go.
  Result<std::vector<std::string>> names =
      ListNames(OpenSubdirectory(fd.get(), "."), path);
  if (!names.ok()) return names;
  const bool has_merge =
      std::any_of(names->begin(), names->end(), [](const std::string& name) {
        return name == kMergeName || name == kFenceName;
      });
  std::erase_if(*names,
                [](const std::string& name) { return !IsListed(name); });
  if (!has_merge) return names;
  Status status = ApplyMerge(fd, path, &*names);
  if (!status.ok()) return status;
  std::sort(names->begin(), names->end());
  return names;
}

}  // namespace promshm::store
