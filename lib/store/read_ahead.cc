#include "store/read_ahead.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>

namespace promshm::store {
namespace {

// Below this a thread takes as long to start as the files to read.
constexpr std::size_t kFewFiles = 32;

constexpr std::chrono::microseconds kPatience(50);

// Those that this thread may run on, but for the one it is on. None when that
// is the only one.
std::optional<cpu_set_t> OtherProcessors() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  const int here = sched_getcpu();
  if (here < 0 || sched_getaffinity(0, sizeof(processors), &processors) != 0) {
    return std::nullopt;
  }
  CPU_CLR(static_cast<std::size_t>(here), &processors);
  if (CPU_COUNT(&processors) == 0) return std::nullopt;
  return processors;
}

// The application's signals are not for a thread of ours.
class SignalBlock {
 public:
  SignalBlock() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalBlock() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

ReadAhead::ReadAhead(MetricDirectory* directory) : directory_(*directory) {
  if (directory_.size() < kFewFiles) return;
  const std::optional<cpu_set_t> others = OtherProcessors();
  if (!others) return;
  places_ = std::vector<std::atomic<Buffer*>>(directory_.size());
  const SignalBlock block;
  try {
    helper_ = std::thread([this] { Help(); });
    // Some schedulers would leave it where this thread is until that pauses.
    pthread_setaffinity_np(helper_.native_handle(), sizeof(*others), &*others);
  } catch (const std::system_error&) {
    // Then this thread reads them all.
  }
}

ReadAhead::~ReadAhead() {
  if (!helper_.joinable()) return;
  unclaimed_ = directory_.size();
  given_ = directory_.size();
  given_.notify_all();
  helper_.join();
}

Result<FileContents> ReadAhead::Next() {
  const std::size_t file = next_++;
  if (!helper_.joinable()) return directory_.Read(file, &reader_);
  if (given_away_ != nullptr) Free(given_away_);
  given_ = file;
  given_.notify_all();
  given_away_ = WaitFor(file);
  if (given_away_ == nullptr) return directory_.Peek(file, &reader_);
  directory_.Close(file);
  return *given_away_->contents;
}

void ReadAhead::Help() noexcept {
  for (;;) {
    const std::size_t given = given_;
    if (unclaimed_ >= directory_.size()) return;
    if (!ReadOne(&helpers_)) given_.wait(given);
  }
}

bool ReadAhead::ReadOne(Buffers* buffers) noexcept {
  std::size_t file = unclaimed_;
  const std::size_t given = given_;
  if (file >= directory_.size() || file >= given + kMostFiles ||
      (file > given && bytes_ahead_ >= kMostBytes)) {
    return false;
  }
  const auto buffer =
      std::find_if(buffers->begin(), buffers->end(),
                   [](const Buffer& some) { return !some.is_used; });
  if (buffer == buffers->end()) return false;
  if (unclaimed_.compare_exchange_strong(file, file + 1)) Fill(file, &*buffer);
  return true;
}

void ReadAhead::Fill(std::size_t file, Buffer* buffer) noexcept {
  buffer->is_used = true;
  try {
    buffer->contents.emplace(directory_.Peek(file, &buffer->reader));
  } catch (const std::exception&) {
    buffer->contents.emplace(Status(StatusKind::kIoError, "out of memory"));
  }
  if (buffer->contents->ok()) bytes_ahead_ += (*buffer->contents)->bytes.size();
  Buffer* expected = nullptr;
  if (!places_[file].compare_exchange_strong(expected, buffer)) Free(buffer);
}

ReadAhead::Buffer* ReadAhead::WaitFor(std::size_t file) noexcept {
  std::atomic<Buffer*>& place = places_[file];
  while (place == nullptr && ReadOne(&own_)) {
  }
  // On a busy machine the helper may not run for as long as many files take,
  // and neither would this thread once it slept or yielded.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (place == nullptr) {
    if (std::chrono::steady_clock::now() < deadline) continue;
    Buffer* expected = nullptr;
    if (place.compare_exchange_strong(expected, &given_up_)) {
      std::size_t not_begun = file;
      unclaimed_.compare_exchange_strong(not_begun, file + 1);
      return nullptr;
    }
  }
  return place;
}

void ReadAhead::Free(Buffer* buffer) noexcept {
  if (buffer->contents->ok()) {
    bytes_ahead_ -= (*buffer->contents)->bytes.size();
  }
  buffer->is_used = false;
}

}  // namespace promshm::store
