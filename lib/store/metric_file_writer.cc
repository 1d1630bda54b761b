#include "store/metric_file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "format/entry_cursor.h"
#include "format/layout.h"
#include "store/process_generation.h"

namespace promshm::store {
namespace {

constexpr std::size_t kMostReserved = std::size_t{256} << 20;
constexpr std::size_t kLeastReserved = std::size_t{1} << 20;

std::uint64_t EntrySize(const std::string& key) {
  return format::EntrySize(key.size(), 2 * sizeof(double));
}

}  // namespace

MetricFileWriter::~MetricFileWriter() { Close(); }

WriteFailure MetricFileWriter::Open(const FileTarget& target,
                                    std::string* notice) {
  WritableFile file;
  WriteFailure failure = OpenWritableFile(target, &file);
  directory_ = target.directory;
  name_ = file.name;
  *notice = std::move(file.notice);
  if (failure.failed()) return failure;
  // What is mapped now stays so: increments may be under way there.
  mapping_.Forget();
  index_.Forget();
  struct stat info;
  if (fstat(file.fd.get(), &info) != 0) return {"cannot stat", errno};
  if (!mapping_.Reserve(std::max<std::size_t>(kMostReserved, 2 * file.size),
                        std::max<std::size_t>(kLeastReserved, file.size))) {
    return {"cannot reserve address space", errno};
  }
  size_ = 0;
  failure = MapMore(file.fd.get(), file.size);
  if (!failure.failed()) failure = IndexEntries(file.used);
  if (failure.failed()) {
    mapping_.Release();
    index_.Clear();
    return failure;
  }
  device_ = info.st_dev;
  inode_ = info.st_ino;
  used_ = file.used;
  lost_ = false;
  generation_ = EnterProcess();
  return {};
}

// Of a file that was found sound.
WriteFailure MetricFileWriter::IndexEntries(std::uint32_t used) noexcept {
  format::EntryCursor cursor({mapping_.base(), used}, used, 2 * sizeof(double));
  format::Entry entry;
  while (cursor.Next(&entry)) {
    if (!index_.Reserve(mapping_.base(), 1)) return {"cannot index", ENOMEM};
    index_.Insert(mapping_.base(), static_cast<std::uint32_t>(entry.offset));
  }
  return {};
}

bool MetricFileWriter::is_open() const noexcept {
  return generation_ != 0 &&
         generation_ == ProcessGeneration().load(std::memory_order_acquire);
}

WriteFailure MetricFileWriter::FindOrAdd(const std::vector<std::string>& keys,
                                         double** values) noexcept {
  std::uint64_t end = used_;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    values[i] = nullptr;
    if (const auto offset = index_.Find(mapping_.base(), keys[i])) {
      values[i] = reinterpret_cast<double*>(
          mapping_.base() + *offset + format::kDiskLengthSize +
          format::PaddedKeySize(keys[i].size()));
    } else {
      end += EntrySize(keys[i]);
    }
  }
  if (end == used_) return {};
  std::atomic_ref<std::uint32_t> published(*Header());
  if (published.load(std::memory_order_relaxed) != used_) {
    return Lose("another process writes to it");
  }
  if (!index_.Reserve(mapping_.base(), keys.size())) {
    return {"cannot index", ENOMEM};
  }
  if (end > size_) {
    const WriteFailure failure = Grow(end);
    if (failure.failed()) return failure;
  }
  std::uint32_t position = used_;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (values[i] == nullptr) values[i] = Append(keys[i], &position);
  }
  used_ = position;
  // Pairs with the load of `used` by which a reader begins.
  published.store(used_, std::memory_order_release);
  return {};
}

// Writes an entry behind the published ones.
double* MetricFileWriter::Append(const std::string& key,
                                 std::uint32_t* end) noexcept {
  const std::uint32_t offset = *end;
  char* at = mapping_.base() + offset;
  const auto length = static_cast<std::int32_t>(key.size());
  static_assert(sizeof(length) == format::kDiskLengthSize);
  std::memcpy(at, &length, sizeof(length));
  at += sizeof(length);
  std::memcpy(at, key.data(), key.size());
  const std::uint64_t padded = format::PaddedKeySize(key.size());
  std::memset(at + key.size(), ' ', padded - key.size());
  at += padded;
  std::memset(at, 0, 2 * sizeof(double));
  *end += static_cast<std::uint32_t>(EntrySize(key));
  index_.Insert(mapping_.base(), offset);
  return reinterpret_cast<double*>(at);
}

std::uint32_t* MetricFileWriter::Header() noexcept {
  return reinterpret_cast<std::uint32_t*>(mapping_.base());
}

WriteFailure MetricFileWriter::Lose(const char* what) noexcept {
  lost_ = true;
  return {what, 0};
}

WriteFailure MetricFileWriter::Grow(std::uint64_t wanted) noexcept {
  std::uint64_t size = size_;
  while (size < wanted) size *= 2;
  if (size > mapping_.capacity()) return {"cannot grow", EFBIG};
  const FileDescriptor directory = OpenDirectory(directory_);
  const FileDescriptor fd(
      openat(directory.get(), name_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!fd.valid() || fstat(fd.get(), &info) != 0) {
    if (errno == ENOENT || errno == EBADF) return Lose("somebody removed it");
    return {"cannot open", errno};
  }
  if (info.st_dev != device_ || info.st_ino != inode_) {
    return Lose("somebody replaced it");
  }
  const WriteFailure failure = ReserveBlocks(fd.get(), size);
  return failure.failed() ? failure : MapMore(fd.get(), size);
}

WriteFailure MetricFileWriter::MapMore(int fd, std::uint64_t size) noexcept {
  if (!mapping_.Map(fd, size_, size)) return {"cannot map", errno};
  size_ = size;
  return {};
}

void MetricFileWriter::Close() noexcept {
  if (is_open()) {
    mapping_.Release();
    index_.Clear();
  }
  generation_ = 0;
  name_.Clear();
}

}  // namespace promshm::store
