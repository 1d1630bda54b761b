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
std::size_t NextAfter(const EntryList& guesses, std::size_t next,
                      std::uint32_t key) {
  constexpr std::size_t kNear = 16;
  const std::size_t end = std::min(guesses.size(), next + kNear);
  for (std::size_t i = next; i < end; ++i) {
    if (guesses[i].key == key) return i + 1;
  }
  return next;
}

}  // namespace

FoundEntries EntryFinder::Find(SeriesIndex::KeySet* keys,
                               std::string_view bytes, std::uint64_t used,
                               const format::Dialect& dialect) {
  Example& example = examples_[keys];
  const std::uint32_t value_size = dialect.value_size;
  EntryList list;
  std::uint64_t begin = 0;
  if (example.entries != nullptr && example.value_size == value_size) {
    const std::size_t alike = CountAlike(example, bytes.substr(0, used));
    if (alike == example.entries->size() && example.end == used) {
      return {example.entries, used, std::nullopt};
    }
    list.assign(example.entries->begin(),
                example.entries->begin() + static_cast<std::ptrdiff_t>(alike));
    if (alike > 0) begin = list.back().offset + value_size;
  }
  const std::size_t next = list.size();
  FoundEntries found =
      Walk(keys, example, next,
           format::EntryCursor(bytes.substr(begin), used, value_size, begin),
           value_size, std::move(list));
  example = {found.entries, value_size, found.end};
  return found;
}

FoundEntries EntryFinder::FindMore(SeriesIndex::KeySet* keys,
                                   const EntryList& known, std::uint64_t end,
                                   std::string_view tail, std::uint64_t used,
                                   const format::Dialect& dialect) {
  Example& example = examples_[keys];
  return Walk(keys, example, known.size(),
              format::EntryCursor(tail, used, dialect.value_size, end),
              dialect.value_size, known);
}

// How many entries of the example stand in the file, too, from its beginning.
std::size_t EntryFinder::CountAlike(const Example& example,
                                    std::string_view bytes) const {
  std::size_t alike = 0;
  std::uint64_t begin = format::kDiskHeaderSize;
  for (const EntryRef& entry : *example.entries) {
    const std::uint64_t end = entry.offset + example.value_size;
    if (end > bytes.size()) break;
    const std::string_view text = index_.KeyText(entry.key);
    std::int32_t length;
    std::memcpy(&length, bytes.data() + begin, sizeof(length));
    if (static_cast<std::uint64_t>(length) != text.size() ||
        std::memcmp(bytes.data() + begin + format::kDiskLengthSize, text.data(),
                    text.size()) != 0) {
      break;
    }
    begin = end;
    ++alike;
  }
  return alike;
}

// `list` has the entries before the cursor's. The example's `next` is the one
// that is likely to be the cursor's.
FoundEntries EntryFinder::Walk(SeriesIndex::KeySet* keys,
                               const Example& example, std::size_t next,
                               format::EntryCursor cursor,
                               std::uint32_t value_size, EntryList list) {
  static const EntryList kNone;
  const EntryList& guesses =
      example.entries == nullptr ? kNone : *example.entries;
  format::Entry entry;
  while (cursor.Next(&entry)) {
    std::uint32_t number;
    if (next < guesses.size() &&
        index_.KeyText(guesses[next].key) == entry.key) {
      number = guesses[next++].key;
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
    list.push_back(
        {static_cast<std::uint32_t>(cursor.position() - value_size), number});
  }
  FoundEntries found{lists_.Share(std::move(list)), cursor.position(), {}};
  if (cursor.damaged()) found.damage = cursor.damage();
  return found;
}

}  // namespace promshm::collect
