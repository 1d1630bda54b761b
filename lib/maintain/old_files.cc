#include "maintain/old_files.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "store/directory_lock.h"
#include "store/helper_thread.h"
#include "store/merge_journal.h"
#include "store/metric_file_reader.h"
#include "store/open_file.h"
#include "store/writer_probe.h"

namespace promshm::maintain {

using store::Writers;

namespace {

struct Opening {
  OldFile file;
  bool is_open = false;
  std::optional<Issue> issue;
};

// Called from two threads.
void Open(const store::FileDescriptor& directory, const std::string& path,
          HeldFiles* held, const Task& task, Opening* opening) {
  const std::string file_path = path + '/' + task.name;
  OldFile& file = opening->file;
  file.name = task.name;
  if (held != nullptr) file.fd = held->Take(task.name);
  if (!file.fd.valid()) {
    Result<store::OpenedFile> opened =
        store::OpenMetricFile(directory.get(), task.name, file_path);
    if (!opened.ok()) {
      opening->issue = LeftAlone(file_path, opened.status().message());
      return;
    }
    if (opened->issue) {
      if (opened->issue->kind == IssueKind::kUnreadable) {
        opening->issue = *std::move(opened->issue);
      }
      return;
    }
    file.fd = std::move(opened->fd);
  }
  if (!store::GetFacts(file.fd, &file.facts) ||
      !store::MayActFor(file.facts.owner) ||
      (task.inode != 0 && task.inode != file.facts.inode)) {
    return;
  }
  file.writers = store::TakeLease(file.fd.get());
  opening->is_open = file.writers == Writers::kNone ||
                     (file.writers == Writers::kUnknown && task.needs_no_lease);
  if (!opening->is_open) {
    opening->issue = LeftAlone(file_path, "its writer is back");
  }
}

}  // namespace

std::vector<Task> TasksOf(const CleaningPlan& plan, FileAction action) {
  std::vector<Task> tasks;
  const auto add = [&](const std::vector<PlannedFile>& files,
                       const PlannedProcess* process) {
    for (const PlannedFile& file : files) {
      if (file.action != action) continue;
      Task& task = tasks.emplace_back();
      task.name = file.name;
      task.inode = file.inode;
      task.is_directory = file.is_directory;
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

std::size_t MostAtOnce() {
  constexpr std::size_t kMostFiles = 4096;
  return std::clamp<std::size_t>(store::OpenFileLimit() / 2, 1, kMostFiles);
}

std::vector<Task> PartOf(const std::vector<Task>& tasks, std::size_t begin,
                         std::size_t size) {
  const auto first = tasks.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(size)};
}

std::vector<OldFile> OpenOldFiles(const store::FileDescriptor& directory,
                                  const std::string& path, HeldFiles* held,
                                  std::vector<Task>* tasks,
                                  std::vector<Issue>* issues) {
  std::vector<Opening> openings(tasks->size());
  store::ExpectDescriptors(directory, tasks->size());
  store::ShareWork(tasks->size(), [&](std::size_t i) {
    Open(directory, path, held, (*tasks)[i], &openings[i]);
  });
  std::vector<OldFile> files;
  std::vector<Task> kept;
  for (std::size_t i = 0; i < openings.size(); ++i) {
    if (openings[i].issue) issues->push_back(*std::move(openings[i].issue));
    if (!openings[i].is_open) continue;
    files.push_back(std::move(openings[i].file));
    kept.push_back(std::move((*tasks)[i]));
  }
  *tasks = std::move(kept);
  return files;
}

std::vector<std::string> Lost(const std::vector<OldFile>& files,
                              bool thoroughly) {
  std::vector<std::string> lost;
  store::MetricFileReader reader;
  for (const OldFile& file : files) {
    if (file.writers == Writers::kNone) {
      if (!store::HoldsLease(file.fd.get())) lost.push_back(file.name);
    } else if (thoroughly && file.is_merged &&
               store::Fingerprint(reader.Read(file.fd, file.name).bytes) !=
                   file.fingerprint) {
      lost.push_back(file.name);
    }
  }
  return lost;
}

Result<std::vector<std::string>> LockUnlessLost(
    const store::FileDescriptor& directory, const std::string& path,
    const std::vector<OldFile>& files) {
  constexpr std::chrono::milliseconds kMoment(5);
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (!store::LockDirectory(directory.get(), store::LockMode::kExclusive,
                               kMoment)) {
    std::vector<std::string> lost = Lost(files, /*thoroughly=*/false);
    if (!lost.empty()) return lost;
    if (std::chrono::steady_clock::now() >= deadline) {
      return Status(StatusKind::kBusy,
                    path +
                        ": cannot lock: another process has held the "
                        "directory's lock for 2 seconds");
    }
  }
  return std::vector<std::string>();
}

void GiveBack(std::vector<OldFile>* files) {
  for (OldFile& file : *files) {
    if (file.writers == Writers::kNone && file.fd.valid()) {
      store::GiveLeaseBack(file.fd.get());
    }
  }
}

bool IsIn(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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
