#include "tools/serve/web/watched_file.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "tools/common/system_reason.h"

namespace promshm::tools {
namespace {

constexpr std::size_t kLargest = 1'048'576;

// The coarsest steps that file systems have.
constexpr time_t kSettlingSeconds = 2;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      // Opening a pipe must not wait for its writer.
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }

 private:
  const int fd_;
};

Status Refusal(const std::string& path, const std::string& why) {
  return {StatusKind::kIoError, path + ": " + why};
}

Status CannotRead(const std::string& path) {
  return Refusal(path, "cannot read: " + SystemReason(errno));
}

bool IsSame(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool IsSame(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
         a.st_size == b.st_size && IsSame(a.st_mtim, b.st_mtim) &&
         IsSame(a.st_ctim, b.st_ctim);
}

bool IsSettled(const struct stat& state) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const time_t settled_since = now.tv_sec - kSettlingSeconds;
  return state.st_mtim.tv_sec < settled_since &&
         state.st_ctim.tv_sec < settled_since;
}

// Ends early where there is too much.
bool ReadUpToLimit(int fd, std::string* text) {
  std::array<char, 16'384> piece{};
  while (text->size() <= kLargest) {
    const ssize_t got = read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    text->append(piece.data(), static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace

Result<WatchedFile> WatchedFile::Read(const std::string& path) {
  const Descriptor descriptor(path);
  if (descriptor.get() < 0) {
    return Refusal(path, "cannot open: " + SystemReason(errno));
  }
  struct stat state {};
  if (fstat(descriptor.get(), &state) != 0) return CannotRead(path);
  if (!S_ISREG(state.st_mode)) return Refusal(path, "not a regular file");
  const bool is_settled = IsSettled(state);
  std::string text;
  if (!ReadUpToLimit(descriptor.get(), &text)) return CannotRead(path);
  if (text.size() > kLargest) return Refusal(path, "larger than 1 MiB");
  return WatchedFile(path, state, is_settled, std::move(text));
}

WatchedFile::WatchedFile(std::string path, const struct stat& state,
                         bool is_settled, std::string text)
    : path_(std::move(path)),
      state_(state),
      is_settled_(is_settled),
      text_(std::move(text)) {}

bool WatchedFile::MayHaveChanged() const {
  struct stat state {};
  return !is_settled_ || stat(path_.c_str(), &state) != 0 ||
         !IsSame(state, state_);
}

}  // namespace promshm::tools
