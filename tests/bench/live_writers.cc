#include "tests/bench/live_writers.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "tests/support/child_process.h"

namespace promshm::bench {
namespace {

bool MapForWriting(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat status {};
  const bool mapped =
      fstat(fd, &status) == 0 &&
      mmap(nullptr, static_cast<std::size_t>(status.st_size),
           PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED;
  close(fd);
  return mapped;
}

// Tells `ready` once all is mapped; ends when `stop` says so or is closed.
int Hold(const std::vector<std::string>& paths, int ready, int stop) {
  for (const std::string& path : paths) {
    if (!MapForWriting(path)) return 1;
  }
  char byte = 0;
  if (write(ready, &byte, 1) != 1) return 1;
  while (read(stop, &byte, 1) < 0 && errno == EINTR) {
  }
  return 0;
}

}  // namespace

LiveWriters::LiveWriters(const std::vector<std::string>& paths) {
  std::array<int, 2> ready;
  std::array<int, 2> stop;
  if (pipe2(ready.data(), O_CLOEXEC) != 0 || pipe2(stop.data(), O_CLOEXEC)) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  child_ = testing::StartChild([&] {
    close(ready[0]);
    close(stop[1]);
    return Hold(paths, ready[1], stop[0]);
  });
  close(ready[1]);
  close(stop[0]);
  stop_ = stop[1];
  char byte = 0;
  const bool held = read(ready[0], &byte, 1) == 1;
  close(ready[0]);
  if (!held) {
    close(stop_);
    testing::WaitForChild(child_);
    throw std::runtime_error("metric files: cannot be held open for writing");
  }
}

LiveWriters::~LiveWriters() {
  // Children forked since then have the pipe open, too.
  const char byte = 0;
  [[maybe_unused]] const ssize_t told = write(stop_, &byte, 1);
  close(stop_);
  testing::WaitForChild(child_);
}

}  // namespace promshm::bench
