#include "store/system_error.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

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

ReasonText SystemReasonText(int error) noexcept {
  ReasonText reason;
  const char* description = strerrordesc_np(error);
  if (description == nullptr) {
    return reason.Append("error ").Append(static_cast<std::uint64_t>(error));
  }
  // The C library starts its reasons with a capital; an abbreviation ("RPC
  // struct is bad") keeps it.
  std::string_view rest = description;
  if (rest.size() > 1 && rest[0] >= 'A' && rest[0] <= 'Z' &&
      (rest[1] < 'A' || rest[1] > 'Z')) {
    const char first = static_cast<char>(rest[0] - 'A' + 'a');
    reason.Append({&first, 1});
    rest.remove_prefix(1);
  }
  return reason.Append(rest);
}

std::string SystemReason(int error) {
  return std::string(SystemReasonText(error).view());
}

Status SystemStatus(const std::string& path, const std::string& what,
                    int error) {
  return {KindOf(error), path + ": " + what + ": " + SystemReason(error)};
}

}  // namespace promshm::store
