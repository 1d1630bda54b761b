#include "store/merge_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

namespace promshm::store {
namespace {

using ::testing::ElementsAre;

TEST(FingerprintTest, ChangesWithEveryByte) {
  const std::string bytes(131, 'x');
  const std::uint64_t fingerprint = Fingerprint(bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = 'y';
    EXPECT_NE(Fingerprint(other), fingerprint) << i;
  }
}

TEST(FingerprintTest, ChangesWithTheSize) {
  EXPECT_NE(Fingerprint(std::string(8, '\0')),
            Fingerprint(std::string(16, '\0')));
}

// What a gauge that goes up and another that goes down make of each other.
TEST(FingerprintTest, ChangesWhenValuesAreExchanged) {
  const double one = 1;
  const double two = 2;
  std::string bytes(64, '\0');
  for (std::size_t a = 0; a < 8; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      std::string first = bytes;
      std::memcpy(first.data() + 8 * a, &one, sizeof(one));
      std::memcpy(first.data() + 8 * b, &two, sizeof(two));
      std::string second = bytes;
      std::memcpy(second.data() + 8 * a, &two, sizeof(two));
      std::memcpy(second.data() + 8 * b, &one, sizeof(one));
      EXPECT_NE(Fingerprint(first), Fingerprint(second)) << a << ' ' << b;
    }
  }
}

// Of counters that all go from 1 to 2 only a few high bits change.
TEST(FingerprintTest, ChangesWithManyAlikeChanges) {
  const double two = 2;
  const std::vector<double> ones(512, 1.0);
  const auto fingerprint_of = [](const std::vector<double>& values) {
    std::string bytes(values.size() * sizeof(double), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return Fingerprint(bytes);
  };
  std::set<std::uint64_t> seen = {fingerprint_of(ones)};
  for (std::size_t a = 0; a < ones.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      std::vector<double> values = ones;
      values[a] = two;
      values[b] = two;
      EXPECT_TRUE(seen.insert(fingerprint_of(values)).second) << a << ' ' << b;
    }
  }
}

TEST(MergeJournalTest, IsReadAsItWasWritten) {
  MergeJournal journal;
  journal.old = {{"counter_1.db", 0},
                 {"counter_a b\nold 3 x.db", 18446744073709551615U, true}};
  journal.made = {"counter_promshm.db"};
  const auto read = MergeJournal::Parse(journal.ToText());
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->old.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read->old[i].name, journal.old[i].name);
    EXPECT_EQ(read->old[i].fingerprint, journal.old[i].fingerprint);
    EXPECT_EQ(read->old[i].is_damaged, journal.old[i].is_damaged);
  }
  EXPECT_THAT(read->made, ElementsAre("counter_promshm.db"));
}

TEST(MergeJournalTest, IsNoneWhenItIsCut) {
  MergeJournal journal;
  journal.old = {{"counter_1.db", 12}};
  journal.made = {"counter_promshm.db"};
  const std::string text = journal.ToText();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(MergeJournal::Parse(text.substr(0, size)).has_value()) << size;
  }
}

TEST(MergeJournalTest, IsNoneWhenItIsSomethingElse) {
  for (const char* record :
       {"old x counter_1.db", "old 12", "old 12 ", "new"}) {
    const std::string text = std::string(record) + '\0' + "end" + '\0';
    EXPECT_FALSE(MergeJournal::Parse(text).has_value()) << record;
  }
}

}  // namespace
}  // namespace promshm::store
