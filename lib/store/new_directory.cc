#include "store/new_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "format/layout.h"
#include "store/hidden_file.h"
#include "store/system_error.h"

namespace promshm::store {

Result<NewDirectory> NewDirectory::Make(const std::string& path) {
  std::string plain = path;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  const std::size_t slash = plain.rfind('/');
  const std::string made =
      plain.substr(0, slash == std::string::npos ? 0 : slash + 1) +
      std::string(UniqueHiddenName(".new").view());
  if (mkdir(made.c_str(), 0777) != 0) {
    return SystemStatus(path, "cannot create", errno);
  }
  NewDirectory directory(plain, made);
  directory.fd_ = FileDescriptor(
      open(made.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.fd_.valid()) return SystemStatus(path, "cannot open", errno);
  return directory;
}

NewDirectory::~NewDirectory() {
  if (!fd_.valid() || made_.empty()) return;
  for (const std::string& name : names_) {
    unlinkat(fd_.get(), name.c_str(), 0);
  }
  rmdir(made_.c_str());
}

Status NewDirectory::Write(const std::string& name, std::string_view bytes) {
  HiddenFile file(fd_.get());
  FileNameText text;
  text.Append(name);
  WriteFailure failure = file.Create(static_cast<std::uint32_t>(bytes.size()),
                                     bytes.substr(format::kDiskHeaderSize));
  if (!failure.failed()) {
    const FileDescriptor fd = file.TakeDescriptor();
    if (fsync(fd.get()) != 0) failure = {"cannot sync", errno};
  }
  if (!failure.failed()) failure = file.PublishAs(text);
  if (failure.failed()) {
    return SystemStatus(path_ + '/' + name, failure.what, failure.error);
  }
  names_.push_back(name);
  return {};
}

Status NewDirectory::Publish() {
  if (fsync(fd_.get()) != 0) return SystemStatus(path_, "cannot sync", errno);
  if (rename(made_.c_str(), path_.c_str()) != 0) {
    return SystemStatus(path_, "cannot create", errno);
  }
  made_.clear();
  return {};
}

}  // namespace promshm::store
