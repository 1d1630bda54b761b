#include "tools/serve/web/basic_auth.h"

#include <gnutls/gnutls.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace promshm::tools {
namespace {

using Verdict = BasicAuth::Verdict;

constexpr char kOfSecret[] =
    "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr char kOfOther[] =
    "$2b$04$zyxwvutsrqponmlkjihgfeoEG75ieRiMxivbt62jo80oWmRUDHZ.e";
constexpr char kOfUmlauts[] =
    "$2a$04$zyxwvutsrqponmlkjihgfehNW/Uz.f6JPsliD.w8gGKOzGl.jig0O";
constexpr char kOfSlow[] =
    "$2b$08$zyxwvutsrqponmlkjihgfeYsO.Vi31osNkQWhlaLNZ0eqdQcItgUe";
constexpr char kOfSlowest[] =
    "$2b$11$zyxwvutsrqponmlkjihgfelCH6fzMpcyW5Km2wqiWzyDp.lrg2gXu";

std::string Base64(std::string text) {
  const gnutls_datum_t datum{reinterpret_cast<unsigned char*>(text.data()),
                             static_cast<unsigned>(text.size())};
  gnutls_datum_t encoded{};
  if (gnutls_base64_encode2(&datum, &encoded) < 0) return "";
  std::string result(reinterpret_cast<char*>(encoded.data), encoded.size);
  gnutls_free(encoded.data);
  return result;
}

std::string Basic(const std::string& user, const std::string& password) {
  return "Basic " + Base64(user + ":" + password);
}

class BasicAuthTest : public ::testing::Test {
 protected:
  Verdict Check(const std::string& authorization) {
    return auth_.Check(users_, authorization);
  }

  BasicAuth::Users users_{{"alice", kOfSecret}, {"bob", kOfOther}};
  BasicAuth auth_;
};

TEST_F(BasicAuthTest, TakesTheRightPassword) {
  EXPECT_EQ(Check(Basic("alice", "secret")), Verdict::kAccepted);
  EXPECT_EQ(Check(Basic("bob", "other")), Verdict::kAccepted);
  EXPECT_EQ(Check(Basic("alice", "secret")), Verdict::kAccepted);
}

TEST_F(BasicAuthTest, RefusesEverythingElse) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Check(Basic("alice", "other")), Verdict::kRefused);
    EXPECT_EQ(Check(Basic("bob", "secret")), Verdict::kRefused);
    EXPECT_EQ(Check(Basic("carol", "secret")), Verdict::kRefused);
    EXPECT_EQ(Check(Basic("", "")), Verdict::kRefused);
    EXPECT_EQ(Check(Basic("alice", "")), Verdict::kRefused);
    EXPECT_EQ(Check(Basic("alice", "secret ")), Verdict::kRefused);
    EXPECT_EQ(Check(Basic("Alice", "secret")), Verdict::kRefused);
    EXPECT_EQ(Check(Basic("alice", kOfSecret)), Verdict::kRefused);
  }
}

TEST_F(BasicAuthTest, AZeroByteDoesNotEndThePassword) {
  EXPECT_EQ(Check(Basic("alice", std::string("secret\0x", 8))),
            Verdict::kRefused);
  EXPECT_EQ(Check(Basic(std::string("alice\0x", 7), "secret")),
            Verdict::kRefused);
}

TEST_F(BasicAuthTest, RefusesPasswordsThatAreTooLong) {
  EXPECT_EQ(Check(Basic("alice", std::string(513, 'x'))), Verdict::kRefused);
  EXPECT_EQ(Check(Basic("alice", std::string(100'000, 'x'))),
            Verdict::kRefused);
}

TEST_F(BasicAuthTest, APasswordMayHaveColonsAndUmlauts) {
  users_["alice"] = kOfUmlauts;
  EXPECT_EQ(Check(Basic("alice", "p\xc3\xa4ss:w\xc3\xb6rt")),
            Verdict::kAccepted);
}

TEST_F(BasicAuthTest, TheSchemeIsOfAnyCaseAndSpacing) {
  const std::string encoded = Base64("alice:secret");
  EXPECT_EQ(Check("basic " + encoded), Verdict::kAccepted);
  EXPECT_EQ(Check("BASIC   " + encoded), Verdict::kAccepted);
}

TEST_F(BasicAuthTest, RefusesMalformedFields) {
  const std::string encoded = Base64("alice:secret");
  for (const std::string& field :
       {std::string(), std::string("Basic"), std::string("Basic "),
        std::string("Basic    "), "Bearer " + encoded, encoded,
        "Basic" + encoded, "Basic ." + encoded, "Basic " + encoded + "=",
        "Basic " + encoded.substr(1), "Basic " + encoded + ", Basic " + encoded,
        "Basic " + Base64("alice"), "Basic " + Base64("secret")}) {
    EXPECT_EQ(Check(field), Verdict::kRefused) << field;
  }
}

TEST_F(BasicAuthTest, AChangeOfUsersCountsAtOnce) {
  EXPECT_EQ(Check(Basic("alice", "secret")), Verdict::kAccepted);
  users_["alice"] = kOfOther;
  EXPECT_EQ(Check(Basic("alice", "secret")), Verdict::kRefused);
  EXPECT_EQ(Check(Basic("alice", "other")), Verdict::kAccepted);
  users_.erase("alice");
  EXPECT_EQ(Check(Basic("alice", "other")), Verdict::kRefused);
  users_["alice"] = kOfSecret;
  EXPECT_EQ(Check(Basic("alice", "secret")), Verdict::kAccepted);
}

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

// The time of one check, the least of a few.
double CostOf(BasicAuth* auth, const BasicAuth::Users& users,
              const std::string& user) {
  double least = 1e9;
  for (const char* guess : {"a", "b", "c", "d", "e"}) {
    const double begin = CpuSeconds();
    EXPECT_EQ(auth->Check(users, Basic(user, guess)), Verdict::kRefused);
    least = std::min(least, CpuSeconds() - begin);
  }
  return least;
}

TEST_F(BasicAuthTest, AnUnknownUserCostsWhatAKnownOneDoes) {
  users_ = {{"alice", kOfSlow}};
  const double known = CostOf(&auth_, users_, "alice");
  const double unknown = CostOf(&auth_, users_, "carol");
  EXPECT_GT(known, 0.002);
  EXPECT_GT(unknown, known * 0.8);
  EXPECT_LT(unknown, known * 1.25);
}

// A guesser who sees two costs learns nothing of which users there are.
TEST_F(BasicAuthTest, UnknownUsersDifferInCostAsKnownOnesDo) {
  users_ = {{"alice", kOfSlow}, {"bob", kOfOther}};
  const double slow = CostOf(&auth_, users_, "alice");
  int slow_ones = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string user = "unknown" + std::to_string(i);
    const double begin = CpuSeconds();
    EXPECT_EQ(Check(Basic(user, "x")), Verdict::kRefused);
    const bool is_slow = CpuSeconds() - begin > slow / 2;
    slow_ones += is_slow ? 1 : 0;
    const double again = CpuSeconds();
    EXPECT_EQ(Check(Basic(user, "y")), Verdict::kRefused);
    EXPECT_EQ(CpuSeconds() - again > slow / 2, is_slow) << user;
  }
  EXPECT_GT(slow_ones, 0);
  EXPECT_LT(slow_ones, 40);
}

TEST_F(BasicAuthTest, WhatIsRememberedCostsNothing) {
  users_ = {{"alice", kOfSlow}};
  double begin = CpuSeconds();
  EXPECT_EQ(Check(Basic("alice", "slow")), Verdict::kAccepted);
  const double first = CpuSeconds() - begin;
  // More guesses than are remembered.
  users_["bob"] = kOfOther;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Check(Basic("bob", std::to_string(i))), Verdict::kRefused);
  }
  begin = CpuSeconds();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Check(Basic("alice", "slow")), Verdict::kAccepted);
    EXPECT_EQ(Check(Basic("bob", "299")), Verdict::kRefused);
  }
  EXPECT_LT(CpuSeconds() - begin, first);
}

TEST_F(BasicAuthTest, GuessersKeepNobodyOut) {
  constexpr int kGuessers = 8;
  users_ = {{"alice", kOfSlowest}};
  ASSERT_EQ(Check(Basic("alice", "slow")), Verdict::kAccepted);
  std::latch ready(kGuessers + 1);
  std::vector<Verdict> verdicts(kGuessers, Verdict::kAccepted);
  std::vector<std::thread> guessers;
  for (int i = 0; i < kGuessers; ++i) {
    guessers.emplace_back([this, i, &ready, &verdicts] {
      const std::string guess = Basic("alice", std::to_string(i));
      ready.arrive_and_wait();
      verdicts[static_cast<std::size_t>(i)] = Check(guess);
    });
  }
  ready.arrive_and_wait();
  EXPECT_EQ(Check(Basic("alice", "slow")), Verdict::kAccepted);
  for (std::thread& guesser : guessers) guesser.join();
  EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), Verdict::kAccepted),
            0);
  EXPECT_GE(std::count(verdicts.begin(), verdicts.end(), Verdict::kRefused), 1);
  EXPECT_GE(std::count(verdicts.begin(), verdicts.end(), Verdict::kBusy), 1);
}

}  // namespace
}  // namespace promshm::tools
