#include "store/system_error.h"

#include <cerrno>
#include <system_error>

namespace promshm::store {
namespace {

StatusKind KindOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return StatusKind::kNotFound;
    case EACCES:
    case EPERM:
      return StatusKind::kPermissionDenied;
    default:
      return StatusKind::kIoError;
  }
}

}  // namespace

std::string SystemReason(int error) {
  std::string reason = std::generic_category().message(error);
  // The C library starts its reasons with a capital; an abbreviation ("RPC
  // struct is bad") keeps it.
  if (reason.size() > 1 && reason[0] >= 'A' && reason[0] <= 'Z' &&
      (reason[1] < 'A' || reason[1] > 'Z')) {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  return reason;
}

Status SystemStatus(const std::string& path, const std::string& what,
                    int error) {
  return {KindOf(error), path + ": " + what + ": " + SystemReason(error)};
}

}  // namespace promshm::store
