#include "tools/serve/web/basic_auth.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "tools/serve/http/http_message.h"
#include "tools/serve/web/bcrypt.h"

namespace promshm::tools {
namespace {

constexpr std::size_t kMostRemembered = 100;
constexpr int kMostWaiting = 1;

struct Credentials {
  std::string user;
  std::string password;
};

std::optional<std::string> DecodeBase64(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const gnutls_datum_t encoded{
      reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
      static_cast<unsigned>(text.size())};
  gnutls_datum_t decoded{};
  if (gnutls_base64_decode2(&encoded, &decoded) < 0) return std::nullopt;
  std::string result;
  if (decoded.size != 0) {
    result.assign(reinterpret_cast<const char*>(decoded.data), decoded.size);
  }
  gnutls_free(decoded.data);
  return result;
}

std::optional<Credentials> ParseAuthorization(const std::string& field) {
  const std::size_t scheme_size = std::min(field.find(' '), field.size());
  const std::size_t value =
      std::min(field.find_first_not_of(' ', scheme_size), field.size());
  if (!EqualsIgnoringCase(field.substr(0, scheme_size), "basic")) {
    return std::nullopt;
  }
  const std::optional<std::string> pair = DecodeBase64(field.substr(value));
  if (!pair) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

// No two lists of texts have the same one.
std::string Joined(std::initializer_list<std::string_view> texts) {
  std::string joined;
  for (const std::string_view text : texts) {
    joined += std::to_string(text.size()) + ":";
    joined += text;
  }
  return joined;
}

}  // namespace

bool BasicAuth::Memory::Has(const Digest& digest) const {
  return digests_.count(digest) != 0;
}

void BasicAuth::Memory::Put(const Digest& digest) {
  if (!digests_.insert(digest).second) return;
  by_age_.push_back(digest);
  if (by_age_.size() <= kMostRemembered) return;
  digests_.erase(by_age_.front());
  by_age_.pop_front();
}

BasicAuth::BasicAuth() : secret_{} {
  if (gnutls_rnd(GNUTLS_RND_KEY, secret_.data(), secret_.size()) < 0) {
    throw std::runtime_error("no random numbers");
  }
}

BasicAuth::Digest BasicAuth::DigestOf(const std::string& text) const {
  Digest digest{};
  if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret_.data(), secret_.size(),
                       text.data(), text.size(), digest.data()) < 0) {
    throw std::runtime_error("no HMAC");
  }
  return digest;
}

// Users may differ in cost. An unknown name always has the cost of the same
// one of them, as if it were a user. Both take the same time here.
std::string BasicAuth::HashFor(const Users& users,
                               const std::string& user) const {
  const Digest digest = DigestOf(Joined({user}));
  std::uint32_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  const auto like = std::next(
      users.begin(), static_cast<std::ptrdiff_t>(number % users.size()));
  const std::string unknown = UnknownBcryptHash(BcryptCost(like->second));
  const auto known = users.find(user);
  return known == users.end() ? unknown : known->second;
}

std::optional<BasicAuth::Verdict> BasicAuth::Remembered(const Digest& digest) {
  const std::lock_guard lock(memory_mutex_);
  if (accepted_.Has(digest)) return Verdict::kAccepted;
  if (refused_.Has(digest)) return Verdict::kRefused;
  return std::nullopt;
}

BasicAuth::Verdict BasicAuth::Check(const Users& users,
                                    const std::string& authorization) {
  const std::optional<Credentials> given = ParseAuthorization(authorization);
  if (!given || users.empty()) return Verdict::kRefused;
  const std::string hash = HashFor(users, given->user);
  const Digest digest = DigestOf(Joined({given->user, hash, given->password}));
  if (const auto verdict = Remembered(digest)) return *verdict;

  std::unique_lock turn(hashing_mutex_, std::try_to_lock);
  if (!turn.owns_lock()) {
    const bool may_wait = waiting_++ < kMostWaiting;
    if (may_wait) turn.lock();
    --waiting_;
    if (!may_wait) return Verdict::kBusy;
    if (const auto verdict = Remembered(digest)) return *verdict;
  }
  const bool matches = BcryptMatches(hash, given->password);
  const bool accepted = users.count(given->user) != 0 && matches;
  const std::lock_guard lock(memory_mutex_);
  (accepted ? accepted_ : refused_).Put(digest);
  return accepted ? Verdict::kAccepted : Verdict::kRefused;
}

}  // namespace promshm::tools
