#ifndef PROMSHM_STORE_HIDDEN_FILE_H_
#define PROMSHM_STORE_HIDDEN_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "store/file_descriptor.h"
#include "store/fixed_text.h"
#include "store/write_failure.h"

namespace promshm::store {

using FileNameText = FixedText<255>;

// Purpose: a metric file that is complete before anybody sees it: a file
// without its header would make prometheus_client's collector fail. It is
// written under a name that no reader looks at, and goes away with the object
// unless it was given its own. A process killed meanwhile leaves
// `.promshm-PID-TIME.new`.
//
// Lifetime: `directory_fd` must outlive the object. Thread safety: needs
// external locking. May be used in signal handlers.
class HiddenFile {
 public:
  explicit HiddenFile(int directory_fd) : directory_fd_(directory_fd) {}
  ~HiddenFile();

  HiddenFile(const HiddenFile&) = delete;
  HiddenFile& operator=(const HiddenFile&) = delete;

  // Writes a header that says `used`, and `entries` behind it; reserves whole
  // pages. Takes an exclusive flock on the file.
  WriteFailure Create(std::uint32_t used, std::string_view entries) noexcept;

  // Gives it a name that no file has. Fails with EEXIST when one has.
  WriteFailure PublishAs(const FileNameText& name) noexcept;

  // Gives it a name, whether a file has it or not.
  WriteFailure Replace(const FileNameText& name) noexcept;

  // The file, opened for reading and writing.
  FileDescriptor TakeDescriptor() { return std::move(fd_); }

 private:
  const int directory_fd_;
  FileDescriptor fd_;
  FileNameText name_;  // empty: there is none, or it has its own by now
};

// `.promshm-PID-TIME` and the suffix: a name that no other process or thread
// thinks of.
FileNameText UniqueHiddenName(std::string_view suffix) noexcept;

// Takes an exclusive flock that lasts until the descriptor and all mappings
// made from it are gone. False when another has it; true also where there are
// no such locks.
bool LockFile(int fd) noexcept;

// Whether somebody has such a lock: a writer of promshm's, or of Ruby's.
bool IsFileLocked(int fd) noexcept;

// Writes all of it.
WriteFailure WriteAt(int fd, std::string_view bytes, off_t offset) noexcept;

// Stores a header's `used`.
WriteFailure WriteUsed(int fd, std::uint32_t used) noexcept;

// Reserves the blocks of a file's bytes [from, to), so that touching them
// through a mapping cannot fail. Nothing may be counted in them meanwhile: some
// file systems have blocks reserved by writing to them.
WriteFailure ReserveBlocks(int fd, std::uint64_t from,
                           std::uint64_t to) noexcept;

// `size` in whole pages.
std::uint64_t WholePages(std::uint64_t size) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_HIDDEN_FILE_H_
