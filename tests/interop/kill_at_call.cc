// Runs a program and kills it at one of its system calls.
//
// usage: kill_at_call STOP PROGRAM [ARGUMENT]...
//
// A program stops where it enters a system call and where it leaves it; stops
// of all its threads count. At its STOP-th stop, where there are so many, it is
// ended by SIGKILL. STOP 0 never comes.
//
// The exit status is the program's, as a shell gives it: 137 where it was
// killed. The last line on standard error is the number of stops.

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string_view>

namespace {

constexpr int kTrouble = 125;
constexpr int kSystemCallStop = SIGTRAP | 0x80;

[[noreturn]] void Fail(std::string_view what) {
  std::cerr << "kill_at_call: " << what << ": " << std::strerror(errno) << '\n';
  _exit(kTrouble);
}

int Event(int status) { return status >> 16; }

// Starts a program that is traced from before it is executed.
pid_t Start(char** command) {
  const pid_t child = fork();
  if (child < 0) Fail("cannot fork");
  if (child == 0) {
    raise(SIGSTOP);
    execvp(command[0], command);
    Fail(command[0]);
  }
  int status = 0;
  if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) {
    Fail("the child does not stop");
  }
  if (ptrace(PTRACE_SEIZE, child, 0,
             PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                 PTRACE_O_EXITKILL) != 0) {
    kill(child, SIGKILL);
    Fail("cannot trace");
  }
  kill(child, SIGCONT);
  return child;
}

// Runs it to its end; its exit status. Counts from the end of execve() on.
int RunUntil(pid_t program, long last_stop, long* stops) {
  bool executed = false;
  for (;;) {
    int status = 0;
    const pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) Fail("cannot wait");
    if (!WIFSTOPPED(status)) {
      if (thread != program) continue;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    int signal = 0;
    if (WSTOPSIG(status) == kSystemCallStop) {
      if (executed && ++*stops == last_stop) kill(program, SIGKILL);
    } else if (Event(status) == PTRACE_EVENT_EXEC) {
      executed = true;
    } else if (Event(status) == 0) {
      signal = WSTOPSIG(status);
    }
    // Fails where the thread has been killed; waitpid() then says so.
    ptrace(PTRACE_SYSCALL, thread, 0, signal);
  }
}

}  // namespace

int main(int argc, char** argv) {
  long last_stop = 0;
  const std::string_view number = argc > 2 ? argv[1] : "";
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), last_stop);
  if (number.empty() || error != std::errc() ||
      end != number.data() + number.size()) {
    std::cerr << "usage: kill_at_call STOP PROGRAM [ARGUMENT]...\n";
    return kTrouble;
  }
  long stops = 0;
  const int status = RunUntil(Start(argv + 2), last_stop, &stops);
  std::cerr << stops << '\n';
  return status;
}
