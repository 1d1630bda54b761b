#include "store/read_ahead.h"

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
  if (directory_.size() < kFewFiles ||
      std::thread::hardware_concurrency() < 2) {
    return;
  }
  const SignalBlock block;
  try {
    helper_ = std::thread([this] { Help(); });
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
  if (given_away_ != nullptr) given_away_->is_used = false;
  given_away_ = nullptr;
  given_ = file;
  given_.notify_all();
  while (unclaimed_ <= file) ReadOne(&own_);
  if (!WaitFor(file)) return directory_.Peek(file, &reader_);
  directory_.Close(file);
  given_away_ = places_[file % kMostFiles].buffer;
  const Result<FileContents>& contents = *given_away_->contents;
  if (contents.ok()) bytes_ahead_ -= contents->bytes.size();
  return contents;
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
  if (!unclaimed_.compare_exchange_strong(file, file + 1)) return true;
  buffer->is_used = true;
  try {
    buffer->contents.emplace(directory_.Peek(file, &buffer->reader));
  } catch (const std::exception&) {
    buffer->contents.emplace(Status(StatusKind::kIoError, "out of memory"));
  }
  if (buffer->contents->ok()) {
    bytes_ahead_ += (*buffer->contents)->bytes.size();
  }
  Place& place = places_[file % kMostFiles];
  place.buffer = &*buffer;
  place.is_of = file + 1;
  return true;
}

bool ReadAhead::WaitFor(std::size_t file) noexcept {
  const Place& place = places_[file % kMostFiles];
  while (place.is_of != file + 1 && ReadOne(&own_)) {
  }
  // On a busy machine the helper may not run for as long as many files take,
  // and neither would this thread once it slept or yielded.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (place.is_of != file + 1) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
  }
  return true;
}

}  // namespace promshm::store
