#ifndef PROMSHM_STORE_SYSTEM_ERROR_H_
#define PROMSHM_STORE_SYSTEM_ERROR_H_

#include <string>

#include "promshm/status.h"
#include "store/fixed_text.h"

namespace promshm::store {

using ReasonText = FixedText<80>;

// The system's reason for `error`, an errno: "permission denied". May be called
// in signal handlers.
ReasonText SystemReasonText(int error) noexcept;

std::string SystemReason(int error);

// "path: what: reason", of the kind that `error` is.
Status SystemStatus(const std::string& path, const std::string& what,
                    int error);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_SYSTEM_ERROR_H_
