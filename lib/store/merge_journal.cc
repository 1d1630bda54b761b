#include "store/merge_journal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "format/merged_name.h"
#include "format/metric_file_name.h"

namespace promshm::store {
namespace {

constexpr std::string_view kOld = "old ";
constexpr std::string_view kDamaged = "damaged ";
constexpr std::string_view kMade = "made ";
constexpr std::string_view kEnd = "end";

bool TakePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// The name of a metric file of this directory.
bool MayBeMerged(const std::string& name) {
  return name.find('/') == std::string::npos &&
         format::MetricFileName::Parse(name);
}

bool MayBeMade(const std::string& name) {
  return MayBeMerged(name) &&
         format::MergedNumber(format::MetricFileName::Parse(name)->identifier);
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
  if (!MayBeMerged(file.name)) return std::nullopt;
  return file;
}

}  // namespace

// Each word is multiplied by a power of an odd number, so that no change of one
// goes unnoticed and changes of several do not make up for each other. Several
// sums at once, which need not wait for each other.
std::uint64_t Fingerprint(std::string_view bytes) {
  constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15;
  constexpr std::size_t kLanes = 4;
  using Words = std::array<std::uint64_t, kLanes>;
  Words sums = {bytes.size()};
  Words factors = {1, kBase, kBase * kBase, kBase * kBase * kBase};
  while (!bytes.empty()) {
    Words words{};
    const std::size_t size = std::min(bytes.size(), sizeof(words));
    std::memcpy(words.data(), bytes.data(), size);
    for (std::size_t i = 0; i < kLanes; ++i) {
      // Values of which the high bits change alone are no exception.
      sums[i] += (words[i] ^ words[i] >> 32U) * factors[i];
      factors[i] *= kBase * kBase * kBase * kBase;
    }
    bytes.remove_prefix(size);
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

std::string MergeJournal::ToText() const {
  std::string text;
  for (const OldFile& file : old) {
    text += file.is_damaged ? kDamaged : kOld;
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
      if (!MayBeMade(journal.made.back())) return std::nullopt;
    } else if (const bool is_damaged = TakePrefix(kDamaged, &record);
               is_damaged || TakePrefix(kOld, &record)) {
      std::optional<OldFile> file = ParseOld(record);
      if (!file) return std::nullopt;
      file->is_damaged = is_damaged;
      journal.old.push_back(*std::move(file));
    } else {
      return std::nullopt;
    }
  }
}

}  // namespace promshm::store
