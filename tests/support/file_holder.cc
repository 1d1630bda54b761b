#include "tests/support/file_holder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "tests/support/child_process.h"

namespace promshm::testing {

bool MapForWriting(const std::string& path) {
  constexpr std::size_t kSize = 4096;
  constexpr mode_t kMode = 0644;
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (fd < 0) return false;
  const bool mapped =
      ftruncate(fd, kSize) == 0 && mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                                        MAP_SHARED, fd, 0) != MAP_FAILED;
  close(fd);
  return mapped;
}

WaitingChild::WaitingChild(const std::function<bool()>& body) {
  std::array<int, 2> ready{};
  if (pipe2(ready.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  pid_ = StartChildRaw([&] {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char byte = 0;
    if (!body() || write(ready[1], &byte, 1) != 1) return 1;
    for (;;) pause();
  });
  close(ready[1]);
  char byte = 0;
  const bool is_ready = read(ready[0], &byte, 1) == 1;
  close(ready[0]);
  if (!is_ready) {
    End();
    throw std::runtime_error("the child did not get ready");
  }
}

void WaitingChild::End() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  WaitForChild(std::exchange(pid_, 0));
}

}  // namespace promshm::testing
