#ifndef PROMSHM_STORE_REMOVAL_H_
#define PROMSHM_STORE_REMOVAL_H_

#include <cstdint>
#include <string>
#include <utility>

#include "promshm/status.h"
#include "store/file_descriptor.h"

namespace promshm::store {

// Purpose: removes a file in two steps, so that it can be put back between
// them. Meanwhile it has a name that no reader looks at. Needs no space on the
// disk. A process killed meanwhile leaves `.promshm-PID-TIME.old`.
//
// Lifetime: `directory` must outlive it. Thread safety: needs external locking.
class Removal {
 public:
  Removal(const FileDescriptor* directory, std::string path, std::string name)
      : directory_(directory), path_(std::move(path)), name_(std::move(name)) {}

  // Not found where the name is not that file's.
  Status Hide(std::uint64_t inode);

  // To another name where its own is taken by now.
  Status PutBack() const;
  Status Remove() const;

 private:
  Status Done(int error, const char* what) const;

  const FileDescriptor* directory_;
  std::string path_;
  std::string name_;
  std::string hidden_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_REMOVAL_H_
