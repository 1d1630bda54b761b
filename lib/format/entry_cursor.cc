#include "format/entry_cursor.h"

#include <cstring>
#include <utility>

#include "format/layout.h"

namespace promshm::format {
namespace {

template <typename T>
T Load(std::string_view bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

}  // namespace

EntryCursor::EntryCursor(std::string_view bytes, std::uint64_t used,
                         std::uint32_t value_size, std::uint64_t begin)
    : bytes_(bytes.substr(0, used - begin)),
      begin_(begin),
      used_(used),
      value_size_(value_size),
      position_(begin) {
  if (begin > 0) return;
  position_ = kDiskHeaderSize;
  // A file just created says 0: it holds nothing, not even its header.
  if (used_ == 0) {
    position_ = 0;
  } else if (used_ < kDiskHeaderSize) {
    Stop(0, "used is " + std::to_string(used_) + ", less than the header");
  } else if (bytes_.size() < kDiskHeaderSize) {
    Stop(0, "the file is shorter than its header");
  }
}

bool EntryCursor::Next(Entry* entry) {
  if (damaged() || position_ == used_) return false;
  const std::uint64_t end = begin_ + bytes_.size();
  if (position_ == end) {
    return Stop(position_,
                "the file ends here, but used is " + std::to_string(used_));
  }
  std::uint64_t remaining = end - position_;
  if (remaining < kDiskLengthSize) {
    return Stop(position_, "an entry's length does not fit into " +
                               std::to_string(remaining) + " bytes");
  }
  const auto length = Load<std::int32_t>(bytes_, position_ - begin_);
  if (length < 2) {
    return Stop(position_, "key length " + std::to_string(length));
  }
  remaining -= kDiskLengthSize;
  const auto key_size = static_cast<std::uint64_t>(length);
  const std::uint64_t needed = PaddedKeySize(key_size) + value_size_;
  if (needed > remaining) {
    return Stop(position_, "key length " + std::to_string(length) +
                               " does not fit into the " +
                               std::to_string(remaining) + " bytes left");
  }
  const std::uint64_t key_offset = position_ + kDiskLengthSize;
  const std::string_view key = bytes_.substr(key_offset - begin_, key_size);
  if (key.front() != '[' || key.back() != ']') {
    return Stop(key_offset, "the key is not a JSON array");
  }
  const std::uint64_t value_offset = key_offset + PaddedKeySize(key_size);
  entry->offset = position_;
  entry->key = key;
  const std::uint64_t value_at = value_offset - begin_;
  entry->value = Load<double>(bytes_, value_at);
  entry->timestamp = value_size_ == 2 * sizeof(double)
                         ? Load<double>(bytes_, value_at + sizeof(double))
                         : 0.0;
  position_ = value_offset + value_size_;
  return true;
}

void EntryCursor::Reject(const Entry& entry, std::string reason) {
  position_ = entry.offset;
  Stop(entry.offset + kDiskLengthSize, std::move(reason));
}

bool EntryCursor::Stop(std::uint64_t offset, std::string reason) {
  damage_ = {offset, std::move(reason)};
  return false;
}

}  // namespace promshm::format
