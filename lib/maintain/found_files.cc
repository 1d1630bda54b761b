#include "maintain/found_files.h"

#include <cstddef>
#include <utility>

#include "format/merged_name.h"
#include "maintain/old_files.h"
#include "store/directory_listing.h"
#include "store/directory_lock.h"
#include "store/helper_thread.h"
#include "store/hidden_file.h"
#include "store/liveness.h"
#include "store/merge_directory.h"
#include "store/metric_file_reader.h"
#include "store/open_file.h"

namespace promshm::maintain {
namespace {

using format::MetricFileName;
using store::Writers;

// A file that is being looked at.
struct Look {
  FoundFile file;
  bool is_seen = false;
  std::optional<Issue> issue;
};

bool IsDamagedCopy(const std::string& name) {
  const std::size_t end = name.find(".db.damaged");
  return end != std::string::npos &&
         MetricFileName::Parse(name.substr(0, end + 3));
}

std::vector<Look> Choose(const std::vector<std::string>& names) {
  std::vector<Look> looks;
  for (const std::string& name : names) {
    std::optional<MetricFileName> parsed;
    if (store::IsListed(name)) parsed = MetricFileName::Parse(name);
    if (!parsed && !IsDamagedCopy(name) && !IsUnfinishedFile(name)) continue;
    FoundFile& file = looks.emplace_back().file;
    file.name = name;
    file.parsed = std::move(parsed);
  }
  return looks;
}

// Called from two threads.
void LookAt(const store::FileDescriptor& directory, const std::string& path,
            bool may_hold, Look* look) {
  FoundFile& file = look->file;
  if (!file.parsed) {
    const auto subdirectory =
        store::OpenSubdirectory(directory.get(), file.name.c_str());
    look->is_seen =
        subdirectory.valid() && store::GetFacts(subdirectory, &file.facts);
    if (look->is_seen) return;
  }
  const std::string file_path = path + '/' + file.name;
  Result<store::OpenedFile> opened =
      store::OpenMetricFile(directory.get(), file.name, file_path);
  if (!opened.ok()) {
    look->issue = LeftAlone(file_path, opened.status().message());
  } else if (opened->issue) {
    // What is no regular file is left, as what is gone.
    if (opened->issue->kind == IssueKind::kUnreadable && file.parsed) {
      look->issue = *std::move(opened->issue);
    }
  } else if (store::GetFacts(opened->fd, &file.facts)) {
    file.fd = std::move(opened->fd);
    file.writers = store::FindWriters(file.fd);
    look->is_seen = true;
    if (!may_hold || file.writers == Writers::kSome) file.fd.Close();
  }
}

void Sort(Look look, FoundFiles* found) {
  if (look.issue) found->issues.push_back(*std::move(look.issue));
  if (!look.is_seen) return;
  FoundFile& file = look.file;
  if (!file.parsed) {
    found->leftovers.push_back(std::move(file));
  } else if (format::MergedNumber(file.parsed->identifier)) {
    found->merged.push_back(std::move(file));
  } else {
    found->processes[file.parsed->identifier].push_back(std::move(file));
  }
}

}  // namespace

Result<FoundFiles> FindFiles(const std::string& path, bool force) {
  const auto directory = store::OpenAndLock(path, store::LockMode::kShared);
  if (!directory.ok()) return directory.status();
  store::FileFacts facts;
  if (!force && store::GetFacts(*directory, &facts) &&
      store::MayEverybodyRemove(facts)) {
    return Status(StatusKind::kPermissionDenied,
                  path +
                      ": unsafe: everybody may write to it, and it is not "
                      "sticky: needs chmod +t or --force");
  }
  const auto merge = store::LookAtMerge(*directory, path);
  if (!merge.ok()) return merge.status();
  const auto names =
      store::ListNames(store::OpenSubdirectory(directory->get(), "."), path);
  store::UnlockDirectory(directory->get());
  if (!names.ok()) return names.status();
  std::vector<Look> looks = Choose(*names);
  const bool may_hold = looks.size() < store::OpenFileLimit() / 2;
  if (may_hold) store::ExpectDescriptors(*directory, looks.size());
  store::ShareWork(looks.size(), [&](std::size_t i) {
    LookAt(*directory, path, may_hold, &looks[i]);
  });
  FoundFiles found;
  for (Look& look : looks) Sort(std::move(look), &found);
  if (merge->is_abandoned) {
    found.issues.push_back({IssueKind::kUnfinishedMerge,
                            path + '/' + merge->name, std::nullopt,
                            "unfinished merge: has to be finished first"});
  }
  return found;
}

bool IsUnfinishedFile(const std::string& name) {
  return name.starts_with(".promshm-") &&
         (name.ends_with(".new") || name.ends_with(".old"));
}

}  // namespace promshm::maintain
