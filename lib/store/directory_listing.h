#ifndef PROMSHM_STORE_DIRECTORY_LISTING_H_
#define PROMSHM_STORE_DIRECTORY_LISTING_H_

#include <string>
#include <string_view>
#include <vector>

#include "promshm/status.h"
#include "store/directory_lock.h"
#include "store/file_descriptor.h"

namespace promshm::store {

// Opens a directory for reading, and waits up to two seconds for its lock,
// which goes with the descriptor.
Result<FileDescriptor> OpenAndLock(const std::string& path, LockMode mode,
                                   const Deadline& deadline = std::nullopt);

// Whether the path is there, and no directory.
bool IsFile(const std::string& path);

// A directory in another, never through a link; invalid, with errno, where
// there is none.
FileDescriptor OpenSubdirectory(int directory_fd, const char* name) noexcept;

// The names of all that is in an open directory, sorted. `path` is what the
// failure calls it.
Result<std::vector<std::string>> ListNames(FileDescriptor directory,
                                           const std::string& path);

// Whether a directory has something of that name.
bool Has(int directory_fd, const std::string& name);

// Whether the directory has a regular file of that name.
bool HasFile(const FileDescriptor& directory, const std::string& name);

// Whether a name is a metric file's: every `*.db` that is not hidden, whatever
// it is.
bool IsListed(std::string_view name);

// What stands behind the last slash of a path.
std::string_view BaseName(std::string_view path);

// The names of the directory's metric files, in their order. Where a merge of
// files was left in the middle, kMergeName is one of them, and files that it
// set aside are named by their path from the directory.
Result<std::vector<std::string>> ListMetricFiles(const FileDescriptor& fd,
                                                 const std::string& path);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_DIRECTORY_LISTING_H_
