#include "store/new_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "format/layout.h"
#include "store/hidden_file.h"
#include "store/merge_directory.h"
#include "store/system_error.h"

namespace promshm::store {

Result<FileDescriptor> MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return SystemStatus(path, "cannot create", errno);
  }
  FileDescriptor directory(
      open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return SystemStatus(path, "cannot open", errno);
  const auto names = ListAll(directory.get(), ".", path);
  if (!names.ok()) return names.status();
  if (!names->empty()) return SystemStatus(path, "cannot create", ENOTEMPTY);
  return directory;
}

Status WriteMetricFile(const FileDescriptor& directory, const std::string& path,
                       const std::string& name, std::string_view bytes) {
  HiddenFile file(directory.get());
  FileNameText text;
  text.Append(name);
  WriteFailure failure = file.Create(static_cast<std::uint32_t>(bytes.size()),
                                     bytes.substr(format::kDiskHeaderSize));
  if (!failure.failed()) {
    const FileDescriptor fd = file.TakeDescriptor();
    if (fsync(fd.get()) != 0) failure = {"cannot sync", errno};
  }
  if (!failure.failed()) failure = file.PublishAs(text);
  if (!failure.failed()) return {};
  return SystemStatus(path + '/' + name, failure.what, failure.error);
}

void RemoveMetricFile(const FileDescriptor& directory,
                      const std::string& name) {
  unlinkat(directory.get(), name.c_str(), 0);
}

}  // namespace promshm::store
