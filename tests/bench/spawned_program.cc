#include "tests/bench/spawned_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace promshm::bench {

pid_t Spawn(const std::vector<std::string>& command, int output, int input) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  pid_t child = 0;
  const int error = posix_spawn(&child, arguments.front(), &actions, nullptr,
                                arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), command.front());
  }
  return child;
}

void WaitForSuccess(pid_t child, const std::string& name) {
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) {
    throw std::runtime_error(name + ": failed");
  }
}

std::string OutputOf(const std::vector<std::string>& command) {
  std::array<int, 2> pipe;
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  const pid_t child = Spawn(command, pipe[1]);
  close(pipe[1]);
  std::string output;
  std::array<char, 4096> buffer;
  for (ssize_t got = 1; got > 0;) {
    got = read(pipe[0], buffer.data(), buffer.size());
    if (got > 0) output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(pipe[0]);
  WaitForSuccess(child, command.front());
  return output;
}

std::string ReadLine(FILE* stream) {
  std::string line;
  for (int c = std::getc(stream); c != EOF && c != '\n';
       c = std::getc(stream)) {
    line.push_back(static_cast<char>(c));
  }
  return line;
}

}  // namespace promshm::bench
