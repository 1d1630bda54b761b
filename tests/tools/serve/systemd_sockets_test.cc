#include "tools/serve/http/systemd_sockets.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace promshm::tools {
namespace {

using ::promshm::testing::TemporaryDirectory;
using ::testing::ExitedWithCode;

// The descriptors have to be 3 and up, so that each test needs a process. The
// statement of a death test runs in one of its own.
void Pass(std::vector<int> descriptors, const std::string& pid) {
  // Not in each other's way.
  for (int& descriptor : descriptors) {
    descriptor = fcntl(descriptor, F_DUPFD, 100);
  }
  for (int i = 0; i < static_cast<int>(descriptors.size()); ++i) {
    dup2(descriptors[i], 3 + i);
  }
  setenv("LISTEN_PID", pid.c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(descriptors.size()).c_str(), 1);
}

int TcpSocket() {
  Result<std::vector<ListeningSocket>> sockets = Listen({"127.0.0.1", "0"});
  const int descriptor = sockets->front().Release();
  fcntl(descriptor, F_SETFL, 0);
  return descriptor;
}

// Prints what has been taken and ends the process.
[[noreturn]] void Report() {
  const Result<std::vector<ListeningSocket>> sockets = SystemdSockets();
  if (!sockets.ok()) {
    std::cerr << sockets.status().message() << std::flush;
    _exit(1);
  }
  for (int i = 0; i < static_cast<int>(sockets->size()); ++i) {
    const bool is_closed_by_exec = (fcntl(3 + i, F_GETFD) & FD_CLOEXEC) != 0;
    const bool does_not_block = (fcntl(3 + i, F_GETFL) & O_NONBLOCK) != 0;
    std::cerr << ToString((*sockets)[i].address())
              << (is_closed_by_exec && does_not_block ? " fine," : " bad,");
  }
  std::cerr << (SystemdSockets().ok() ? "again" : "once") << std::flush;
  _exit(0);
}

std::string Own() { return std::to_string(getpid()); }

TEST(SystemdSocketsDeathTest, AreTakenOnce) {
  const TemporaryDirectory directory;
  const std::string path = directory.PathOf("socket");
  EXPECT_EXIT(
      {
        Result<std::vector<ListeningSocket>> local = Listen({{}, {}, path});
        Pass({TcpSocket(), local->front().Release()}, Own());
        Report();
      },
      ExitedWithCode(0),
      "^127\\.0\\.0\\.1:[1-9][0-9]* fine,"
      "unix:/[^ ]*/socket fine,once$");
}

TEST(SystemdSocketsDeathTest, ThoseOfAnotherProcessAreNot) {
  EXPECT_EXIT(
      {
        Pass({TcpSocket()}, std::to_string(getppid()));
        Report();
      },
      ExitedWithCode(1), "^no socket from systemd: ");
}

TEST(SystemdSocketsDeathTest, NoneIsAnError) {
  EXPECT_EXIT(Report(), ExitedWithCode(1), "^no socket from systemd: ");
  for (const char* count : {"", "0", "-1", "x", "2147483647"}) {
    EXPECT_EXIT(
        {
          setenv("LISTEN_PID", Own().c_str(), 1);
          setenv("LISTEN_FDS", count, 1);
          Report();
        },
        ExitedWithCode(1), "^no socket from systemd: ")
        << count;
  }
}

TEST(SystemdSocketsDeathTest, AnythingElseIsAnError) {
  EXPECT_EXIT(
      {
        Pass({socket(AF_INET, SOCK_STREAM, 0)}, Own());
        Report();
      },
      ExitedWithCode(1),
      "^socket from systemd: descriptor 3: not a listening stream socket$");
  EXPECT_EXIT(
      {
        Pass({TcpSocket(), socket(AF_UNIX, SOCK_DGRAM, 0)}, Own());
        Report();
      },
      ExitedWithCode(1), "descriptor 4: not a listening stream socket$");
  EXPECT_EXIT(
      {
        Pass({open("/dev/null", O_RDONLY)}, Own());
        Report();
      },
      ExitedWithCode(1), "descriptor 3: cannot listen: ");
}

}  // namespace
}  // namespace promshm::tools
