#ifndef PROMSHM_TOOLS_SERVE_WEB_BCRYPT_H_
#define PROMSHM_TOOLS_SERVE_WEB_BCRYPT_H_

#include <string>

namespace promshm::tools {

// A check takes some 50 ms at cost 10, and twice as long at each next one.
constexpr int kHighestBcryptCost = 18;

// What is wrong with `hash` as a bcrypt hash such as htpasswd -B makes: $2a$,
// $2b$ or $2y$, the cost, salt and hash. Empty where it can be used.
std::string BcryptProblem(const std::string& hash);

// The cost of a hash that has no problem.
int BcryptCost(const std::string& hash);

// A hash of that cost which no password is known for.
std::string UnknownBcryptHash(int cost);

// Whether `hash`, which has no problem, is of `password`. Takes as long for
// every password of 512 bytes or less without a zero byte, and every hash of
// that cost; any other password matches none. Throws std::bad_alloc.
bool BcryptMatches(const std::string& hash, const std::string& password);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_BCRYPT_H_
