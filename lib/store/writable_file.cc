#include "store/writable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "format/dialect.h"
#include "format/layout.h"
#include "format/metric_key.h"
#include "store/directory_lock.h"
#include "store/file_walk.h"
#include "store/metric_file_reader.h"
#include "store/writer_probe.h"

namespace promshm::store {
namespace {

using format::kDiskHeaderSize;

// More writers of one identifier than this are a mistake.
constexpr int kMostNames = 100;

// A file that others may have taken away or brought since we looked is looked
// at again, so many times.
constexpr int kMostRetries = 100;

constexpr std::uint64_t kLargestContinued = std::uint64_t{1} << 30;

enum class Attempt { kOpened, kTaken, kAgain, kFailed };

// Keeps readers from listing the directory while a name comes to mean another
// file. Whoever holds it for too long reads without that comfort.
FileDescriptor KeepReadersOut(const char* path) {
  constexpr std::chrono::milliseconds kPatience(50);
  FileDescriptor directory(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.valid()) {
    LockDirectory(directory.get(), LockMode::kExclusive, kPatience);
  }
  return directory;
}

bool IsSame(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

class Opener {
 public:
  Opener(const FileTarget& target, WritableFile* file)
      : target_(target),
        file_(*file),
        directory_(OpenDirectory(target.directory)) {}

  WriteFailure Open() {
    if (!directory_.valid()) return {"cannot open the directory", errno};
    int retries = 0;
    const int first = target_.plain_name_is_taken ? 2 : 1;
    for (int number = first; number <= kMostNames; ++number) {
      SetName(number);
      Attempt attempt = Try();
      while (attempt == Attempt::kAgain && ++retries <= kMostRetries) {
        attempt = Try();
      }
      if (attempt == Attempt::kOpened) return {};
      if (attempt == Attempt::kFailed) return failure_;
    }
    return {"every name for it is in use", 0};
  }

 private:
  void SetName(int number) {
    file_.name.Clear();
    file_.name.Append(target_.stem).Append(target_.identifier);
    if (number > 1) {
      file_.name.Append("-").Append(static_cast<std::uint64_t>(number));
    }
    file_.name.Append(".db");
  }

  Attempt Try() {
    struct stat info;
    return fstatat(directory_.get(), file_.name.c_str(), &info,
                   AT_SYMLINK_NOFOLLOW) == 0
               ? Continue()
               : Create();
  }

  Attempt Fail(WriteFailure failure) {
    failure_ = failure;
    return Attempt::kFailed;
  }

  Attempt Create() {
    HiddenFile created(directory_.get());
    WriteFailure failure = created.Create(kDiskHeaderSize, {});
    if (!failure.failed()) failure = created.PublishAs(file_.name);
    if (failure.error == EEXIST) return Attempt::kAgain;
    if (failure.failed()) return Fail(failure);
    Take(created.TakeDescriptor(), kDiskHeaderSize,
         WholePages(kDiskHeaderSize));
    return Attempt::kOpened;
  }

  Attempt Continue() {
    const int at = directory_.get();
    const FileDescriptor reading(
        openat(at, file_.name.c_str(),
               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!reading.valid()) return NotOpened();
    struct stat probed;
    if (fstat(reading.get(), &probed) != 0 || !S_ISREG(probed.st_mode)) {
      return Attempt::kTaken;
    }
    const Writers writers = ProbeWriters(reading.get());
    // Where the kernel may not tell us, another user's file is not ours.
    if (writers == Writers::kSome ||
        (writers == Writers::kUnknown && probed.st_uid != geteuid())) {
      return Attempt::kTaken;
    }
    FileDescriptor fd(
        openat(at, file_.name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return NotOpened();
    if (!LockFile(fd.get())) return Attempt::kTaken;
    // While we hold the lock, nobody else of our kind removes or replaces what
    // has the name; before, somebody may have.
    struct stat info;
    struct stat named;
    if (fstat(fd.get(), &info) != 0 ||
        fstatat(at, file_.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
        !IsSame(info, probed) || !IsSame(info, named)) {
      return Attempt::kAgain;
    }
    if (target_.live &&
        (writers == Writers::kNone || target_.identifier_is_claimed)) {
      return Remove();
    }
    return Check(std::move(fd), static_cast<std::uint64_t>(info.st_size));
  }

  Attempt NotOpened() {
    if (errno == ENOENT) return Attempt::kAgain;
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      return Fail({"cannot open", errno});
    }
    return Attempt::kTaken;
  }

  Attempt Remove() {
    const FileDescriptor lock = KeepReadersOut(target_.directory);
    return unlinkat(directory_.get(), file_.name.c_str(), 0) == 0
               ? Attempt::kAgain
               : Attempt::kTaken;
  }

  // Sees whether the file can be continued, and makes it so.
  Attempt Check(FileDescriptor fd, std::uint64_t size) {
    if (size > kLargestContinued) return Attempt::kTaken;
    const std::string path =
        std::string(target_.directory) + '/' + std::string(file_.name.view());
    MetricFileReader reader;
    FileContents contents;
    if (size > 0) contents = reader.Read(fd, path);
    if (contents.issue && contents.issue->kind == IssueKind::kUnreadable) {
      return Attempt::kTaken;
    }
    const format::Dialect dialect = format::FindDialect(
        contents.bytes, contents.used, target_.needs_timestamps);
    if (!dialect.has_timestamps()) return Attempt::kTaken;
    std::uint64_t good = kDiskHeaderSize;
    const std::optional<Issue> damage =
        WalkFile(path, contents, dialect, [&](const format::Entry& entry) {
          Status status = format::MetricKey::Parse(entry.key).status();
          if (status.ok()) {
            good = entry.offset +
                   format::EntrySize(entry.key.size(), dialect.value_size);
          }
          return status;
        });
    const auto used = static_cast<std::uint32_t>(good);
    if (damage) return Replace(contents.bytes, used, *damage);
    size = WholePages(std::max(size, good));
    WriteFailure failure = ReserveBlocks(fd.get(), 0, size);
    if (!failure.failed() && contents.used == 0) {
      failure = WriteUsed(fd.get(), used);
    }
    if (failure.failed()) return Fail(failure);
    Take(std::move(fd), used, size);
    return Attempt::kOpened;
  }

  // Puts a file of the sound bytes in the place of the damaged one, which gets
  // another name. At every moment one of the two has the name.
  Attempt Replace(std::string_view bytes, std::uint32_t used,
                  const Issue& damage) {
    HiddenFile sound(directory_.get());
    const std::string_view entries =
        used > kDiskHeaderSize
            ? bytes.substr(kDiskHeaderSize, used - kDiskHeaderSize)
            : std::string_view();
    WriteFailure failure = sound.Create(used, entries);
    if (failure.failed()) return Fail(failure);
    FileNameText aside;
    if (!LinkAside(&aside)) return Attempt::kTaken;
    const FileDescriptor lock = KeepReadersOut(target_.directory);
    failure = sound.Replace(file_.name);
    if (failure.failed()) {
      unlinkat(directory_.get(), aside.c_str(), 0);
      return Fail(failure);
    }
    file_.notice =
        damage.ToString() + "; set aside as " + std::string(aside.view());
    Take(sound.TakeDescriptor(), used, WholePages(used));
    return Attempt::kOpened;
  }

  // Gives the file a second name.
  bool LinkAside(FileNameText* aside) {
    for (int number = 1; number <= kMostNames; ++number) {
      aside->Clear();
      aside->Append(file_.name.view()).Append(".damaged");
      if (number > 1) {
        aside->Append("-").Append(static_cast<std::uint64_t>(number));
      }
      if (linkat(directory_.get(), file_.name.c_str(), directory_.get(),
                 aside->c_str(), 0) == 0) {
        return true;
      }
      if (errno != EEXIST) return false;
    }
    return false;
  }

  void Take(FileDescriptor fd, std::uint32_t used, std::uint64_t size) {
    file_.fd = std::move(fd);
    file_.used = used;
    file_.size = size;
  }

  const FileTarget& target_;
  WritableFile& file_;
  const FileDescriptor directory_;
  WriteFailure failure_;
};

}  // namespace

WriteFailure OpenWritableFile(const FileTarget& target, WritableFile* file) {
  return Opener(target, file).Open();
}

FileDescriptor OpenDirectory(const char* path) noexcept {
  return FileDescriptor(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace promshm::store
