#include "tools/serve/web/token_bucket.h"

#include <algorithm>

namespace promshm::tools {

bool TokenBucket::Take(Clock::time_point now) {
  if (limit_.interval.count() == 0) return true;
  const Clock::time_point full_at = std::max(full_at_, now);
  constexpr Clock::duration kTick(1);
  const auto missing =
      (full_at - now + limit_.interval - kTick) / limit_.interval;
  if (missing >= limit_.burst) return false;
  full_at_ = full_at + limit_.interval;
  return true;
}

}  // namespace promshm::tools
