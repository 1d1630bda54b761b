#include "store/merge_journal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace promshm::store {
namespace {

constexpr std::string_view kOld = "old ";
constexpr std::string_view kMade = "made ";
constexpr std::string_view kEnd = "end";

bool TakePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

std::optional<MergeJournal::OldFile> ParseOld(std::string_view record) {
  MergeJournal::OldFile file;
  const auto end = std::from_chars(record.data(), record.data() + record.size(),
                                   file.fingerprint);
  record.remove_prefix(static_cast<std::size_t>(end.ptr - record.data()));
  if (end.ec != std::errc() || !TakePrefix(" ", &record) || record.empty()) {
    return std::nullopt;
  }
  file.name = record;
  return file;
}

}  // namespace

// Each word is multiplied by an odd number of its own, so that no change of one
// goes unnoticed and changes of several do not make up for each other. Several
// sums at once, which need not wait for each other.
std::uint64_t Fingerprint(std::string_view bytes) {
  constexpr std::uint64_t kStep = 0x9e3779b97f4a7c16;  // even
  constexpr std::size_t kLanes = 4;
  using Words = std::array<std::uint64_t, kLanes>;
  Words sums = {bytes.size()};
  Words factors = {1, 1 + kStep, 1 + 2 * kStep, 1 + 3 * kStep};
  while (!bytes.empty()) {
    Words words{};
    const std::size_t size = std::min(bytes.size(), sizeof(words));
    std::memcpy(words.data(), bytes.data(), size);
    for (std::size_t i = 0; i < kLanes; ++i) {
      sums[i] += words[i] * factors[i];
      factors[i] += kLanes * kStep;
    }
    bytes.remove_prefix(size);
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

std::string MergeJournal::ToText() const {
  std::string text;
  for (const OldFile& file : old) {
    text += kOld;
    text += std::to_string(file.fingerprint) + ' ' + file.name + '\0';
  }
  for (const std::string& name : made) {
    text += kMade;
    text += name + '\0';
  }
  text += kEnd;
  return text + '\0';
}

std::optional<MergeJournal> MergeJournal::Parse(std::string_view text) {
  MergeJournal journal;
  for (;;) {
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view record = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (record == kEnd) return journal;
    if (TakePrefix(kMade, &record)) {
      journal.made.emplace_back(record);
    } else if (TakePrefix(kOld, &record)) {
      std::optional<OldFile> file = ParseOld(record);
      if (!file) return std::nullopt;
      journal.old.push_back(*std::move(file));
    } else {
      return std::nullopt;
    }
  }
}

}  // namespace promshm::store
