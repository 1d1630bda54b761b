#ifndef PROMSHM_STORE_NEW_DIRECTORY_H_
#define PROMSHM_STORE_NEW_DIRECTORY_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promshm/status.h"
#include "store/file_descriptor.h"

namespace promshm::store {

// Purpose: a directory of metric files that is complete when it is seen. It
// goes away with the object unless it was given its name; a process killed
// meanwhile leaves `.promshm-PID-TIME.new` beside it.
//
// Thread safety: needs external locking.
class NewDirectory {
 public:
  // `path` is what it is to be called.
  static Result<NewDirectory> Make(const std::string& path);
  ~NewDirectory();

  NewDirectory(NewDirectory&& other) noexcept = default;
  NewDirectory& operator=(NewDirectory&& other) = delete;

  // Writes a metric file, on the disk when it returns.
  Status Write(const std::string& name, std::string_view bytes);

  // Gives the directory its name, which an empty one may have.
  Status Publish();

 private:
  NewDirectory(std::string path, std::string made)
      : path_(std::move(path)), made_(std::move(made)) {}

  std::string path_;
  std::string made_;  // empty: it has its name
  FileDescriptor fd_;
  std::vector<std::string> names_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_NEW_DIRECTORY_H_
