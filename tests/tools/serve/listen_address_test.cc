#include "tools/serve/listen_address.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace promshm::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct GoodText {
  const char* text;
  const char* host;
  const char* port;
};

TEST(ParseListenAddressTest, ReadsHostAndPort) {
  const GoodText cases[] = {
      {"127.0.0.1:9464", "127.0.0.1", "9464"},
      {"localhost:0", "localhost", "0"},
      {":9464", "", "9464"},
      {"[::1]:65535", "::1", "65535"},
      {"[::]:1", "::", "1"},
      {"[fe80::1%eth0]:80", "fe80::1%eth0", "80"},
  };
  for (const GoodText& c : cases) {
    const Result<ListenAddress> address = ParseListenAddress(c.text);
    ASSERT_TRUE(address.ok()) << c.text;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
    EXPECT_EQ(ToString(*address), c.text);
  }
}

TEST(ParseListenAddressTest, RefusesEverythingElse) {
  for (const char* text : {"",
                           ":",
                           "9464",
                           "localhost",
                           "localhost:",
                           ":-1",
                           ":65536",
                           ":+80",
                           ":80 ",
                           ": 80",
                           ":http",
                           ":0x50",
                           "::1:9464",
                           "[::1]",
                           "[::1]9464",
                           "[]:80",
                           "[localhost]:80",
                           "[127.0.0.1]:80",
                           "[::1:80",
                           "::1]:80",
                           "[[::1]]:80",
                           "a:b:80",
                           "http://127.0.0.1:80"}) {
    const Result<ListenAddress> address = ParseListenAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.status().kind(), StatusKind::kInvalidArgument);
    EXPECT_THAT(address.status().message(),
                StartsWith(std::string(text) + ": not a listen address: "));
  }
}

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

}  // namespace
}  // namespace promshm::tools
