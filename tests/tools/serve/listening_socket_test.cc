#include "tools/serve/http/listening_socket.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/socket_client.h"
#include "tests/support/temporary_directory.h"

namespace promshm::tools {
namespace {

using ::promshm::testing::SocketClient;
using ::promshm::testing::TemporaryDirectory;
using ::testing::HasSubstr;
using ::testing::StartsWith;

bool CanConnect(const char* host, const std::string& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  inet_pton(AF_INET, host, &address.sin_addr);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  const bool connected = connect(client, reinterpret_cast<sockaddr*>(&address),
                                 sizeof address) == 0;
  close(client);
  return connected;
}

TEST(ListenTest, PortZeroBecomesTheChosenPort) {
  const Result<std::vector<ListeningSocket>> sockets =
      Listen({"127.0.0.1", "0"});
  ASSERT_TRUE(sockets.ok()) << sockets.status().message();
  ASSERT_EQ(sockets->size(), 1);
  const ListenAddress& address = sockets->front().address();
  EXPECT_EQ(address.host, "127.0.0.1");
  EXPECT_NE(address.port, "0");
  EXPECT_TRUE(CanConnect("127.0.0.1", address.port));
}

TEST(ListenTest, NoHostTakesEveryAddress) {
  const Result<std::vector<ListeningSocket>> sockets = Listen({"", "0"});
  ASSERT_TRUE(sockets.ok()) << sockets.status().message();
  ASSERT_EQ(sockets->size(), 1);
  EXPECT_TRUE(CanConnect("127.0.0.1", sockets->front().address().port));
  EXPECT_TRUE(CanConnect("127.0.0.2", sockets->front().address().port));
}

TEST(ListenTest, ANameStandsForItsAddresses) {
  const Result<std::vector<ListeningSocket>> sockets =
      Listen({"localhost", "0"});
  ASSERT_TRUE(sockets.ok()) << sockets.status().message();
  ASSERT_FALSE(sockets->empty());
  for (const ListeningSocket& socket : *sockets) {
    EXPECT_THAT(socket.address().host,
                ::testing::AnyOf("127.0.0.1", "::1", "127.0.1.1"));
  }
}

TEST(ListenTest, AClosedSocketFreesItsPort) {
  std::string port;
  {
    const Result<std::vector<ListeningSocket>> sockets =
        Listen({"127.0.0.1", "0"});
    ASSERT_TRUE(sockets.ok());
    port = sockets->front().address().port;
    EXPECT_TRUE(CanConnect("127.0.0.1", port));
  }
  EXPECT_FALSE(CanConnect("127.0.0.1", port));
}

TEST(ListenTest, APortInUseIsAnError) {
  const Result<std::vector<ListeningSocket>> first = Listen({"127.0.0.1", "0"});
  ASSERT_TRUE(first.ok());
  const ListenAddress& taken = first->front().address();
  const Result<std::vector<ListeningSocket>> second = Listen(taken);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(),
            ToString(taken) + ": cannot listen: address already in use");
}

TEST(ListenTest, AnAddressOfAnotherMachineIsAnError) {
  // 192.0.2.0/24 is set aside for documentation.
  const Result<std::vector<ListeningSocket>> sockets =
      Listen({"192.0.2.1", "0"});
  ASSERT_FALSE(sockets.ok());
  EXPECT_THAT(sockets.status().message(),
              HasSubstr("192.0.2.1:0: cannot listen: "));
}

TEST(ListenTest, AnUnknownNameIsAnError) {
  const Result<std::vector<ListeningSocket>> sockets =
      Listen({"no such host", "80"});
  ASSERT_FALSE(sockets.ok());
  EXPECT_THAT(sockets.status().message(),
              StartsWith("no such host:80: cannot resolve: "));
}

TEST(ListenTest, AnIpv6NumberTakesIpv6Only) {
  const Result<std::vector<ListeningSocket>> sockets = Listen({"::1", "0"});
  if (!sockets.ok()) GTEST_SKIP() << sockets.status().message();
  EXPECT_EQ(sockets->front().address().host, "::1");
  EXPECT_TRUE(IsLoopback(sockets->front()));
  EXPECT_FALSE(CanConnect("127.0.0.1", sockets->front().address().port));
}

Result<ListeningSocket> ListenOn(const std::string& path) {
  Result<std::vector<ListeningSocket>> sockets = Listen({{}, {}, path});
  if (!sockets.ok()) return sockets.status();
  EXPECT_EQ(sockets->size(), 1);
  return std::move(sockets->front());
}

mode_t ModeOf(const std::string& path) {
  struct stat information {};
  return lstat(path.c_str(), &information) == 0 ? information.st_mode : 0;
}

// What a server leaves behind that was killed.
void LeaveSocketFile(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(
      bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address),
      0);
  ASSERT_EQ(listen(descriptor, 1), 0);
  close(descriptor);
}

TEST(ListenOnPathTest, ItsOwnerAndItsGroupCanConnect) {
  const TemporaryDirectory directory;
  const std::string path = directory.PathOf("socket");
  for (const mode_t mask : {0000, 0022, 0777}) {
    const mode_t before = umask(mask);
    const Result<ListeningSocket> socket = ListenOn(path);
    umask(before);
    ASSERT_TRUE(socket.ok()) << socket.status().message();
    EXPECT_EQ(socket->address().path, path);
    EXPECT_TRUE(IsLoopback(*socket));
    EXPECT_EQ(ModeOf(path), S_IFSOCK | 0660);
    SocketClient::OfPath(path);
  }
}

TEST(ListenOnPathTest, TheFileGoesWithTheSocket) {
  const TemporaryDirectory directory;
  const std::string path = directory.PathOf("socket");
  {
    Result<ListeningSocket> socket = ListenOn(path);
    ASSERT_TRUE(socket.ok()) << socket.status().message();
    ListeningSocket moved = *std::move(socket);
    const int descriptor = moved.Release();
    EXPECT_NE(ModeOf(path), 0);
    close(descriptor);
  }
  EXPECT_EQ(ModeOf(path), 0);
}

TEST(ListenOnPathTest, WhatHasTakenItsPlaceStays) {
  const TemporaryDirectory directory;
  const std::string path = directory.PathOf("socket");
  {
    const Result<ListeningSocket> socket = ListenOn(path);
    ASSERT_TRUE(socket.ok()) << socket.status().message();
    // The number of the file is not given to another while it has a name.
    ASSERT_EQ(rename(path.c_str(), directory.PathOf("aside").c_str()), 0);
    directory.Write("socket", "text");
  }
  EXPECT_TRUE(S_ISREG(ModeOf(path)));
}

TEST(ListenOnPathTest, ASocketThatNobodyAnswersOnIsReplaced) {
  const TemporaryDirectory directory;
  const std::string path = directory.PathOf("socket");
  LeaveSocketFile(path);
  const Result<ListeningSocket> socket = ListenOn(path);
  ASSERT_TRUE(socket.ok()) << socket.status().message();
  SocketClient::OfPath(path);
}

TEST(ListenOnPathTest, OneInUseIsAnError) {
  const TemporaryDirectory directory;
  const std::string path = directory.PathOf("socket");
  const Result<ListeningSocket> first = ListenOn(path);
  ASSERT_TRUE(first.ok()) << first.status().message();
  const Result<ListeningSocket> second = ListenOn(path);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(),
            "unix:" + path + ": cannot listen: address already in use");
  SocketClient::OfPath(path);
}

TEST(ListenOnPathTest, AnotherFileIsAnError) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("file", "text");
  const Result<ListeningSocket> socket = ListenOn(path);
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.status().message(),
            "unix:" + path + ": cannot listen: not a socket");
  EXPECT_TRUE(S_ISREG(ModeOf(path)));
}

TEST(ListenOnPathTest, WhatCannotBeIsAnError) {
  const TemporaryDirectory directory;
  const std::string missing = directory.PathOf("missing/socket");
  EXPECT_EQ(ListenOn(missing).status().message(),
            "unix:" + missing + ": cannot listen: no such file or directory");
  const std::string longest = directory.PathOf(std::string(200, 'x'));
  EXPECT_EQ(
      ListenOn(longest).status().message(),
      "unix:" + longest + ": cannot listen: the path is longer than 107 bytes");
}

}  // namespace
}  // namespace promshm::tools
