#ifndef PROMSHM_STORE_NEW_DIRECTORY_H_
#define PROMSHM_STORE_NEW_DIRECTORY_H_

#include <string>
#include <string_view>

#include "promshm/status.h"
#include "store/file_descriptor.h"

namespace promshm::store {

// Makes a directory, or takes one that is there and empty.
Result<FileDescriptor> MakeDirectory(const std::string& path);

// Writes a metric file, complete and on the disk when it is seen, by a name
// that nobody has.
Status WriteMetricFile(const FileDescriptor& directory, const std::string& path,
                       const std::string& name, std::string_view bytes);

void RemoveMetricFile(const FileDescriptor& directory, const std::string& name);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_NEW_DIRECTORY_H_
