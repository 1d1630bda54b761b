#include "tests/support/living_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <bit>
#include <cstring>
#include <utility>

namespace promshm::testing {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kLengthSize = 4;

std::size_t SizeOf(const store::FileDescriptor& fd) {
  struct stat info;
  return fstat(fd.get(), &info) == 0 ? static_cast<std::size_t>(info.st_size)
                                     : 0;
}

std::size_t PaddedKeySize(std::size_t key_size) {
  return key_size + 8 - (key_size + kLengthSize) % 8;
}

}  // namespace

std::optional<LivingFile> LivingFile::Open(const std::string& path,
                                           std::uint32_t value_size,
                                           Descriptor descriptor) {
  LivingFile file;
  file.name_ = path.substr(path.rfind('/') + 1);
  // Waits for who is asking whether there is a writer, as real writers do.
  file.fd_ = store::FileDescriptor(
      open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file.fd_.valid()) return std::nullopt;
  const std::string same = "/proc/self/fd/" + std::to_string(file.fd_.get());
  file.path_fd_ = store::FileDescriptor(open(same.c_str(), O_PATH | O_CLOEXEC));
  struct stat info;
  if (fstat(file.fd_.get(), &info) != 0) return std::nullopt;
  file.inode_ = info.st_ino;
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size < kHeaderSize || !file.Map(size)) return std::nullopt;
  if (!file.FindEntries(value_size) && !file.FindEntries(24 - value_size)) {
    file.values_.clear();
  }
  if (descriptor == Descriptor::kClosed) file.fd_.Close();
  return file;
}

LivingFile::LivingFile(LivingFile&& other) noexcept {
  *this = std::move(other);
}

LivingFile& LivingFile::operator=(LivingFile&& other) noexcept {
  if (this != &other) {
    Close();
    name_ = std::move(other.name_);
    inode_ = other.inode_;
    is_frozen_ = other.is_frozen_;
    value_size_ = other.value_size_;
    fd_ = std::move(other.fd_);
    path_fd_ = std::move(other.path_fd_);
    base_ = std::exchange(other.base_, nullptr);
    size_ = other.size_;
    values_ = std::move(other.values_);
    end_ = other.end_;
  }
  return *this;
}

void LivingFile::Store(std::size_t entry, double value,
                       double timestamp) const {
  const std::size_t offset = values_[entry];
  if (!IsThere(offset + value_size_)) return;
  StoreDouble(offset, value);
  if (value_size_ == 16) StoreDouble(offset + 8, timestamp);
}

bool LivingFile::Add(std::string_view key, double value, double timestamp) {
  const auto used = static_cast<std::size_t>(LoadUsed());
  if (end_ == 0 || (used != end_ && used != 0)) return false;
  const std::size_t padded = PaddedKeySize(key.size());
  const std::size_t needed = kLengthSize + padded + value_size_;
  while (end_ + needed > size_) {
    if (!Grow()) return false;
  }
  if (!IsThere(end_ + needed)) return false;
  const auto length = static_cast<std::int32_t>(key.size());
  std::memcpy(base_ + end_, &length, sizeof(length));
  std::memcpy(base_ + end_ + kLengthSize, key.data(), key.size());
  std::memset(base_ + end_ + kLengthSize + key.size(), ' ',
              padded - key.size());
  values_.push_back(end_ + kLengthSize + padded);
  Store(values_.size() - 1, value, timestamp);
  end_ += needed;
  StoreUsed(static_cast<std::int32_t>(end_));
  return true;
}

void LivingFile::StoreUsed(std::int32_t used) const {
  if (!IsThere(kHeaderSize)) return;
  __atomic_store_n(reinterpret_cast<std::int32_t*>(base_), used,
                   __ATOMIC_RELEASE);
}

std::int32_t LivingFile::LoadUsed() const {
  if (!IsThere(kHeaderSize)) return 0;
  return __atomic_load_n(reinterpret_cast<std::int32_t*>(base_),
                         __ATOMIC_RELAXED);
}

bool LivingFile::Map(std::size_t size) {
  void* memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) return false;
  if (base_ != nullptr) munmap(base_, size_);
  base_ = static_cast<char*>(memory);
  size_ = size;
  return true;
}

bool LivingFile::Grow() {
  if (!fd_.valid() || SizeOf(fd_) != size_) return false;
  const std::size_t size = 2 * size_;
  return ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 && Map(size);
}

bool LivingFile::FindEntries(std::uint32_t value_size) {
  const auto used = static_cast<std::size_t>(LoadUsed());
  value_size_ = value_size;
  values_.clear();
  std::size_t at = kHeaderSize;
  while (used <= size_ && at + kLengthSize <= used) {
    std::int32_t length;
    std::memcpy(&length, base_ + at, sizeof(length));
    if (length < 2 || static_cast<std::size_t>(length) > used) break;
    const std::size_t value =
        at + kLengthSize + PaddedKeySize(static_cast<std::size_t>(length));
    if (value + value_size_ > used || base_[at + kLengthSize] != '[') break;
    values_.push_back(value);
    at = value + value_size_;
  }
  const bool is_sound = used == 0 || at == used;
  if (is_sound) end_ = at;
  return is_sound;
}

bool LivingFile::IsThere(std::size_t end) const {
  return !is_frozen_ && end <= size_ && end <= SizeOf(path_fd_);
}

void LivingFile::StoreDouble(std::size_t offset, double value) const {
  __atomic_store_n(reinterpret_cast<std::uint64_t*>(base_ + offset),
                   std::bit_cast<std::uint64_t>(value), __ATOMIC_RELAXED);
}

void LivingFile::Close() {
  if (base_ != nullptr) munmap(base_, size_);
  base_ = nullptr;
}

}  // namespace promshm::testing
