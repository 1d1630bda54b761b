#ifndef PROMSHM_STORE_WRITABLE_FILE_H_
#define PROMSHM_STORE_WRITABLE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/file_descriptor.h"
#include "store/hidden_file.h"
#include "store/write_failure.h"

namespace promshm::store {

// The longest identifier that fits into a name with all that stands around it.
inline constexpr std::size_t kLongestIdentifier = 100;

// Which file a writer wants.
struct FileTarget {
  const char* directory = "";
  std::string_view stem;        // "counter_", "gauge_livesum_"
  std::string_view identifier;  // at most kLongestIdentifier bytes
  bool live = false;            // a gauge of a live mode
  bool needs_timestamps = false;
  bool identifier_is_claimed = false;  // no other living process has it
  bool plain_name_is_taken = false;    // begin with IDENTIFIER-2
};

// A sound file of the current generation that no other writer has open, as far
// as the kernel can tell.
struct WritableFile {
  FileDescriptor fd;
  FileNameText name;
  std::uint32_t used = 0;  // at least the header's size
  std::uint64_t size = 0;  // whole pages, all of them reserved
  std::string notice;      // what was set aside, as a message; or empty
};

// Opens the target's file: a new one, or the one that an earlier process of
// that identifier left. The name is STEM, IDENTIFIER and `.db`, or the first of
// `IDENTIFIER-2`, `-3` and so on that is not another writer's, another
// generation's, or something that we may not write.
//
// That of a live gauge is removed when its process is known to be dead. A
// damaged one is renamed to `NAME.damaged`, and its entries before the damage
// are the new one's.
//
// The file is locked as LockFile() does. Allocates memory only where there is a
// file already; where there is none, may be called in signal handlers.
WriteFailure OpenWritableFile(const FileTarget& target, WritableFile* file);

// A descriptor for *at() calls; invalid, with errno, where there is no such
// directory.
FileDescriptor OpenDirectory(const char* path) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_WRITABLE_FILE_H_
