#include "store/metric_directory.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/open_file.h"
#include "store/system_error.h"
#include "store/writable_file.h"

namespace promshm::store {
namespace {

// Half of what the process may open is the application's, and several scrapes
// may be under way.
std::size_t DescriptorBudget() {
  constexpr std::size_t kMost = 16384;
  return std::min(OpenFileLimit() / 8, kMost);
}

}  // namespace

Result<MetricDirectory> MetricDirectory::Open(const std::string& path) {
  return OpenSome(
      path,
      [&path](const FileDescriptor& directory) {
        return ListMetricFiles(directory, path);
      },
      {}, std::nullopt);
}

Result<MetricDirectory> MetricDirectory::OpenSome(const std::string& path,
                                                  const Choose& choose,
                                                  Opened opened,
                                                  const Deadline& deadline) {
  Result<FileDescriptor> locked =
      OpenAndLock(path, LockMode::kShared, deadline);
  if (!locked.ok()) return locked.status();
  Result<std::vector<std::string>> names = choose(*locked);
  if (!names.ok()) return names.status();
  MetricDirectory directory;
  directory.directory_ = *std::move(locked);
  directory.prefix_ = path.ends_with('/') ? path : path + '/';
  directory.names_ = *std::move(names);
  directory.opened_ = std::move(opened);
  directory.OpenFiles();
  return directory;
}

Result<MetricDirectory> MetricDirectory::OpenSource(const std::string& path) {
  if (!IsFile(path)) return Open(path);
  MetricDirectory directory;
  Status status = directory.OpenAsFile(path);
  if (!status.ok()) return status;
  return directory;
}

std::string MetricDirectory::path(std::size_t file) const {
  return prefix_ + names_[file];
}

Result<OpenedFile> MetricDirectory::Take(std::size_t file) {
  return files_.empty() ? OpenNow(file) : std::move(files_[file]);
}

Result<FileContents> MetricDirectory::Peek(std::size_t file,
                                           MetricFileReader* reader) const {
  Result<OpenedFile> now{OpenedFile()};
  if (files_.empty()) {
    now = OpenNow(file);
    if (!now.ok()) return now.status();
  }
  const OpenedFile& opened = files_.empty() ? *now : files_[file];
  if (opened.issue) return FileContents{{}, 0, opened.issue};
  return reader->Read(opened.fd, path(file));
}

void MetricDirectory::Close(std::size_t file) {
  if (!files_.empty()) files_[file].fd.Close();
}

Result<FileContents> MetricDirectory::Read(std::size_t file,
                                           MetricFileReader* reader) {
  Result<FileContents> contents = Peek(file, reader);
  Close(file);
  return contents;
}

Result<OpenedFile> MetricDirectory::OpenNow(std::size_t file) const {
  Result<OpenedFile> opened =
      OpenMetricFile(directory_.get(), names_[file], path(file));
  if (opened_) opened_();
  return opened;
}

Status MetricDirectory::OpenAsFile(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  prefix_ = path.substr(0, name);
  const std::string parent = prefix_.empty() ? "." : prefix_;
  directory_ = OpenDirectory(parent.c_str());
  if (!directory_.valid()) return SystemStatus(path, "cannot open", errno);
  names_ = {path.substr(name)};
  Result<OpenedFile> opened = OpenMetricFile(directory_.get(), names_[0], path);
  if (!opened.ok()) return opened.status();
  if (opened->issue) {
    const Issue& issue = *opened->issue;
    return {issue.kind == IssueKind::kVanished ? StatusKind::kNotFound
            : issue.kind == IssueKind::kUnreadable
                ? StatusKind::kPermissionDenied
                : StatusKind::kInvalidArgument,
            issue.path + ": " + issue.message};
  }
  files_.push_back(*std::move(opened));
  return {};
}

void MetricDirectory::OpenFiles() {
  if (names_.size() > DescriptorBudget()) return;
  std::vector<OpenedFile> files;
  files.reserve(names_.size());
  for (std::size_t file = 0; file < names_.size(); ++file) {
    Result<OpenedFile> next =
        OpenMetricFile(directory_.get(), names_[file], path(file));
    // The application has opened more than its half: go one at a time.
    if (!next.ok()) return;
    files.push_back(*std::move(next));
    if (opened_ && files.size() % kOpenedAtMost == 0) opened_();
  }
  files_ = std::move(files);
  if (opened_) opened_();
  UnlockDirectory(directory_.get());
}

}  // namespace promshm::store
