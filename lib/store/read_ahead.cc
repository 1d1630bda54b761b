#include "store/read_ahead.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "store/helper_thread.h"

namespace promshm::store {
namespace {

constexpr std::chrono::microseconds kPatience(50);

}  // namespace

ReadAhead::ReadAhead(std::size_t size, Read read, Done done)
    : size_(size), read_(std::move(read)), done_(std::move(done)) {
  if (size_ < kFewFiles) return;
  places_ = std::vector<std::atomic<Buffer*>>(size_);
  helper_ = StartHelper([this] { Help(); });
}

ReadAhead::ReadAhead(MetricDirectory* directory)
    : ReadAhead(
          directory->size(),
          [directory](std::size_t file, MetricFileReader* reader) {
            return directory->Peek(file, reader);
          },
          [directory](std::size_t file) { directory->Close(file); }) {}

ReadAhead::~ReadAhead() {
  if (!helper_.joinable()) return;
  unclaimed_ = size_;
  given_ = size_;
  given_.notify_all();
  helper_.join();
}

Result<FileContents> ReadAhead::Next() {
  const std::size_t file = next_++;
  if (!helper_.joinable()) {
    Result<FileContents> contents = read_(file, &reader_);
    done_(file);
    return contents;
  }
  if (given_away_ != nullptr) Free(given_away_);
  given_ = file;
  given_.notify_all();
  given_away_ = WaitFor(file);
  if (given_away_ == nullptr) return read_(file, &reader_);
  done_(file);
  return *given_away_->contents;
}

void ReadAhead::Help() noexcept {
  for (;;) {
    const std::size_t given = given_;
    if (unclaimed_ >= size_) return;
    if (!ReadOne(&helpers_)) given_.wait(given);
  }
}

bool ReadAhead::ReadOne(Buffers* buffers) noexcept {
  std::size_t file = unclaimed_;
  const std::size_t given = given_;
  if (file >= size_ || file >= given + kMostFiles ||
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
    buffer->contents.emplace(read_(file, &buffer->reader));
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
