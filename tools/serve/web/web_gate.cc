#include "tools/serve/web/web_gate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace promshm::tools {
namespace {

// In whole seconds, rounded up.
std::string SecondsOf(std::chrono::nanoseconds interval) {
  return std::to_string(
      std::chrono::ceil<std::chrono::seconds>(interval).count());
}

bool Has(const Response& response, const std::string& name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [&name](const auto& field) {
                       return EqualsIgnoringCase(field.first, name);
                     });
}

}  // namespace

WebGate::WebGate(WebConfigFile* file, Handler next)
    : file_(file), next_(std::move(next)) {}

Response WebGate::Handle(const Request& request) {
  const std::shared_ptr<const WebSettings> settings = file_->Current();
  Response response = Answer(settings->config, request);
  for (const auto& field : settings->config.headers) {
    if (!Has(response, field.first)) response.headers.push_back(field);
  }
  return response;
}

Response WebGate::Answer(const WebConfig& config, const Request& request) {
  if (!IsWithin(config.rate_limit)) {
    Response response = TextPage(429, "too many requests\n");
    response.headers.emplace_back("Retry-After",
                                  SecondsOf(config.rate_limit.interval));
    return response;
  }
  if (config.users.empty()) return next_(request);
  switch (auth_.Check(config.users, request.authorization)) {
    case BasicAuth::Verdict::kAccepted:
      return next_(request);
    case BasicAuth::Verdict::kBusy: {
      Response response = TextPage(503, "too many passwords to check\n");
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
    case BasicAuth::Verdict::kRefused:
      break;
  }
  Response response = TextPage(401, "unauthorized\n");
  response.headers.emplace_back("WWW-Authenticate",
                                "Basic realm=\"promshm\", charset=\"UTF-8\"");
  return response;
}

bool WebGate::IsWithin(const RateLimit& limit) {
  const std::lock_guard lock(mutex_);
  if (!(bucket_.limit() == limit)) bucket_ = TokenBucket(limit);
  return bucket_.Take(TokenBucket::Clock::now());
}

}  // namespace promshm::tools
