#ifndef PROMSHM_COLLECT_KNOWN_DIRECTORY_H_
#define PROMSHM_COLLECT_KNOWN_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collect/known_file.h"
#include "promshm/status.h"
#include "store/directory_watch.h"
#include "store/metric_directory.h"

namespace promshm::collect {

// Purpose: the files of a source, in the order of their names, and which of
// them have to be read. A source is a directory, or one file.
//
// Thread safety: needs external locking.
class KnownDirectory {
 public:
  // What a path that is no directory is.
  enum class Files { kRefused, kTaken };

  // `number` is that of the source.
  KnownDirectory(std::string path, std::size_t number, Files files)
      : path_(std::move(path)), number_(number), files_wanted_(files) {}

  // Brings the table of files up to date, and opens those to be read: all of
  // them unless the directory is being watched. `watch` says whether it shall
  // be from now on. Fails as store::MetricDirectory::Open does, at the deadline
  // at the latest.
  Status Update(bool watch, const store::Deadline& deadline);

  // Whether what files hold may be kept until something is told of them.
  bool is_watched() const { return is_watched_; }

  // Whether the last Update() listed the directory, and not only heard of it.
  bool was_listed() const { return was_listed_; }

  std::vector<KnownFile>& files() { return files_; }
  const std::vector<KnownFile>& files() const { return files_; }

  // How often files came or went.
  std::uint64_t changes() const { return changes_; }

  // What messages call a file.
  std::string PathOf(const KnownFile& file) const {
    return prefix_ + file.name;
  }

  // The files to be read, which are those with must_read, in order.
  store::MetricDirectory& opened() { return *opened_; }

  // Whether a mapped file was moved, deleted and the like since the last
  // Update() began.
  bool WereMappedFilesChanged();

  // Mapped files that were written to, other than by stores, or cut, or made
  // larger, since the last Update() began.
  std::vector<const KnownFile*> WrittenMappedFiles();

  // Closes what Update() opened, and drops files that turned out to be gone.
  void Finish();

  // Nothing is known any more.
  void Reset() noexcept;

 private:
  Result<store::MetricDirectory> Open(bool watch,
                                      const store::Deadline& deadline);
  Result<std::vector<std::string>> Choose(
      const store::FileDescriptor& directory, bool watch);
  std::vector<std::string> ToldNames(const store::FileDescriptor& directory);
  void Add(const std::vector<std::string>& names);
  bool DrainWatch();
  void Note(store::DirectoryEvent event, std::string_view name);
  KnownFile* FindFile(std::string_view name);

  const std::string path_;
  const std::size_t number_;
  std::string prefix_;
  const Files files_wanted_;
  store::DirectoryWatch watch_;
  bool is_watched_ = false;
  bool was_told_all_ = true;
  bool was_listed_ = false;
  bool has_merge_ = true;  // perhaps
  std::uint64_t changes_ = 0;
  bool mapped_changed_ = false;
  std::vector<KnownFile> files_;
  std::set<std::string, std::less<>> told_;  // since they were last read
  std::set<std::string, std::less<>> written_;
  std::optional<store::MetricDirectory> opened_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_KNOWN_DIRECTORY_H_
