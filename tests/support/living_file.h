#ifndef PROMSHM_TESTS_SUPPORT_LIVING_FILE_H_
#define PROMSHM_TESTS_SUPPORT_LIVING_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/file_descriptor.h"

namespace promshm::testing {

// Purpose: a metric file as its living writer has it: open and mapped. Values
// are stored in place; a new entry's bytes are stored first, then `used`; a
// full file is doubled. Written from the format's description. Nothing is
// stored where somebody has cut the file, nor once it is frozen.
//
// Thread safety: needs external locking.
class LivingFile {
 public:
  // Python keeps the descriptor beside the mapping; others need not.
  enum class Descriptor { kKept, kClosed };

  // A file that is there; `value_size` says what is added where it has no
  // entry yet. None when it cannot be opened for writing, or has no room for a
  // header.
  static std::optional<LivingFile> Open(const std::string& path,
                                        std::uint32_t value_size,
                                        Descriptor descriptor);

  ~LivingFile() { Close(); }
  LivingFile(LivingFile&& other) noexcept;
  LivingFile& operator=(LivingFile&& other) noexcept;

  // The name it was opened by.
  const std::string& name() const { return name_; }
  std::uint64_t inode() const { return inode_; }

  std::uint32_t value_size() const { return value_size_; }

  // Entries there are, as far as the file is sound.
  std::size_t entries() const { return values_.size(); }

  void Store(std::size_t entry, double value, double timestamp = 0) const;

  // False when the file is full and cannot be made larger, or is damaged.
  bool Add(std::string_view key, double value, double timestamp = 0);

  // Says something in the header, true or not.
  void StoreUsed(std::int32_t used) const;
  std::int32_t LoadUsed() const;

  // Of the mapping.
  std::size_t size() const { return size_; }

  // Somebody else has written other entries.
  void Freeze() { is_frozen_ = true; }

 private:
  LivingFile() = default;

  bool Map(std::size_t size);
  bool Grow();
  bool FindEntries(std::uint32_t value_size);
  bool IsThere(std::size_t end) const;
  void StoreDouble(std::size_t offset, double value) const;
  void Close();

  std::string name_;
  std::uint64_t inode_ = 0;
  bool is_frozen_ = false;
  std::uint32_t value_size_ = 16;
  store::FileDescriptor fd_;
  store::FileDescriptor path_fd_;  // to ask for the size: no writer's
  char* base_ = nullptr;
  std::size_t size_ = 0;
  std::vector<std::size_t> values_;  // where they are
  std::size_t end_ = 0;              // of the entries; 0: damaged
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_LIVING_FILE_H_
