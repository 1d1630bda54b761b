#include "format/entry_cursor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/file_builder.h"

namespace promshm::format {
namespace {

using testing::FileBuilder;

constexpr std::string_view kKey = R"(["f", "s", {}, "h"])";

class EntryCursorTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  // Walks the bytes; `used` is what they say themselves.
  void Walk(std::string bytes, std::uint64_t used) {
    // On the heap and of the exact size, so that a sanitizer sees every byte
    // read too far.
    bytes_.assign(bytes.begin(), bytes.end());
    bytes_.shrink_to_fit();
    EntryCursor cursor({bytes_.data(), bytes_.size()}, used, GetParam());
    entries_.clear();
    Entry entry;
    while (cursor.Next(&entry)) entries_.push_back(entry);
    EXPECT_FALSE(cursor.Next(&entry)) << "the end is the end";
    damage_ = cursor.damage();
    damaged_ = cursor.damaged();
    position_ = cursor.position();
  }

  void Walk(const FileBuilder& file) { Walk(file.Bytes(), file.size()); }

  void ExpectDamage(std::uint64_t offset, std::string_view reason) {
    EXPECT_TRUE(damaged_);
    EXPECT_EQ(damage_.offset, offset);
    EXPECT_NE(damage_.reason.find(reason), std::string::npos) << damage_.reason;
  }

  FileBuilder file_{GetParam()};
  std::vector<Entry> entries_;
  Damage damage_;
  bool damaged_ = false;
  std::uint64_t position_ = 0;

 private:
  std::vector<char> bytes_;
};

TEST_P(EntryCursorTest, EntriesAreGivenInTheirOrder) {
  file_.Add(R"(["a", "a", {}, ""])", 1.5, 100).Add(kKey, -2, 200);
  Walk(file_);
  ASSERT_EQ(entries_.size(), 2U);
  EXPECT_EQ(entries_[0].offset, 8U);
  EXPECT_EQ(entries_[0].key, R"(["a", "a", {}, ""])");
  EXPECT_EQ(entries_[0].value, 1.5);
  EXPECT_EQ(entries_[0].timestamp, GetParam() == 16 ? 100 : 0);
  EXPECT_EQ(entries_[1].offset, file_.offsets()[1]);
  EXPECT_EQ(entries_[1].key, kKey);
  EXPECT_EQ(entries_[1].value, -2);
  EXPECT_EQ(entries_[1].timestamp, GetParam() == 16 ? 200 : 0);
  EXPECT_FALSE(damaged_);
  EXPECT_EQ(position_, file_.size());
}

TEST_P(EntryCursorTest, KeysOfEveryLengthModuloEightAreFramed) {
  for (std::size_t length = 2; length < 40; ++length) {
    file_.Add("[" + std::string(length - 2, 'x') + "]",
              static_cast<double>(length));
  }
  Walk(file_);
  ASSERT_EQ(entries_.size(), 38U);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    EXPECT_EQ(entries_[i].key.size(), i + 2);
    EXPECT_EQ(entries_[i].value, static_cast<double>(i + 2));
    EXPECT_EQ(entries_[i].offset, file_.offsets()[i]);
  }
  EXPECT_FALSE(damaged_);
}

TEST_P(EntryCursorTest, BytesBeyondUsedAreNotRead) {
  file_.Add(kKey, 1);
  const std::uint64_t used = file_.size();
  file_.Add(kKey, 2);
  Walk(file_.Bytes(4096), used);
  EXPECT_EQ(entries_.size(), 1U);
  EXPECT_FALSE(damaged_);
}

TEST_P(EntryCursorTest, FileJustCreatedHoldsNothing) {
  Walk(std::string(64, '\0'), 0);
  EXPECT_TRUE(entries_.empty());
  EXPECT_FALSE(damaged_);
  Walk(std::string(64, '\0'), 8);
  EXPECT_TRUE(entries_.empty());
  EXPECT_FALSE(damaged_);
}

TEST_P(EntryCursorTest, UsedWithinTheHeaderIsDamage) {
  file_.Add(kKey, 1);
  for (std::uint64_t used = 1; used < 8; ++used) {
    Walk(file_.Bytes(), used);
    EXPECT_TRUE(entries_.empty());
    ExpectDamage(0, "used is " + std::to_string(used));
  }
}

TEST_P(EntryCursorTest, UsedInsideAnEntryIsDamageAtThatEntry) {
  file_.Add(kKey, 1).Add(kKey, 2);
  for (std::uint64_t used = file_.offsets()[1] + 1; used < file_.size();
       ++used) {
    Walk(file_.Bytes(), used);
    EXPECT_EQ(entries_.size(), 1U);
    ExpectDamage(file_.offsets()[1], "does not fit");
  }
}

TEST_P(EntryCursorTest, UsedBeyondTheFileIsDamageWhereTheFileEnds) {
  file_.Add(kKey, 1);
  for (const std::uint64_t used :
       {file_.size() + 1, file_.size() + 8, std::uint64_t{INT32_MAX}}) {
    Walk(file_.Bytes(), used);
    EXPECT_EQ(entries_.size(), 1U);
    ExpectDamage(file_.size(), "used is " + std::to_string(used));
  }
}

TEST_P(EntryCursorTest, TruncatedTrailingEntryIsReported) {
  file_.Add(kKey, 1).Add(kKey, 2);
  for (std::uint64_t size = file_.offsets()[1]; size < file_.size(); ++size) {
    Walk(file_.Bytes().substr(0, size), file_.size());
    EXPECT_EQ(entries_.size(), 1U) << size;
    ExpectDamage(file_.offsets()[1], "");
  }
}

TEST_P(EntryCursorTest, FileShorterThanItsHeaderIsDamage) {
  for (std::size_t size = 0; size < 8; ++size) {
    Walk(file_.Bytes().substr(0, size), 8);
    EXPECT_TRUE(entries_.empty());
    ExpectDamage(0, "shorter than its header");
  }
}

TEST_P(EntryCursorTest, KeyLengthsBelowTwoAreDamage) {
  for (const std::int32_t length :
       {0, 1, -1, -2, std::numeric_limits<std::int32_t>::min()}) {
    FileBuilder file(GetParam());
    file.Add(kKey, 1).AddWithLength(length, kKey, 2).Add(kKey, 3);
    Walk(file);
    EXPECT_EQ(entries_.size(), 1U);
    ExpectDamage(file.offsets()[1], "key length " + std::to_string(length));
  }
}

TEST_P(EntryCursorTest, KeyLengthsBeyondTheFileAreDamage) {
  const auto key_size = static_cast<std::int32_t>(kKey.size());
  for (const std::int32_t length :
       {key_size + 8, key_size + 100, 1919251561,
        std::numeric_limits<std::int32_t>::max() - 7,
        std::numeric_limits<std::int32_t>::max()}) {
    FileBuilder file(GetParam());
    file.Add(kKey, 1).AddWithLength(length, kKey, 2);
    Walk(file);
    EXPECT_EQ(entries_.size(), 1U);
    ExpectDamage(file.offsets()[1],
                 "key length " + std::to_string(length) + " does not fit");
  }
}

TEST_P(EntryCursorTest, KeyLengthsThatDoNotEndAtABracketAreDamage) {
  for (const std::int32_t length : {2, 5, 18, 20}) {
    FileBuilder file(GetParam());
    file.Add(kKey, 1).AddWithLength(length, kKey, 2).Add(kKey, 3);
    Walk(file);
    EXPECT_EQ(entries_.size(), 1U);
    ExpectDamage(file.offsets()[1] + 4, "not a JSON array");
  }
}

TEST_P(EntryCursorTest, KeysThatAreNoArrayAreDamage) {
  for (const std::string_view key : {"{}", "\"f\"", "[f", "f]", "  "}) {
    FileBuilder file(GetParam());
    file.Add(kKey, 1).Add(key, 2).Add(kKey, 3);
    Walk(file);
    EXPECT_EQ(entries_.size(), 1U) << key;
    ExpectDamage(file.offsets()[1] + 4, "not a JSON array");
  }
}

TEST_P(EntryCursorTest, PaddingMayBeAnyBytesOfTheRightNumber) {
  file_.AddWithPadding(std::string(1, '\0'), kKey, 1).Add(kKey, 2);
  ASSERT_EQ(kKey.size() % 8, 3U);
  Walk(file_);
  ASSERT_EQ(entries_.size(), 2U);
  EXPECT_EQ(entries_[0].value, 1);
  EXPECT_FALSE(damaged_);
}

TEST_P(EntryCursorTest, PaddingOfAnotherSizeLosesWhatFollows) {
  for (const std::size_t padding : {0, 2, 5, 8, 9}) {
    FileBuilder file(GetParam());
    file.Add(kKey, 1)
        .AddWithPadding(std::string(padding, ' '), kKey, 2)
        .Add(kKey, 3);
    Walk(file);
    EXPECT_EQ(entries_.size(), 2U);
    EXPECT_EQ(entries_.back().offset, file.offsets()[1]);
    EXPECT_TRUE(damaged_);
  }
}

TEST_P(EntryCursorTest, BytesThatAreNoEntryAreDamage) {
  file_.Add(kKey, 1);
  for (const std::string& rubbish :
       {std::string(1, 'x'), std::string(3, '\0'), std::string(7, '\xff'),
        std::string(100, '\0'), std::string(100, '\xff')}) {
    FileBuilder file = file_;
    file.AddBytes(rubbish);
    Walk(file);
    EXPECT_EQ(entries_.size(), 1U);
    ExpectDamage(file_.size(), "");
  }
}

TEST_P(EntryCursorTest, RejectedEntryEndsTheWalkAtItsKey) {
  file_.Add(kKey, 1).Add(kKey, 2).Add(kKey, 3);
  const std::string bytes = file_.Bytes();
  EntryCursor cursor(bytes, file_.size(), GetParam());
  Entry entry;
  ASSERT_TRUE(cursor.Next(&entry));
  ASSERT_TRUE(cursor.Next(&entry));
  cursor.Reject(entry, "no good");
  EXPECT_TRUE(cursor.damaged());
  EXPECT_EQ(cursor.damage().offset, file_.offsets()[1] + 4);
  EXPECT_EQ(cursor.damage().reason, "no good");
  EXPECT_EQ(cursor.position(), file_.offsets()[1]);
  EXPECT_FALSE(cursor.Next(&entry));
}

INSTANTIATE_TEST_SUITE_P(ValueSizes, EntryCursorTest,
                         ::testing::Values(8U, 16U),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace promshm::format
