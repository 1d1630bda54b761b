#include "collect/entry_finder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "format/layout.h"
#include "promshm/status.h"

namespace promshm::collect {
namespace {

// Where the guesses go on after a key that was not the guess at `next`: behind
// it, when it is near; else they stay.
std::size_t NextAfter(const NumberList& guesses, std::size_t next,
                      std::uint32_t key) {
  constexpr std::size_t kNear = 16;
  const std::size_t end = std::min(guesses.size(), next + kNear);
  for (std::size_t i = next; i < end; ++i) {
    if (guesses[i] == key) return i + 1;
  }
  return next;
}

NumberList FirstOf(const NumberList& list, std::size_t size) {
  return {list.begin(), list.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

FoundEntries EntryFinder::Find(SeriesIndex::KeySet* keys,
                               std::string_view bytes, std::uint64_t used,
                               const format::Dialect& dialect) {
  Example& example = examples_[keys];
  const std::uint32_t value_size = dialect.value_size;
  Draft draft;
  std::uint64_t begin = 0;
  if (example.entries.keys != nullptr && example.value_size == value_size) {
    const std::size_t alike =
        CountAlike(example.entries, value_size, bytes.substr(0, used));
    if (alike == example.entries.keys->size() && example.end == used &&
        used <= bytes.size()) {
      return {example.entries, used, std::nullopt};
    }
    draft.keys = FirstOf(*example.entries.keys, alike);
    draft.offsets = FirstOf(*example.entries.offsets, alike);
    if (alike > 0) begin = draft.offsets.back() + value_size;
  }
  FoundEntries found =
      Walk(keys, example,
           format::EntryCursor(bytes.substr(begin), used, value_size, begin),
           value_size, std::move(draft));
  example = {found.entries, value_size, found.end};
  return found;
}

FoundEntries EntryFinder::FindMore(SeriesIndex::KeySet* keys,
                                   const EntryList& known, std::uint64_t end,
                                   std::string_view tail, std::uint64_t used,
                                   const format::Dialect& dialect) {
  return Walk(keys, examples_[keys],
              format::EntryCursor(tail, used, dialect.value_size, end),
              dialect.value_size, {*known.keys, *known.offsets});
}

// How many of the entries stand in the file, too, from its beginning.
std::size_t EntryFinder::CountAlike(const EntryList& entries,
                                    std::uint32_t value_size,
                                    std::string_view bytes) const {
  const NumberList& keys = *entries.keys;
  const NumberList& offsets = *entries.offsets;
  std::uint64_t begin = format::kDiskHeaderSize;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint64_t end = offsets[i] + value_size;
    if (end > bytes.size()) return i;
    const std::string_view text = index_.KeyText(keys[i]);
    std::int32_t length;
    std::memcpy(&length, bytes.data() + begin, sizeof(length));
    if (static_cast<std::uint64_t>(length) != text.size() ||
        std::memcmp(bytes.data() + begin + format::kDiskLengthSize, text.data(),
                    text.size()) != 0) {
      return i;
    }
    begin = end;
  }
  return keys.size();
}

// `draft` has the entries before the cursor's.
FoundEntries EntryFinder::Walk(SeriesIndex::KeySet* keys,
                               const Example& example,
                               format::EntryCursor cursor,
                               std::uint32_t value_size, Draft draft) {
  static const NumberList kNone;
  const NumberList& guesses =
      example.entries.keys == nullptr ? kNone : *example.entries.keys;
  std::size_t next = draft.keys.size();
  format::Entry entry;
  while (cursor.Next(&entry)) {
    std::uint32_t number;
    if (next < guesses.size() && index_.KeyText(guesses[next]) == entry.key) {
      number = guesses[next++];
    } else {
      const Result<std::uint32_t> key = index_.FindKey(keys, entry.key);
      if (!key.ok()) {
        cursor.Reject(entry, key.status().message());
        break;
      }
      number = *key;
      ++looked_up_;
      next = NextAfter(guesses, next, number);
    }
    draft.keys.push_back(number);
    draft.offsets.push_back(
        static_cast<std::uint32_t>(cursor.position() - value_size));
  }
  FoundEntries found;
  found.entries = {lists_.Share(std::move(draft.keys)),
                   lists_.Share(std::move(draft.offsets))};
  found.end = cursor.position();
  if (cursor.damaged()) found.damage = cursor.damage();
  return found;
}

}  // namespace promshm::collect
