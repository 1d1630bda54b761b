#include "collect/entry_finder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/dialect.h"
#include "format/layout.h"
#include "promshm/issue.h"
#include "store/file_walk.h"
#include "tests/support/dice.h"
#include "tests/support/file_builder.h"
#include "tests/support/random_metrics.h"

namespace promshm::collect {
namespace {

using testing::FileBuilder;

std::string Key(const std::string& name) {
  return "[\"" + name + "\", \"" + name + "_total\", {}, \"h\"]";
}

// A file with these keys.
FileBuilder FileOf(const std::vector<std::string>& names,
                   std::uint32_t value_size = 16) {
  FileBuilder file(value_size);
  for (const std::string& name : names) file.Add(Key(name), 1);
  return file;
}

// What stands in a file, without the numbers that an index gives.
struct Seen {
  std::vector<std::pair<std::string, std::uint32_t>> entries;
  std::uint64_t end = 0;
  std::optional<std::pair<std::uint64_t, std::string>> damage;

  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  for (const auto& [key, offset] : seen.entries) {
    out << offset << ": " << key << '\n';
  }
  out << "end " << seen.end;
  if (seen.damage) out << ", " << seen.damage->first << seen.damage->second;
  return out;
}

class EntryFinderTest : public ::testing::Test {
 protected:
  FoundEntries Find(std::string_view bytes, std::uint64_t used,
                    std::uint32_t value_size = 16) {
    return finder_.Find(keys_, bytes, used, {value_size});
  }

  FoundEntries Find(const FileBuilder& file, std::uint32_t value_size = 16) {
    return Find(file.Bytes(), file.size(), value_size);
  }

  // How many keys were looked up since the last call.
  std::uint64_t LookedUp() {
    return finder_.looked_up() - std::exchange(counted_, finder_.looked_up());
  }

  Seen SeenIn(const FoundEntries& found) const {
    Seen seen;
    for (std::size_t i = 0; i < found.entries.keys->size(); ++i) {
      seen.entries.emplace_back(index_.KeyText((*found.entries.keys)[i]),
                                (*found.entries.offsets)[i]);
    }
    seen.end = found.end;
    if (found.damage) {
      seen.damage = {found.damage->offset, found.damage->reason};
    }
    return seen;
  }

  SeriesIndex index_;
  EntryFinder finder_{&index_};
  SeriesIndex::KeySet* keys_ =
      index_.FindKeySet({FamilyType::kCounter, GaugeMode::kAll, false}, "1");
  std::uint64_t counted_ = 0;
};

// As a walk from the first entry to the last sees it.
Seen Walked(std::string_view bytes, std::uint64_t used,
            std::uint32_t value_size) {
  SeriesIndex index;
  SeriesIndex::KeySet* const keys =
      index.FindKeySet({FamilyType::kCounter, GaugeMode::kAll, false}, "1");
  Seen seen;
  seen.end = used == 0 ? 0 : format::kDiskHeaderSize;
  const std::optional<Issue> issue = store::WalkFile(
      "", {bytes, used, std::nullopt}, {value_size},
      [&](const format::Entry& entry) -> Status {
        Status status = index.FindKey(keys, entry.key).status();
        if (!status.ok()) return status;
        const std::uint64_t value = entry.offset + format::kDiskLengthSize +
                                    format::PaddedKeySize(entry.key.size());
        seen.entries.emplace_back(entry.key, value);
        seen.end = value + value_size;
        return {};
      });
  if (issue) {
    // Without `damaged: `.
    seen.damage = {issue->offset.value(), issue->message.substr(9)};
  }
  return seen;
}

TEST_F(EntryFinderTest, FindsEntriesAndWhereTheyEnd) {
  const FileBuilder file = FileOf({"a", "bcd", "e"});
  const FoundEntries found = Find(file);
  EXPECT_EQ(SeenIn(found), Walked(file.Bytes(), file.size(), 16));
  EXPECT_EQ(found.entries.keys->size(), 3);
  EXPECT_EQ(found.end, file.size());
  EXPECT_EQ(LookedUp(), 3);
}

TEST_F(EntryFinderTest, FindsNothingInWhatHoldsNothing) {
  EXPECT_EQ(SeenIn(Find(std::string(8, '\0'), 0)), Seen());
  const FileBuilder empty = FileOf({});
  EXPECT_EQ(SeenIn(Find(empty)), (Seen{{}, 8, std::nullopt}));
  EXPECT_EQ(LookedUp(), 0);
}

TEST_F(EntryFinderTest, AlikeFilesShareTheirListsAndLookNothingUp) {
  const FoundEntries first = Find(FileOf({"a", "b", "c"}));
  LookedUp();
  const FoundEntries second = Find(FileOf({"a", "b", "c"}));
  EXPECT_EQ(LookedUp(), 0);
  EXPECT_EQ(second.entries.keys, first.entries.keys);
  EXPECT_EQ(second.entries.offsets, first.entries.offsets);
  EXPECT_EQ(second.end, first.end);
  // Another one between them.
  Find(FileOf({"b", "a"}));
  EXPECT_EQ(Find(FileOf({"a", "b", "c"})).entries.keys, first.entries.keys);
}

struct Change {
  const char* name;
  std::vector<std::string> names;
  std::uint64_t looked_up;
};

std::ostream& operator<<(std::ostream& out, const Change& change) {
  return out << change.name;
}

class EntryFinderChangeTest : public EntryFinderTest,
                              public ::testing::WithParamInterface<Change> {};

TEST_P(EntryFinderChangeTest, LooksUpWhatIsAnother) {
  Find(FileOf({"a", "b", "c", "d", "e"}));
  LookedUp();
  const FileBuilder file = FileOf(GetParam().names);
  EXPECT_EQ(SeenIn(Find(file)), Walked(file.Bytes(), file.size(), 16));
  EXPECT_EQ(LookedUp(), GetParam().looked_up);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, EntryFinderChangeTest,
    ::testing::Values(
        Change{"Same", {"a", "b", "c", "d", "e"}, 0},
        Change{"Shorter", {"a", "b", "c"}, 0}, Change{"None", {}, 0},
        Change{"Longer", {"a", "b", "c", "d", "e", "f"}, 1},
        Change{"InsertedFirst", {"x", "a", "b", "c", "d", "e"}, 1},
        Change{"Inserted", {"a", "b", "x", "c", "d", "e"}, 1},
        Change{"InsertedLonger", {"a", "b", "xxxxxxxxxxxxx", "c", "d", "e"}, 1},
        Change{"RemovedFirst", {"b", "c", "d", "e"}, 1},
        Change{"Removed", {"a", "c", "d", "e"}, 1},
        Change{"Replaced", {"a", "b", "x", "d", "e"}, 2},
        Change{"Swapped", {"a", "c", "b", "d", "e"}, 2},
        Change{"Twice", {"a", "a", "b", "c", "d", "e"}, 1}),
    [](const auto& info) { return info.param.name; });

TEST_F(EntryFinderTest, FilesOfAnotherValueSizeAreOthers) {
  Find(FileOf({"a", "b", "c"}, 16));
  LookedUp();
  const FileBuilder narrow = FileOf({"a", "b", "c"}, 8);
  EXPECT_EQ(SeenIn(Find(narrow, 8)), Walked(narrow.Bytes(), narrow.size(), 8));
  EXPECT_EQ(LookedUp(), 0);
  const FileBuilder wide = FileOf({"a", "b", "c"}, 16);
  EXPECT_EQ(SeenIn(Find(wide)), Walked(wide.Bytes(), wide.size(), 16));
  EXPECT_EQ(LookedUp(), 0);
}

TEST_F(EntryFinderTest, SetsOfKeysAreApart) {
  const FileKind all = {FamilyType::kGauge, GaugeMode::kAll, false};
  SeriesIndex::KeySet* const one = index_.FindKeySet(all, "1");
  SeriesIndex::KeySet* const other = index_.FindKeySet(all, "2");
  const FileBuilder file = FileOf({"a", "b"});
  const FoundEntries found = finder_.Find(one, file.Bytes(), file.size(), {16});
  const FoundEntries apart =
      finder_.Find(other, file.Bytes(), file.size(), {16});
  EXPECT_EQ(LookedUp(), 4);
  EXPECT_NE(found.entries.keys, apart.entries.keys);
  EXPECT_EQ(found.entries.offsets, apart.entries.offsets);
}

TEST_F(EntryFinderTest, WhatIsDamagedEndsThere) {
  FileBuilder file = FileOf({"a", "b"});
  file.Add("[\"no key\"]", 1).Add(Key("c"), 1);
  Find(FileOf({"a", "b", "x", "c"}));
  const FoundEntries found = Find(file);
  EXPECT_EQ(SeenIn(found), Walked(file.Bytes(), file.size(), 16));
  EXPECT_EQ(found.entries.keys->size(), 2);
  EXPECT_TRUE(found.damage.has_value());
  // The next one is sound, and as long.
  FileBuilder sound = FileOf({"a", "b"});
  EXPECT_EQ(SeenIn(Find(sound)), Walked(sound.Bytes(), sound.size(), 16));
}

// Whatever was seen before of a file, and whatever was found in others.
class EntryFinderRandomTest : public EntryFinderTest {
 protected:
  struct File {
    std::string bytes;
    std::uint64_t used = 0;
    std::uint32_t value_size = 16;
    std::vector<std::uint64_t> offsets;
  };

  File Make() {
    const testing::Generation generation = dice_.Pick(testing::kGenerations);
    const FileBuilder file = testing::RandomFile("counter_1.db", generation,
                                                 dice_.Below(12), &dice_);
    File made{file.Bytes(), file.size(), generation.value_size, file.offsets()};
    return made;
  }

  void Spoil(File* file) {
    switch (dice_.Below(6)) {
      case 0:
        file->bytes[dice_.Below(file->bytes.size())] =
            static_cast<char>(dice_.Below(256));
        break;
      case 1:
        file->bytes.resize(dice_.Below(file->bytes.size() + 1));
        break;
      case 2:
        file->used = dice_.Below(file->used + 100);
        break;
      default:
        break;
    }
    file->bytes.resize(std::min<std::size_t>(file->bytes.size(), file->used));
  }

  testing::Dice dice_{1};
};

TEST_F(EntryFinderRandomTest, FindsWhatAWalkFinds) {
  File file = Make();
  for (int i = 0; i < 5000; ++i) {
    // Often much like the one before.
    if (!dice_.OneIn(3)) file = Make();
    Spoil(&file);
    ASSERT_EQ(SeenIn(Find(file.bytes, file.used, file.value_size)),
              Walked(file.bytes, file.used, file.value_size))
        << "round " << i;
    if (file.bytes.empty() || dice_.OneIn(2)) file = Make();
  }
}

TEST_F(EntryFinderRandomTest, FindsMoreAsIfItHadLookedThroughAll) {
  int damaged = 0;
  for (int i = 0; i < 3000; ++i) {
    File file = Make();
    if (file.offsets.empty()) continue;
    const std::uint64_t end = dice_.Pick(file.offsets);
    const FoundEntries known =
        Find(file.bytes.substr(0, end), end, file.value_size);
    ASSERT_FALSE(known.damage);
    ASSERT_EQ(known.end, end);
    // What comes may be anything.
    const std::string sound = file.bytes.substr(0, end);
    Spoil(&file);
    if (file.used < end || file.bytes.size() < end) continue;
    file.bytes.replace(0, end, sound);
    const FoundEntries found = finder_.FindMore(
        keys_, known.entries, end, std::string_view(file.bytes).substr(end),
        file.used, {file.value_size});
    ASSERT_EQ(SeenIn(found), Walked(file.bytes, file.used, file.value_size))
        << "round " << i;
    if (found.damage) ++damaged;
    const FoundEntries whole = Find(file.bytes, file.used, file.value_size);
    ASSERT_EQ(whole.entries.keys, found.entries.keys);
    ASSERT_EQ(whole.entries.offsets, found.entries.offsets);
  }
  EXPECT_GT(damaged, 100);
}

}  // namespace
}  // namespace promshm::collect
