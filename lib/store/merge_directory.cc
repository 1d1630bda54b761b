#include "store/merge_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "store/metric_file_reader.h"
#include "store/system_error.h"

namespace promshm::store {
namespace {

struct CloseDirectory {
  void operator()(DIR* stream) const { closedir(stream); }
};

bool HasEntry(int directory_fd, const char* name) {
  struct stat info;
  return fstatat(directory_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::vector<std::string>> PathsIn(int merge_fd, const char* part,
                                         const std::string& name,
                                         const std::string& path) {
  Result<std::vector<std::string>> names = ListAll(merge_fd, part, path);
  if (!names.ok()) return names;
  for (std::string& file : *names) {
    file = name + '/' + part + '/' + file;
  }
  return names;
}

Status FindFiles(int merge_fd, const std::string& path, MergeView* view) {
  const char* part = kMergeOld;
  if (HasEntry(merge_fd, kMergeDone)) {
    part = kMergeDone;
    const std::optional<MergeJournal> journal = ReadJournal(merge_fd);
    // Somebody at work sees to that himself.
    if (view->is_abandoned && journal &&
        HaveOldFilesChanged(merge_fd, *journal)) {
      part = kMergeOld;
      view->hidden = journal->made;
    }
  }
  Result<std::vector<std::string>> files =
      PathsIn(merge_fd, part, view->name, path);
  if (!files.ok()) return files.status();
  view->added = *std::move(files);
  return {};
}

}  // namespace

FileDescriptor OpenSubdirectory(int directory_fd, const char* name) noexcept {
  return FileDescriptor(openat(
      directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Result<std::vector<std::string>> ListAll(int directory_fd, const char* name,
                                         const std::string& path) {
  std::vector<std::string> names;
  FileDescriptor fd = OpenSubdirectory(directory_fd, name);
  if (!fd.valid() && errno == ENOENT) return names;
  if (!fd.valid()) return SystemStatus(path + '/' + name, "cannot list", errno);
  const std::unique_ptr<DIR, CloseDirectory> stream(fdopendir(fd.get()));
  if (stream == nullptr) {
    return SystemStatus(path + '/' + name, "cannot list", errno);
  }
  fd.Release();
  errno = 0;
  while (const dirent* found = readdir(stream.get())) {
    const std::string_view entry = found->d_name;
    if (entry != "." && entry != "..") names.emplace_back(entry);
  }
  if (errno != 0) return SystemStatus(path + '/' + name, "cannot list", errno);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<MergeJournal> ReadJournal(int merge_fd) {
  const FileDescriptor fd(
      openat(merge_fd, kMergeJournal, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return MergeJournal::Parse(text);
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
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
    Status status = FindFiles(merge.get(), merge_path, &view);
    if (!status.ok()) return status;
    break;
  }
  return view;
}

}  // namespace promshm::store
