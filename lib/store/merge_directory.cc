#include "store/merge_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "store/directory_listing.h"
#include "store/metric_file_reader.h"
#include "store/system_error.h"

namespace promshm::store {
namespace {

// Drops names that are not the user's.
void KeepThoseOf(uid_t user, int directory_fd,
                 std::vector<std::string>* names) {
  std::erase_if(*names, [&](const std::string& name) {
    struct stat info;
    return fstatat(directory_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) !=
               0 ||
           info.st_uid != user;
  });
}

Status FindFiles(int directory_fd, int merge_fd, const std::string& path,
                 MergeView* view) {
  const char* part = kMergeOld;
  if (Has(merge_fd, kMergeDone)) {
    part = kMergeDone;
    const std::optional<MergeJournal> journal =
        ReadJournal(merge_fd, kMergeJournal);
    // Somebody at work sees to that himself.
    if (view->is_abandoned && journal &&
        HaveOldFilesChanged(merge_fd, *journal)) {
      part = kMergeOld;
      view->hidden = journal->made;
    }
  }
  Result<std::vector<std::string>> files = ListPart(merge_fd, part, path);
  if (!files.ok()) return files.status();
  view->added = *std::move(files);
  const std::string prefix = view->name + '/' + part + '/';
  for (std::string& file : view->added) file.insert(0, prefix);
  struct stat info;
  if (!IsTrusted(merge_fd, directory_fd) && fstat(merge_fd, &info) == 0) {
    KeepThoseOf(info.st_uid, directory_fd, &view->added);
    KeepThoseOf(info.st_uid, directory_fd, &view->hidden);
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> ListPart(int merge_fd, const char* part,
                                          const std::string& path) {
  FileDescriptor fd = OpenSubdirectory(merge_fd, part);
  if (!fd.valid() && errno == ENOENT) return std::vector<std::string>();
  return ListNames(std::move(fd), path + '/' + part);
}

std::optional<MergeJournal> ReadJournal(int merge_fd, const char* name) {
  constexpr off_t kMostBytes = off_t{1} << 26;
  const FileDescriptor fd(
      openat(merge_fd, name,
             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  struct stat info;
  if (!fd.valid() || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
      info.st_size > kMostBytes) {
    return std::nullopt;
  }
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count =
        read(fd.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    size += static_cast<std::size_t>(count);
  }
  return MergeJournal::Parse(text);
}

bool IsTrusted(int merge_fd, int directory_fd) noexcept {
  struct stat merge;
  struct stat directory;
  return fstat(merge_fd, &merge) == 0 && fstat(directory_fd, &directory) == 0 &&
         (merge.st_uid == 0 || merge.st_uid == geteuid() ||
          merge.st_uid == directory.st_uid);
}

bool HaveOldFilesChanged(int merge_fd, const MergeJournal& journal) {
  const FileDescriptor old = OpenSubdirectory(merge_fd, kMergeOld);
  if (!old.valid()) return false;
  MetricFileReader reader;
  return std::any_of(journal.old.begin(), journal.old.end(),
                     [&](const MergeJournal::OldFile& file) {
                       const Result<OpenedFile> opened =
                           OpenMetricFile(old.get(), file.name, file.name);
                       if (!opened.ok() || opened->issue) return false;
                       const FileContents contents =
                           reader.Read(opened->fd, file.name);
                       return Fingerprint(contents.bytes) != file.fingerprint;
                     });
}

Result<MergeView> LookAtMerge(const FileDescriptor& directory,
                              const std::string& path) {
  MergeView view;
  for (const char* name : {kFenceName, kMergeName}) {
    const FileDescriptor merge = OpenSubdirectory(directory.get(), name);
    const std::string merge_path = path + '/' + name;
    if (!merge.valid()) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) continue;
      return SystemStatus(merge_path, "cannot open", errno);
    }
    view.name = name;
    view.is_abandoned = flock(merge.get(), LOCK_SH | LOCK_NB) == 0;
    Status status = FindFiles(directory.get(), merge.get(), merge_path, &view);
    if (!status.ok()) return status;
    break;
  }
  return view;
}

}  // namespace promshm::store
