#include "maintain/old_files.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/metric_file_reader.h"
#include "store/writer_probe.h"

namespace promshm::maintain {

using store::Writers;

std::vector<Task> TasksOf(const CleaningPlan& plan, FileAction action) {
  std::vector<Task> tasks;
  const auto add = [&](const std::vector<PlannedFile>& files,
                       const PlannedProcess* process) {
    for (const PlannedFile& file : files) {
      if (file.action != action) continue;
      Task& task = tasks.emplace_back();
      task.name = file.name;
      task.inode = file.inode;
      if (process == nullptr) continue;
      task.identifier = process->identifier;
      task.needs_no_lease = process->evidence != Evidence::kNoWriter;
    }
  };
  for (const PlannedProcess& process : plan.processes) {
    add(process.files, &process);
  }
  add(plan.leftovers, nullptr);
  if (action == FileAction::kRemove) add(plan.merged, nullptr);
  std::sort(tasks.begin(), tasks.end(),
            [](const Task& a, const Task& b) { return a.name < b.name; });
  return tasks;
}

bool OpenOldFile(const store::FileDescriptor& directory,
                 const std::string& path, const Task& task, OldFile* file,
                 std::vector<Issue>* issues) {
  const std::string file_path = path + '/' + task.name;
  Result<store::OpenedFile> opened =
      store::OpenMetricFile(directory.get(), task.name, file_path);
  if (!opened.ok()) {
    issues->push_back(LeftAlone(file_path, opened.status().message()));
    return false;
  }
  if (opened->issue) {
    if (opened->issue->kind == IssueKind::kUnreadable) {
      issues->push_back(*std::move(opened->issue));
    }
    return false;
  }
  file->name = task.name;
  file->fd = std::move(opened->fd);
  if (!store::GetFacts(file->fd, &file->facts) ||
      !store::MayActFor(file->facts.owner) ||
      (task.inode != 0 && task.inode != file->facts.inode)) {
    return false;
  }
  file->writers = store::TakeLease(file->fd.get());
  if (file->writers == Writers::kNone ||
      (file->writers == Writers::kUnknown && task.needs_no_lease)) {
    return true;
  }
  issues->push_back(LeftAlone(file_path, "its writer is back"));
  return false;
}

store::FileOwner CommonOwner(const std::vector<store::FileFacts>& files,
                             const store::FileFacts& directory) {
  store::FileOwner owner{files.front().owner, files.front().group, 0777};
  for (const store::FileFacts& file : files) {
    if (file.owner != owner.user) owner.user = directory.owner;
    if (file.group != owner.group) owner.group = directory.group;
    owner.permissions &= file.permissions;
  }
  constexpr mode_t kOwners = 0600;
  owner.permissions |= kOwners;
  return owner;
}

Issue LeftAlone(const std::string& path, std::string why) {
  return {IssueKind::kLeftAlone, path, std::nullopt,
          "left alone: " + std::move(why)};
}

}  // namespace promshm::maintain
