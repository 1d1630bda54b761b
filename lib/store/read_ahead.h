#ifndef PROMSHM_STORE_READ_AHEAD_H_
#define PROMSHM_STORE_READ_AHEAD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>

#include "promshm/status.h"
#include "store/metric_directory.h"
#include "store/metric_file_reader.h"

namespace promshm::store {

// Purpose: reads the files of a directory one after the other, with a second
// thread that reads those to come where that pays. Opening, reading and closing
// a file takes the kernel longer than what is done with its bytes.
//
// Lifetime: `directory` must outlive it, and nobody else takes files of it.
// Thread safety: needs external locking.
class ReadAhead {
 public:
  explicit ReadAhead(MetricDirectory* directory);
  ~ReadAhead();

  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next file, in the directory's order; valid until the call after it.
  // Fails as MetricDirectory::Read does.
  Result<FileContents> Next();

 private:
  static constexpr std::size_t kSlots = 4;

  enum class State { kReading, kRead, kGivenUp };

  // A file that the helper reads, in turn with those kSlots apart.
  struct Slot {
    MetricFileReader reader;
    std::optional<Result<FileContents>> contents;
    std::atomic<State> state{State::kReading};
  };

  void Help() noexcept;
  void HelpWith(std::size_t file) noexcept;

  // Whether the caller is to read the file, and nobody else.
  bool Claim(std::size_t file);

  // Whether the helper has read the file, given some time.
  static bool WaitFor(Slot* slot);

  MetricDirectory& directory_;
  MetricFileReader reader_;
  std::array<Slot, kSlots> slots_;
  std::size_t next_ = 0;
  std::atomic<std::size_t> unclaimed_{0};
  // The file that was given last, or is about to be.
  std::atomic<std::size_t> given_{0};
  std::atomic<bool> is_ending_{false};
  std::thread helper_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_READ_AHEAD_H_
