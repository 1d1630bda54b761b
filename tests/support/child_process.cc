#include "tests/support/child_process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace promshm::testing {
namespace {

pid_t RunIfChild(pid_t pid, const std::function<int()>& body) {
  if (pid < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot fork");
  }
  if (pid == 0) _exit(body());
  return pid;
}

}  // namespace

pid_t StartChild(const std::function<int()>& body) {
  return RunIfChild(fork(), body);
}

pid_t StartChildRaw(const std::function<int()>& body) {
  return RunIfChild(static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr,
                                               nullptr, nullptr, nullptr)),
                    body);
}

int WaitForChild(pid_t pid) {
  constexpr int kMilliseconds = 60'000;
  constexpr timespec kMillisecond{0, 1'000'000};
  int status = 0;
  pid_t ended = 0;
  for (int i = 0; i < kMilliseconds; ++i) {
    ended = waitpid(pid, &status, WNOHANG);
    if (ended != 0) break;
    nanosleep(&kMillisecond, nullptr);
  }
  if (ended == 0) {
    kill(pid, SIGKILL);
    ended = waitpid(pid, &status, 0);
  }
  if (ended < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot wait");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

int RunInChild(const std::function<int()>& body) {
  return WaitForChild(StartChild(body));
}

}  // namespace promshm::testing
