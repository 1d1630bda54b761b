#ifndef PROMSHM_STORE_METRIC_DIRECTORY_H_
#define PROMSHM_STORE_METRIC_DIRECTORY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "promshm/status.h"
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
// Thread safety: needs external locking.
class MetricDirectory {
 public:
  // Fails when the path is no directory or may not be read, or when the lock is
  // held by a cleaner for two seconds.
  static Result<MetricDirectory> Open(const std::string& path);

  // As Open; a path that is no directory is taken as one metric file.
  static Result<MetricDirectory> OpenSource(const std::string& path);

  std::size_t size() const { return names_.size(); }

  // The file's name in the directory.
  const std::string& name(std::size_t file) const { return names_[file]; }

  // What messages call the file: the directory's path and the name.
  std::string path(std::size_t file) const;

  // Reads a file and closes it; each file once. Fails only when the process
  // has run out of descriptors or memory.
  Result<FileContents> Read(std::size_t file, MetricFileReader* reader);

 private:
  MetricDirectory() = default;

  Status OpenAsFile(const std::string& path);
  void OpenFiles();

  FileDescriptor directory_;
  std::string prefix_;  // of a file's path: "DIR/", or empty
  std::vector<std::string> names_;
  std::vector<OpenedFile> opened_;  // empty: opened when read
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_METRIC_DIRECTORY_H_
