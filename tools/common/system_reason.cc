#include "tools/common/system_reason.h"

#include <system_error>
#include <utility>

namespace promshm::tools {
namespace {

bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::string SystemReason(int error) {
  return LowerReason(std::generic_category().message(error));
}

std::string LowerReason(std::string reason) {
  if (reason.size() > 1 && IsCapital(reason[0]) && !IsCapital(reason[1])) {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  return reason;
}

}  // namespace promshm::tools
