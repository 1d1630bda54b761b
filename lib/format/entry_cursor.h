#ifndef PROMSHM_FORMAT_ENTRY_CURSOR_H_
#define PROMSHM_FORMAT_ENTRY_CURSOR_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace promshm::format {

// One entry, as framed in the file. The key is delimited, not yet parsed: it
// starts with '[' and ends with ']'.
struct Entry {
  std::uint64_t offset = 0;  // of the length field
  std::string_view key;
  double value = 0;
  double timestamp = 0;  // 0 where the dialect has none
};

// Where and why a walk ended before its time.
struct Damage {
  std::uint64_t offset = 0;
  std::string reason;  // lower case; empty: no damage
};

// Purpose: walks the entries of a metric file. All checks are made before a
// byte is touched; what Next() gives lies wholly inside `bytes`.
//
// `bytes` is the file from byte `begin` on, which is 0 or where an entry
// begins; entries are read up to `used`. When `used` lies beyond `bytes`, the
// file is cut short: entries that are whole are given, then the cut is reported
// as damage.
//
// Lifetime: keeps a view of `bytes`, which must outlive the cursor and the
// entries it gives. Thread safety: const methods may be called from several
// threads; anything else needs external locking.
class EntryCursor {
 public:
  EntryCursor(std::string_view bytes, std::uint64_t used,
              std::uint32_t value_size, std::uint64_t begin = 0);

  // False at the end, clean or damaged.
  bool Next(Entry* entry);

  // Ends the walk: the entry just given turned out to be none.
  void Reject(const Entry& entry, std::string reason);

  bool damaged() const { return !damage_.reason.empty(); }
  const Damage& damage() const { return damage_; }

  // Byte after the last entry given.
  std::uint64_t position() const { return position_; }

 private:
  bool Stop(std::uint64_t offset, std::string reason);

  std::string_view bytes_;
  std::uint64_t begin_;
  std::uint64_t used_;
  std::uint32_t value_size_;
  std::uint64_t position_;
  Damage damage_;
};

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_ENTRY_CURSOR_H_
