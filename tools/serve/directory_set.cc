#include "tools/serve/directory_set.h"

#include <glob.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <system_error>

namespace promshm::tools {
namespace {

namespace fs = std::filesystem;

// Directories only; a pattern that stands for none is none.
std::vector<std::string> Expand(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), GLOB_ONLYDIR | GLOB_MARK, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      std::string path = found.gl_pathv[i];
      // GLOB_ONLYDIR is but a wish.
      if (!path.ends_with('/')) continue;
      path.pop_back();
      paths.push_back(std::move(path));
    }
  }
  globfree(&found);
  return paths;
}

// The same for all paths that lead to one directory.
std::string RealPath(const std::string& path) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(path, ignored);
  return (real.has_filename() ? real : real.parent_path()).string();
}

bool IsIn(std::string_view path, std::string_view directory) {
  if (!path.starts_with(directory)) return false;
  path.remove_prefix(directory.size());
  return directory.ends_with('/') || path.starts_with('/');
}

const ServedDirectory* OwnerOf(const std::string& path,
                               const ServedDirectories& directories) {
  const ServedDirectory* owner = nullptr;
  for (const auto& directory : directories) {
    if (IsIn(path, directory->path()) &&
        (owner == nullptr || directory->path().size() > owner->path().size())) {
      owner = directory.get();
    }
  }
  return owner;
}

// Of two directories; a conflict inside one of them is an issue there.
const Issue* FindDisagreement(const Snapshot& snapshot,
                              const ServedDirectories& directories) {
  for (const Issue& issue : snapshot.issues()) {
    if (!issue.other_path.empty() &&
        OwnerOf(issue.path, directories) !=
            OwnerOf(issue.other_path, directories)) {
      return &issue;
    }
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<DirectorySet>> DirectorySet::Make(
    std::vector<DirectoryArgument> arguments, CollectorOptions view,
    const Log* log) {
  std::set<std::string> names;
  std::map<std::string, std::string> names_by_path;
  for (DirectoryArgument& argument : arguments) {
    if (argument.is_pattern) continue;
    if (argument.name.empty()) argument.name = NameOfDirectory(argument.path);
    const auto [other, is_new] =
        names_by_path.emplace(RealPath(argument.path), argument.name);
    if (!is_new) {
      return Status(StatusKind::kInvalidArgument,
                    argument.path + ": it is served as " + other->second +
                        " already, and would count twice");
    }
    if (!names.insert(argument.name).second) {
      return Status(StatusKind::kInvalidArgument,
                    argument.path + ": another directory is called " +
                        argument.name + ": name it by NAME=DIR");
    }
  }
  return std::unique_ptr<DirectorySet>(
      new DirectorySet(std::move(arguments), std::move(view), log));
}

DirectorySet::DirectorySet(std::vector<DirectoryArgument> arguments,
                           CollectorOptions view, const Log* log)
    : arguments_(std::move(arguments)),
      view_(std::move(view)),
      log_(*log),
      is_several_(arguments_.size() > 1 || arguments_[0].is_pattern) {}

ServedDirectories DirectorySet::Current() {
  const std::vector<NamedPath> paths = FindPaths();
  const std::lock_guard<std::mutex> lock(mutex_);
  Update(paths);
  return directories_;
}

std::shared_ptr<ServedDirectory> DirectorySet::Find(const std::string& name) {
  for (const auto& directory : Current()) {
    if (directory->name() == name) return directory;
  }
  return nullptr;
}

Result<Snapshot> DirectorySet::CollectAll(const CollectOptions& options) {
  // One that is gone since it was found is not missed.
  constexpr int kTries = 3;
  for (int i = 1;; ++i) {
    const ServedDirectories directories = Current();
    if (!is_several_) return directories[0]->Collect(options);
    Result<Snapshot> snapshot = Together(directories)->Collect(options);
    if (!snapshot.ok()) {
      const bool is_gone = snapshot.status().kind() == StatusKind::kNotFound;
      if (is_gone && i < kTries && Current() != directories) continue;
      return snapshot;
    }
    const Issue* const disagreement = FindDisagreement(*snapshot, directories);
    if (disagreement == nullptr) return snapshot;
    return Status(
        StatusKind::kInvalidArgument,
        "the directories cannot be added up: " + disagreement->ToString());
  }
}

void DirectorySet::ReportTogether(IssueLog::Coverage coverage,
                                  const std::vector<Issue>& issues) {
  const ServedDirectories directories = Current();
  std::map<const ServedDirectory*, std::vector<std::string>> lines;
  for (const Issue& issue : issues) {
    lines[OwnerOf(issue.path, directories)].push_back(issue.ToString());
  }
  for (const auto& directory : directories) {
    directory->issue_log().Report(IssueLog::kCollectionView, coverage,
                                  lines[directory.get()]);
  }
}

// In the order of names.
std::vector<DirectorySet::NamedPath> DirectorySet::FindPaths() const {
  std::vector<NamedPath> paths;
  std::set<std::string> real_paths;  // each counts once
  for (const DirectoryArgument& argument : arguments_) {
    if (argument.is_pattern) continue;
    paths.emplace_back(argument.name, argument.path);
    real_paths.insert(RealPath(argument.path));
  }
  for (const DirectoryArgument& argument : arguments_) {
    if (!argument.is_pattern) continue;
    for (std::string& path : Expand(argument.path)) {
      if (!real_paths.insert(RealPath(path)).second) continue;
      paths.emplace_back(NameOfDirectory(path), std::move(path));
    }
  }
  // What was named stands before what was found.
  std::stable_sort(
      paths.begin(), paths.end(),
      [](const NamedPath& a, const NamedPath& b) { return a.first < b.first; });
  return paths;
}

void DirectorySet::Update(const std::vector<NamedPath>& paths) {
  ServedDirectories directories;
  std::vector<NamedPath> skipped;
  for (const NamedPath& named : paths) {
    if (!directories.empty() && directories.back()->name() == named.first) {
      skipped.push_back(named);
      if (std::find(skipped_.begin(), skipped_.end(), named) ==
          skipped_.end()) {
        log_.Warn("directory is not served: another one has its name",
                  {{"directory", named.first}, {"path", named.second}});
      }
      continue;
    }
    directories.push_back(Keep(named));
  }
  for (const auto& directory : directories_) {
    if (std::find(directories.begin(), directories.end(), directory) ==
        directories.end()) {
      log_.Info("directory is gone", {{"directory", directory->name()},
                                      {"path", directory->path()}});
    }
  }
  directories_ = std::move(directories);
  skipped_ = std::move(skipped);
}

// What was served already goes on as it is.
std::shared_ptr<ServedDirectory> DirectorySet::Keep(const NamedPath& named) {
  for (const auto& directory : directories_) {
    if (directory->name() == named.first && directory->path() == named.second) {
      return directory;
    }
  }
  const auto& [name, path] = named;
  log_.Info("serving directory", {{"directory", name}, {"path", path}});
  return std::make_shared<ServedDirectory>(
      name, path, view_, [this, own = named.first](const std::string& line) {
        log_.Warn(line, {{"directory", own}});
      });
}

// What it knows is forgotten when the directories are others.
std::shared_ptr<Collector> DirectorySet::Together(
    const ServedDirectories& directories) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (together_ == nullptr || together_of_ != directories) {
    CollectorOptions options = view_;
    options.directories_only = true;
    for (const auto& directory : directories) {
      options.sources.push_back(directory->path());
      options.source_labels.push_back(directory->name());
    }
    together_ = std::make_shared<Collector>(std::move(options));
    together_of_ = directories;
  }
  return together_;
}

}  // namespace promshm::tools
