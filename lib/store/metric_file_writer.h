#ifndef PROMSHM_STORE_METRIC_FILE_WRITER_H_
#define PROMSHM_STORE_METRIC_FILE_WRITER_H_

#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "store/fixed_text.h"
#include "store/key_index.h"
#include "store/reserved_mapping.h"
#include "store/writable_file.h"
#include "store/write_failure.h"

namespace promshm::store {

// What has become of a file that FindOrAdd() could not add to.
enum class Loss {
  kNone,  // nothing; it may be able to later
  kLeft,  // it keeps what it has, and takes no more from us
  kGone,  // nobody sees it any more
};

// Purpose: writes one metric file of this process: finds or adds entries and
// gives the addresses of their values, which never move.
//
//   first size      one page
//   growth          by doubling, into address space reserved at the start
//   blocks          reserved before they are mapped: no SIGBUS on a full disk
//   new entries     bytes first, then `used` with release
//   descriptors     none is kept: a program that closes what it does not know
//                   cannot make us write into its own files
//   fork            a child inherits neither mapping nor lock, unless it was
//                   forked at the very moment of opening or growing; to it the
//                   writer is not open
//
// Failures leave the file as it was. Nothing here allocates, but for opening a
// file that an earlier process left.
//
// Lifetime: addresses are valid until Close() and in this process only. Thread
// safety: needs external locking.
class MetricFileWriter {
 public:
  MetricFileWriter() = default;
  ~MetricFileWriter();

  MetricFileWriter(const MetricFileWriter&) = delete;
  MetricFileWriter& operator=(const MetricFileWriter&) = delete;

  // Opens the target's file, in place of the one that is open, whose addresses
  // stay valid. `notice` is a message about a file that was set aside.
  WriteFailure Open(const FileTarget& target, std::string* notice);

  // In this process.
  bool is_open() const noexcept;

  // Stores in `values` the address of each key's value; its timestamp is the
  // next double. Those that are missing are added with 0 and 0, all of them or
  // none. The keys of one call differ. On failure `values` is as it was.
  WriteFailure FindOrAdd(const std::vector<std::string>& keys,
                         std::atomic<double*>* values) noexcept;

  Loss loss() const { return loss_; }

  // Absolute, where the directory is.
  std::string_view path() const { return path_.view(); }

  void Close() noexcept;

 private:
  double* Find(const std::string& key) const noexcept;
  WriteFailure Add(const std::vector<std::string>& keys, std::uint64_t end,
                   std::atomic<double*>* values) noexcept;
  WriteFailure Lose(Loss loss, const char* what) noexcept;
  WriteFailure CheckPresence() noexcept;
  WriteFailure Grow(std::uint64_t wanted) noexcept;
  WriteFailure MapMore(int fd, std::uint64_t size) noexcept;
  WriteFailure IndexEntries(std::uint32_t used) noexcept;
  double* Append(const std::string& key, std::uint32_t* end) noexcept;

  FixedText<PATH_MAX> path_;
  ReservedMapping mapping_;
  KeyIndex index_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  std::uint64_t size_ = 0;
  std::uint32_t used_ = 0;
  std::uint32_t generation_ = 0;  // of the process that opened it
  Loss loss_ = Loss::kNone;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_METRIC_FILE_WRITER_H_
