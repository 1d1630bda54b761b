#include "collect/known_directory.h"

#include <algorithm>
#include <utility>

#include "store/directory_listing.h"
#include "store/file_walk.h"
#include "store/merge_directory.h"

namespace promshm::collect {
namespace {

bool IsMetricFile(const std::string& name) {
  return format::MetricFileName::Parse(store::BaseName(name)).has_value();
}

}  // namespace

Status KnownDirectory::Update(bool watch, const store::Deadline& deadline) {
  mapped_changed_ = false;
  written_.clear();
  Result<store::MetricDirectory> opened = Open(watch, deadline);
  if (!opened.ok()) {
    Reset();
    return opened.status();
  }
  opened_ = *std::move(opened);
  return {};
}

bool KnownDirectory::WereMappedFilesChanged() {
  if (!is_watched_) return false;
  return !DrainWatch() || mapped_changed_;
}

std::vector<const KnownFile*> KnownDirectory::WrittenMappedFiles() {
  std::vector<const KnownFile*> files;
  for (const std::string& name : written_) {
    const KnownFile* const file = FindFile(name);
    if (file != nullptr && file->mapping.is_mapped()) files.push_back(file);
  }
  return files;
}

void KnownDirectory::Finish() {
  opened_.reset();
  const auto is_gone = [](const KnownFile& file) { return file.is_gone; };
  if (std::erase_if(files_, is_gone) > 0) ++changes_;
}

void KnownDirectory::Reset() noexcept {
  watch_.Stop();
  is_watched_ = false;
  was_told_all_ = true;
  ++changes_;
  files_.clear();
  told_.clear();
  written_.clear();
  opened_.reset();
}

Result<store::MetricDirectory> KnownDirectory::Open(
    bool watch, const store::Deadline& deadline) {
  if (files_wanted_ == Files::kTaken && store::IsFile(path_)) {
    Result<store::MetricDirectory> file =
        store::MetricDirectory::OpenSource(path_);
    Reset();
    was_listed_ = true;
    if (!file.ok()) return file;
    prefix_ = file->prefix();
    Add({file->name(0)});
    return file;
  }
  prefix_ = path_.ends_with('/') ? path_ : path_ + '/';
  return store::MetricDirectory::OpenSome(
      path_,
      [this, watch](const store::FileDescriptor& directory) {
        return Choose(directory, watch);
      },
      [this] {
        if (is_watched_) DrainWatch();
      },
      deadline);
}

Result<std::vector<std::string>> KnownDirectory::Choose(
    const store::FileDescriptor& directory, bool watch) {
  const bool was_told =
      watch && is_watched_ && watch_.IsOf(directory) && DrainWatch();
  // What happens to files that a merge has set aside is not told.
  if (has_merge_) {
    const Result<store::MergeView> merge = store::LookAtMerge(directory, path_);
    if (!merge.ok()) return merge.status();
    has_merge_ = !merge->name.empty();
    if (store::HasFile(directory, store::kFenceName)) {
      told_.emplace(store::kFenceName);  // a file, for once
    }
    watch = watch && !merge->changes_files() && !merge->is_abandoned;
  }
  if (was_told && watch) {
    Add(ToldNames(directory));
    told_.clear();
    was_listed_ = false;
  } else {
    Reset();
    was_listed_ = true;
    // Before the listing: what happens from here on is told.
    is_watched_ = watch && watch_.Start(directory);
    has_merge_ = true;
    Result<std::vector<std::string>> names =
        store::ListMetricFiles(directory, path_);
    if (!names.ok()) return names.status();
    Add(*names);
  }
  std::vector<std::string> to_read;
  for (const KnownFile& file : files_) {
    if (file.must_read) to_read.push_back(file.name);
  }
  return to_read;
}

// Of what is not read it is seen here whether it is there.
std::vector<std::string> KnownDirectory::ToldNames(
    const store::FileDescriptor& directory) {
  std::vector<std::string> names;
  for (const std::string& name : told_) {
    if (IsMetricFile(name) || store::Has(directory.get(), name)) {
      names.push_back(name);
    } else if (KnownFile* known = FindFile(name)) {
      known->is_gone = true;
    }
  }
  return names;
}

// Names in their order; those that are known already have to be read again.
void KnownDirectory::Add(const std::vector<std::string>& names) {
  std::vector<KnownFile> added;
  for (const std::string& name : names) {
    if (KnownFile* known = FindFile(name)) {
      if (IsMetricFile(name)) known->Reread();
      continue;
    }
    KnownFile& file = added.emplace_back(name, number_);
    if (!IsMetricFile(name)) {
      file.issue = std::make_unique<Issue>(store::NotMetricFile(PathOf(file)));
      file.must_read = false;
    }
  }
  if (added.empty()) return;
  ++changes_;
  std::vector<KnownFile> all;
  all.reserve(files_.size() + added.size());
  std::merge(
      std::make_move_iterator(files_.begin()),
      std::make_move_iterator(files_.end()),
      std::make_move_iterator(added.begin()),
      std::make_move_iterator(added.end()), std::back_inserter(all),
      [](const KnownFile& a, const KnownFile& b) { return a.name < b.name; });
  files_ = std::move(all);
}

// False when something was lost, now or before.
bool KnownDirectory::DrainWatch() {
  was_told_all_ = watch_.Drain([this](store::DirectoryEvent event,
                                      std::string_view name) {
    Note(event, name);
  }) && was_told_all_;
  return was_told_all_;
}

void KnownDirectory::Note(store::DirectoryEvent event, std::string_view name) {
  if (name == store::kMergeName || name == store::kFenceName) {
    has_merge_ = true;
    return;
  }
  if (!store::IsListed(name)) return;
  KnownFile* const file = FindFile(name);
  const bool is_mapped = file != nullptr && file->mapping.is_mapped();
  switch (event) {
    case store::DirectoryEvent::kOpened:
      // Who opens a file may be its writer that is back, and may change what
      // was kept. What is read in place shows that anyway.
      if (file == nullptr || !file->kept) return;
      file->was_opened = true;
      break;
    case store::DirectoryEvent::kClosed:
      if (file != nullptr) file->was_opened = false;
      break;
    case store::DirectoryEvent::kWritten:
      if (is_mapped) written_.emplace(name);
      break;
    case store::DirectoryEvent::kChanged:
      mapped_changed_ = mapped_changed_ || is_mapped;
      break;
  }
  told_.emplace(name);
}

KnownFile* KnownDirectory::FindFile(std::string_view name) {
  const auto found =
      std::lower_bound(files_.begin(), files_.end(), name,
                       [](const KnownFile& file, std::string_view wanted) {
                         return file.name < wanted;
                       });
  return found != files_.end() && found->name == name ? &*found : nullptr;
}

}  // namespace promshm::collect
