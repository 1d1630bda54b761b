#ifndef PROMSHM_TOOLS_SERVE_WEB_BASIC_AUTH_H_
#define PROMSHM_TOOLS_SERVE_WEB_BASIC_AUTH_H_

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace promshm::tools {

// Purpose: says whether a request's `Authorization: Basic` is that of a user.
//
// How long it takes does not tell whether there is such a user: one that there
// is not is checked against a hash that costs as much as a real user's.
//
// What was found is remembered, so that only a password's first use costs the
// time of bcrypt. One bcrypt runs at a time, and one request waits for it:
// guessing passwords takes neither all threads nor all processors.
//
// Thread safety: every method may be called from several threads.
class BasicAuth {
 public:
  enum class Verdict {
    kAccepted,
    kRefused,
    kBusy,  // cannot say now
  };

  // The bcrypt hash of each user's password, without a problem.
  using Users = std::map<std::string, std::string>;

  // Throws std::runtime_error where the system has no random numbers.
  BasicAuth();

  // `authorization`: the value of the field. A value that is none of the
  // scheme's is refused. Throws std::bad_alloc.
  Verdict Check(const Users& users, const std::string& authorization);

 private:
  // What is remembered of a user, hash and password: a keyed hash of them.
  using Digest = std::array<unsigned char, 32>;

  // The last kMost digests that were put in.
  class Memory {
   public:
    bool Has(const Digest& digest) const;
    void Put(const Digest& digest);

   private:
    std::set<Digest> digests_;
    std::deque<Digest> by_age_;
  };

  Digest DigestOf(const std::string& text) const;
  std::string HashFor(const Users& users, const std::string& user) const;
  std::optional<Verdict> Remembered(const Digest& digest);

  std::array<unsigned char, 32> secret_;
  std::mutex hashing_mutex_;
  std::atomic<int> waiting_ = 0;

  // Guesses do not push out what was right.
  std::mutex memory_mutex_;
  Memory accepted_;
  Memory refused_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_BASIC_AUTH_H_
