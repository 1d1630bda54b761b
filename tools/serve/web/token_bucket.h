#ifndef PROMSHM_TOOLS_SERVE_WEB_TOKEN_BUCKET_H_
#define PROMSHM_TOOLS_SERVE_WEB_TOKEN_BUCKET_H_

#include <chrono>

#include "tools/serve/web/web_config.h"

namespace promshm::tools {

// Purpose: holds requests to a RateLimit: a bucket of `burst` tokens, full at
// first, that gets one more each `interval`.
//
// Thread safety: needs external locking.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TokenBucket(const RateLimit& limit) : limit_(limit) {}

  const RateLimit& limit() const { return limit_; }

  // Takes one; false where there is none. `now` never goes back.
  bool Take(Clock::time_point now);

 private:
  RateLimit limit_;

  // When the bucket will be full again.
  Clock::time_point full_at_{};
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_TOKEN_BUCKET_H_
