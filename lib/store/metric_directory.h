#ifndef PROMSHM_STORE_METRIC_DIRECTORY_H_
#define PROMSHM_STORE_METRIC_DIRECTORY_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "promshm/status.h"
#include "store/directory_lock.h"
#include "store/file_descriptor.h"
#include "store/metric_file_reader.h"

namespace promshm::store {

// Purpose: the metric files of a directory at one moment, in the order of
// their names. Every `*.db` that is not hidden is listed, whatever it is.
//
// Open() takes a shared flock on the directory, lists it and opens its files,
// then lets the lock go: a cleaner, which holds it exclusively while it renames
// and unlinks, is seen either before or after its commit. Where there are more
// files than this process may have open, they are opened one at a time and the
// lock is kept until the MetricDirectory is gone. File systems without flock
// are read without.
//
// Thread safety: const methods may be called from several threads; anything
// else needs external locking.
class MetricDirectory {
 public:
  // Says which files to open, while the lock is held.
  using Choose = std::function<Result<std::vector<std::string>>(
      const FileDescriptor& directory)>;

  // Called after at most so many files were opened, and before any is given
  // away.
  using Opened = std::function<void()>;
  static constexpr std::size_t kOpenedAtMost = 1024;

  // Fails when the path is no directory or may not be read, or when the lock is
  // held by a cleaner for two seconds.
  static Result<MetricDirectory> Open(const std::string& path);

  // As Open, of chosen files. `opened` is called as long as the MetricDirectory
  // lives. Waits for the lock until `deadline`, if that comes first.
  static Result<MetricDirectory> OpenSome(const std::string& path,
                                          const Choose& choose, Opened opened,
                                          const Deadline& deadline);

  // As Open; a path that is no directory is taken as one metric file.
  static Result<MetricDirectory> OpenSource(const std::string& path);

  std::size_t size() const { return names_.size(); }

  // The file's name in the directory.
  const std::string& name(std::size_t file) const { return names_[file]; }

  // What stands before a name in a path: `DIR/`, or nothing.
  const std::string& prefix() const { return prefix_; }

  // What messages call the file: the directory's path and the name.
  std::string path(std::size_t file) const;

  // Gives a file away; each file once. Fails only when the process has run out
  // of descriptors or memory.
  Result<OpenedFile> Take(std::size_t file);

  // Reads a file that was not taken, and leaves it open. Fails as Take() does.
  Result<FileContents> Peek(std::size_t file, MetricFileReader* reader) const;

  // Nobody may be reading the file.
  void Close(std::size_t file);

  // Reads a file and closes it. Fails as Take() does.
  Result<FileContents> Read(std::size_t file, MetricFileReader* reader);

 private:
  MetricDirectory() = default;

  Status OpenAsFile(const std::string& path);
  void OpenFiles();
  Result<OpenedFile> OpenNow(std::size_t file) const;

  FileDescriptor directory_;
  std::string prefix_;
  std::vector<std::string> names_;
  std::vector<OpenedFile> files_;  // empty: opened when taken
  Opened opened_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_METRIC_DIRECTORY_H_
