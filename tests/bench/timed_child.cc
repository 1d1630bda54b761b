#include "tests/bench/timed_child.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "tests/bench/spawned_program.h"
#include "tests/support/child_process.h"

namespace promshm::bench {
namespace {

constexpr const char* kReady = "ready";

// On the standard streams, as a program does it.
int AnswerRequests(const std::function<TimedChild::Work()>& prepare) {
  using Clock = std::chrono::steady_clock;
  try {
    const TimedChild::Work work = prepare();
    std::puts(kReady);
    std::fflush(stdout);
    for (std::string line = ReadLine(stdin); !line.empty();
         line = ReadLine(stdin)) {
      for (int i = 1; i < kUntimed; ++i) work();
      std::printf("%.17g", work());
      std::vector<double> seconds(std::strtoul(line.c_str(), nullptr, 10));
      for (double& one : seconds) {
        const Clock::time_point start = Clock::now();
        work();
        one = std::chrono::duration<double>(Clock::now() - start).count();
      }
      for (const double one : seconds) std::printf(" %.9f", one);
      std::puts("");
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::puts(error.what());
    std::fflush(stdout);
    return 1;
  }
}

// The two ends of a pipe, to read and to write; closed in a program run.
std::array<int, 2> Pipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  return ends;
}

}  // namespace

TimedChild::TimedChild(const std::function<Work()>& prepare) {
  std::fflush(stdout);
  Start([&prepare](int input, int output) {
    return testing::StartChild([&] {
      if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0) {
        return 1;
      }
      // Other children wait for the end of their requests.
      close_range(STDERR_FILENO + 1, ~0U, 0);
      return AnswerRequests(prepare);
    });
  });
}

TimedChild::TimedChild(const std::vector<std::string>& command) {
  Start([&command](int input, int output) {
    return Spawn(command, output, input);
  });
}

TimedChild::~TimedChild() {
  std::fclose(requests_);
  std::fclose(answers_);
  if (child_ > 0) testing::WaitForChild(child_);
}

TimedChild::Answer TimedChild::Ask(const std::string& request) {
  std::fputs((request + '\n').c_str(), requests_);
  std::fflush(requests_);
  const std::string line = ReadLine(answers_);
  std::istringstream numbers(line);
  Answer answer;
  if (!(numbers >> answer.result)) {
    throw std::runtime_error("child process: no result: " + line);
  }
  for (double one; numbers >> one;) answer.seconds.push_back(one);
  return answer;
}

void TimedChild::Start(
    const std::function<pid_t(int input, int output)>& start) {
  const std::array<int, 2> requests = Pipe();
  const std::array<int, 2> answers = Pipe();
  requests_ = fdopen(requests[1], "w");
  answers_ = fdopen(answers[0], "r");
  try {
    child_ = start(requests[0], answers[1]);
  } catch (const std::system_error& error) {
    refusal_ = error.what();
  }
  close(requests[0]);
  close(answers[1]);
  if (child_ == 0) return;
  const std::string line = ReadLine(answers_);
  if (line != kReady) refusal_ = line.empty() ? "ended early" : line;
}

}  // namespace promshm::bench
