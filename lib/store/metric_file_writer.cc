#include "store/metric_file_writer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "format/entry_cursor.h"
#include "format/layout.h"
#include "store/process_generation.h"

namespace promshm::store {
namespace {

constexpr std::uint64_t kMostReserved = std::uint64_t{256} << 20;
constexpr std::uint64_t kLeastReserved = std::uint64_t{1} << 20;

std::uint64_t EntrySize(const std::string& key) {
  return format::EntrySize(key.size(), 2 * sizeof(double));
}

// How much address space a file may take. Where that is limited, it is the
// application's in the first place.
std::uint64_t AddressSpaceShare() {
  constexpr rlim_t kPart = 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return kMostReserved;
  }
  return std::clamp<std::uint64_t>(limit.rlim_cur / kPart, kLeastReserved,
                                   kMostReserved);
}

}  // namespace

MetricFileWriter::~MetricFileWriter() { Close(); }

WriteFailure MetricFileWriter::Open(const FileTarget& target,
                                    std::string* notice) {
  WritableFile file;
  WriteFailure failure = OpenWritableFile(target, &file);
  path_.Clear();
  path_.Append(target.directory);
  if (!file.name.empty()) path_.Append("/").Append(file.name.view());
  *notice = std::move(file.notice);
  if (failure.failed()) return failure;
  if (path_.cut()) return {"cannot open", ENAMETOOLONG};
  // What is mapped now stays so: increments may be under way there.
  mapping_.Forget();
  index_.Forget();
  struct stat info;
  if (fstat(file.fd.get(), &info) != 0) return {"cannot stat", errno};
  if (!mapping_.Reserve(std::max(AddressSpaceShare(), 2 * file.size),
                        std::max(kLeastReserved, file.size))) {
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
  loss_ = Loss::kNone;
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

WriteFailure MetricFileWriter::FindOrAdd(
    const std::vector<std::string>& keys,
    std::atomic<double*>* values) noexcept {
  std::uint64_t end = used_;
  for (const std::string& key : keys) {
    if (Find(key) == nullptr) end += EntrySize(key);
  }
  if (end > used_) return Add(keys, end, values);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    values[i].store(Find(keys[i]), std::memory_order_relaxed);
  }
  return {};
}

WriteFailure MetricFileWriter::Add(const std::vector<std::string>& keys,
                                   std::uint64_t end,
                                   std::atomic<double*>* values) noexcept {
  std::atomic_ref<std::uint32_t> published(
      *reinterpret_cast<std::uint32_t*>(mapping_.base()));
  if (published.load(std::memory_order_relaxed) != used_) {
    return Lose(Loss::kLeft, "another process writes to it");
  }
  WriteFailure failure = CheckPresence();
  if (failure.failed()) return failure;
  if (!index_.Reserve(mapping_.base(), keys.size())) {
    return {"cannot index", ENOMEM};
  }
  if (end > size_) failure = Grow(end);
  if (failure.failed()) return failure;
  std::uint32_t position = used_;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    double* value = Find(keys[i]);
    if (value == nullptr) value = Append(keys[i], &position);
    values[i].store(value, std::memory_order_relaxed);
  }
  used_ = position;
  // Pairs with the load of `used` by which a reader begins.
  published.store(used_, std::memory_order_release);
  return {};
}

double* MetricFileWriter::Find(const std::string& key) const noexcept {
  const auto offset = index_.Find(mapping_.base(), key);
  if (!offset) return nullptr;
  return reinterpret_cast<double*>(mapping_.base() + *offset +
                                   format::kDiskLengthSize +
                                   format::PaddedKeySize(key.size()));
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
  key.copy(at, key.size());
  const std::uint64_t padded = format::PaddedKeySize(key.size());
  std::memset(at + key.size(), ' ', padded - key.size());
  at += padded;
  std::memset(at, 0, 2 * sizeof(double));
  *end += static_cast<std::uint32_t>(EntrySize(key));
  index_.Insert(mapping_.base(), offset);
  return reinterpret_cast<double*>(at);
}

WriteFailure MetricFileWriter::Lose(Loss loss, const char* what) noexcept {
  loss_ = loss;
  return {what, 0};
}

// Sees whether the name still means the file, where that can be seen.
WriteFailure MetricFileWriter::CheckPresence() noexcept {
  struct stat info;
  if (stat(path_.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return {};
    return Lose(Loss::kGone, "somebody removed it");
  }
  if (info.st_dev == device_ && info.st_ino == inode_) return {};
  return Lose(Loss::kGone, "somebody replaced it");
}

WriteFailure MetricFileWriter::Grow(std::uint64_t wanted) noexcept {
  std::uint64_t size = size_;
  while (size < wanted) size *= 2;
  if (size > mapping_.capacity()) return Lose(Loss::kLeft, "it is full");
  const FileDescriptor fd(
      open(path_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    const int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOMEM) {
      return {"cannot open", error};
    }
    // A process that gave up its rights will not get them back.
    return Lose(Loss::kLeft, "it may not be opened any more");
  }
  struct stat info;
  if (fstat(fd.get(), &info) != 0 || info.st_dev != device_ ||
      info.st_ino != inode_) {
    return Lose(Loss::kGone, "somebody replaced it");
  }
  const WriteFailure failure = ReserveBlocks(fd.get(), size_, size);
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
  path_.Clear();
}

}  // namespace promshm::store
