#ifndef PROMSHM_STORE_MERGE_JOURNAL_H_
#define PROMSHM_STORE_MERGE_JOURNAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace promshm::store {

// Tells a file's bytes from what they become when a writer counts on.
std::uint64_t Fingerprint(std::string_view bytes);

// What a merge takes away and what it puts in the place.
//
// A value. Thread safety: const methods may be called from several threads;
// anything else needs external locking.
struct MergeJournal {
  struct OldFile {
    std::string name;
    std::uint64_t fingerprint = 0;  // of what was merged
    bool is_damaged = false;        // and kept, for people
  };

  std::vector<OldFile> old;
  std::vector<std::string> made;  // names

  // Records that end in a NUL, which no name holds: `old FINGERPRINT NAME` or
  // `damaged FINGERPRINT NAME`, `made NAME`, and at last `end`.
  std::string ToText() const;

  // None where the text is not whole, or names what no merge touches: old files
  // are metric files, and new ones have names of merged files.
  static std::optional<MergeJournal> Parse(std::string_view text);
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_MERGE_JOURNAL_H_
