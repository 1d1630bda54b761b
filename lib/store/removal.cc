#include "store/removal.h"

#include <unistd.h>

#include <cerrno>

#include "store/hidden_file.h"
#include "store/rename.h"
#include "store/system_error.h"

namespace promshm::store {

Status Removal::Hide(std::uint64_t inode) {
  hidden_ = UniqueHiddenName(".old").view();
  const int at = directory_->get();
  const int error = RenameNew(at, name_, at, hidden_);
  if (error != 0) return Done(error, "cannot rename");
  if (IsNameOf(at, hidden_, inode)) return {};
  Status status = PutBack();
  return status.ok() ? Done(ENOENT, "cannot rename") : status;
}

Status Removal::PutBack() const {
  const int at = directory_->get();
  return Done(RenameBack(at, hidden_, at, name_), "cannot put back");
}

Status Removal::Remove() const {
  const bool removed = unlinkat(directory_->get(), hidden_.c_str(), 0) == 0;
  return Done(removed || errno == ENOENT ? 0 : errno, "cannot remove");
}

Status Removal::Done(int error, const char* what) const {
  if (error == 0) return {};
  return SystemStatus(path_ + '/' + name_, what, error);
}

}  // namespace promshm::store
