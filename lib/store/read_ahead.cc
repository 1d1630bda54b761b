#include "store/read_ahead.h"

#include <signal.h>

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
  is_ending_ = true;
  given_ = directory_.size();
  given_.notify_all();
  helper_.join();
}

Result<FileContents> ReadAhead::Next() {
  const std::size_t file = next_++;
  // The slot of the file before is free from here on.
  given_ = file;
  given_.notify_all();
  if (Claim(file)) return directory_.Read(file, &reader_);
  Slot& slot = slots_[file % kSlots];
  if (!WaitFor(&slot)) return directory_.Peek(file, &reader_);
  directory_.Close(file);
  return *std::move(slot.contents);
}

bool ReadAhead::Claim(std::size_t file) {
  return unclaimed_.compare_exchange_strong(file, file + 1);
}

// On a busy machine the helper may not run for as long as many files take, and
// neither would this thread once it slept or yielded.
bool ReadAhead::WaitFor(Slot* slot) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (slot->state == State::kReading) {
    if (std::chrono::steady_clock::now() >= deadline) {
      State reading = State::kReading;
      return !slot->state.compare_exchange_strong(reading, State::kGivenUp);
    }
  }
  return true;
}

void ReadAhead::Help() noexcept {
  while (!is_ending_) {
    const std::size_t file = unclaimed_;
    if (file >= directory_.size()) return;
    const std::size_t given = given_;
    if (file >= given + kSlots) {
      given_.wait(given);
    } else {
      // Nobody else looks at the slot until the file is claimed.
      slots_[file % kSlots].state = State::kReading;
      if (Claim(file)) HelpWith(file);
    }
  }
}

void ReadAhead::HelpWith(std::size_t file) noexcept {
  Slot& slot = slots_[file % kSlots];
  try {
    slot.contents.emplace(directory_.Peek(file, &slot.reader));
  } catch (const std::exception&) {
    slot.contents.emplace(Status(StatusKind::kIoError, "out of memory"));
  }
  State reading = State::kReading;
  slot.state.compare_exchange_strong(reading, State::kRead);
}

}  // namespace promshm::store
