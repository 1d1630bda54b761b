#include "tools/serve/web/bcrypt.h"

#include <crypt.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace promshm::tools {
namespace {

// `$2y$10$`, 22 letters of salt, 31 of hash.
constexpr std::size_t kCostPosition = 4;
constexpr std::size_t kSaltPosition = 7;
constexpr std::size_t kHashPosition = 29;
constexpr std::size_t kSize = 60;
constexpr std::string_view kLetters =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr int kLowestCost = 4;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool HasForm(std::string_view hash) {
  if (hash.size() != kSize) return false;
  const std::string_view kind = hash.substr(0, kCostPosition);
  return (kind == "$2a$" || kind == "$2b$" || kind == "$2y$") &&
         IsDigit(hash[kCostPosition]) && IsDigit(hash[kCostPosition + 1]) &&
         hash[kSaltPosition - 1] == '$' &&
         hash.find_first_not_of(kLetters, kSaltPosition) ==
             std::string_view::npos;
}

// Holds a password while it is in use.
struct WipeAndDelete {
  void operator()(crypt_data* data) const {
    gnutls_memset(data, 0, sizeof *data);
    delete data;
  }
};

}  // namespace

std::string BcryptProblem(const std::string& hash) {
  if (!HasForm(hash)) return "not a bcrypt hash";
  const int cost = BcryptCost(hash);
  if (cost < kLowestCost || cost > kHighestBcryptCost) {
    return "bcrypt cost " + std::to_string(cost) + ": expected " +
           std::to_string(kLowestCost) + " to " +
           std::to_string(kHighestBcryptCost);
  }
  return "";
}

int BcryptCost(const std::string& hash) {
  return 10 * (hash[kCostPosition] - '0') + (hash[kCostPosition + 1] - '0');
}

std::string UnknownBcryptHash(int cost) {
  std::string hash = "$2b$00$";
  hash[kCostPosition] = static_cast<char>('0' + cost / 10);
  hash[kCostPosition + 1] = static_cast<char>('0' + cost % 10);
  return hash + "x0xCw3RIMxGmrjjwQyVWCe" +
         std::string(kSize - kHashPosition, '.');
}

bool BcryptMatches(const std::string& hash, const std::string& password) {
  if (password.find('\0') != std::string::npos) return false;
  const std::unique_ptr<crypt_data, WipeAndDelete> data(new crypt_data());
  const char* const computed =
      crypt_rn(password.c_str(), hash.c_str(), data.get(), sizeof *data);
  if (computed == nullptr || std::strlen(computed) != kSize) return false;
  return gnutls_memcmp(computed + kHashPosition, hash.data() + kHashPosition,
                       kSize - kHashPosition) == 0;
}

}  // namespace promshm::tools
