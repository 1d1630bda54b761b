#include "tests/bench/timed_child.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "tests/support/child_process.h"

namespace promshm::bench {
namespace {

constexpr const char* kReady = "ready";

// Without the end of the line; empty at the end of the stream.
std::string LineFrom(FILE* stream) {
  std::string line;
  for (int c = std::getc(stream); c != EOF && c != '\n';
       c = std::getc(stream)) {
    line.push_back(static_cast<char>(c));
  }
  return line;
}

// On the standard streams, as a program does it.
int AnswerRequests(const std::function<TimedChild::Work()>& prepare) {
  using Clock = std::chrono::steady_clock;
  try {
    const TimedChild::Work work = prepare();
    std::puts(kReady);
    std::fflush(stdout);
    for (int c = std::getc(stdin); c != EOF; c = std::getc(stdin)) {
      if (c != '\n') continue;
      const Clock::time_point start = Clock::now();
      const double result = work();
      const std::chrono::duration<double> time = Clock::now() - start;
      std::printf("%.9f %.17g\n", time.count(), result);
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::puts(error.what());
    std::fflush(stdout);
    return 1;
  }
}

int Execute(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(arguments.front(), arguments.data());
  std::perror(words.front().c_str());
  return 127;
}

}  // namespace

TimedChild::TimedChild(const std::function<Work()>& prepare) {
  Start([&prepare] { return AnswerRequests(prepare); });
}

TimedChild::TimedChild(const std::vector<std::string>& command) {
  Start([&command] { return Execute(command); });
}

TimedChild::~TimedChild() {
  std::fclose(requests_);
  std::fclose(answers_);
  testing::WaitForChild(child_);
}

TimedChild::Answer TimedChild::Ask(const std::string& request) {
  std::fputs((request + '\n').c_str(), requests_);
  std::fflush(requests_);
  const std::string line = LineFrom(answers_);
  Answer answer;
  if (std::sscanf(line.c_str(), "%lf %lf", &answer.seconds, &answer.result) !=
      2) {
    throw std::runtime_error("child process: no times: " + line);
  }
  return answer;
}

void TimedChild::Start(const std::function<int()>& body) {
  std::array<int, 2> requests;
  std::array<int, 2> answers;
  if (pipe2(requests.data(), O_CLOEXEC) != 0 ||
      pipe2(answers.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  std::fflush(stdout);
  child_ = testing::StartChild([&] {
    if (dup2(requests[0], STDIN_FILENO) < 0 ||
        dup2(answers[1], STDOUT_FILENO) < 0) {
      return 1;
    }
    // Other children wait for the end of their requests.
    close_range(STDERR_FILENO + 1, ~0U, 0);
    return body();
  });
  close(requests[0]);
  close(answers[1]);
  requests_ = fdopen(requests[1], "w");
  answers_ = fdopen(answers[0], "r");
  const std::string line = LineFrom(answers_);
  if (line != kReady) refusal_ = line.empty() ? "ended early" : line;
}

}  // namespace promshm::bench
