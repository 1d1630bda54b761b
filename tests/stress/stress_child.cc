#include "tests/stress/stress_child.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "tests/support/child_process.h"

namespace promshm::testing {
namespace {

std::string Describe(int status) {
  if (WIFSIGNALED(status)) {
    return "ended by signal " + std::to_string(WTERMSIG(status));
  }
  if (WEXITSTATUS(status) != 0) {
    return "ended with status " + std::to_string(WEXITSTATUS(status));
  }
  return "";
}

}  // namespace

pid_t ForkChild(const std::function<void()>& body) {
  return StartChild([&body]() noexcept {
    body();
    return 0;
  });
}

void SleepBriefly() {
  std::this_thread::sleep_for(std::chrono::microseconds(100));
}

std::string FateOfChild(pid_t pid, const std::function<void()>& meanwhile) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::minutes(1);
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) return Describe(status);
    if (ended < 0 && errno != EINTR) return std::strerror(errno);
    if (Clock::now() > deadline) break;
    meanwhile();
  }
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  return "did not end within a minute";
}

void RequireInChild(bool condition, const char* what) {
  if (condition) return;
  // stdio's locks may be held by a thread that the child has not got.
  dprintf(STDERR_FILENO, "child: %s\n", what);
  _exit(1);
}

}  // namespace promshm::testing
