#ifndef PROMSHM_STORE_READ_AHEAD_H_
#define PROMSHM_STORE_READ_AHEAD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "promshm/status.h"
#include "store/metric_directory.h"
#include "store/metric_file_reader.h"

namespace promshm::store {

// Purpose: reads files one after the other, with a second thread that reads
// those to come where that pays. Opening, reading and closing a file takes the
// kernel longer than what is done with its bytes.
//
// Lifetime: what is given to it must outlive it, and nobody else takes files of
// the directory. Thread safety: needs external locking.
class ReadAhead {
 public:
  // Reads a file of this number, from any thread, perhaps twice.
  using Read = std::function<Result<FileContents>(std::size_t file,
                                                  MetricFileReader* reader)>;

  // Called when a file will not be read again, if that is known.
  using Done = std::function<void(std::size_t file)>;

  ReadAhead(std::size_t size, Read read, Done done);

  // Reads the files of a directory, and closes them.
  explicit ReadAhead(MetricDirectory* directory);
  ~ReadAhead();

  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next file, in order; valid until the call after it. Fails as reading
  // does.
  Result<FileContents> Next();

 private:
  // How many files, and bytes of them, are read before they are asked for.
  static constexpr std::size_t kMostFiles = 16;
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

  // What a thread reads files into; the first that is free, so that few are
  // ever needed.
  struct Buffer {
    MetricFileReader reader;
    std::optional<Result<FileContents>> contents;
    std::atomic<bool> is_used{false};
  };

  using Buffers = std::array<Buffer, kMostFiles>;

  void Help() noexcept;

  // Reads the next file that nobody reads yet, unless that is far ahead.
  bool ReadOne(Buffers* buffers) noexcept;
  void Fill(std::size_t file, Buffer* buffer) noexcept;

  // The file once it was read; null when that takes long, and then nobody else
  // gives it.
  Buffer* WaitFor(std::size_t file) noexcept;

  void Free(Buffer* buffer) noexcept;

  const std::size_t size_;
  const Read read_;
  const Done done_;
  MetricFileReader reader_;
  Buffers own_;
  Buffers helpers_;
  Buffer given_up_;  // stands for what was not waited for
  // By file, where it is once it was read.
  std::vector<std::atomic<Buffer*>> places_;
  Buffer* given_away_ = nullptr;
  std::size_t next_ = 0;
  std::atomic<std::size_t> unclaimed_{0};
  std::atomic<std::size_t> bytes_ahead_{0};
  // The file that was given last, or is about to be.
  std::atomic<std::size_t> given_{0};
  std::thread helper_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_READ_AHEAD_H_
