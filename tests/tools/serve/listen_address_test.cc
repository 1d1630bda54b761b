#include "tools/serve/http/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace promshm::tools {
namespace {

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
    EXPECT_EQ(address->path, "");
    EXPECT_EQ(ToString(*address), c.text);
  }
}

TEST(ParseListenAddressTest, ReadsThePathOfAUnixSocket) {
  for (const char* text : {"unix:/run/promshm/socket", "unix:/a:80"}) {
    const Result<ListenAddress> address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ("unix:" + address->path, text);
    EXPECT_EQ(address->host + address->port, "");
    EXPECT_EQ(ToString(*address), text);
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
                           "unix:",
                           "unix:socket",
                           "unix:@socket",
                           "http://127.0.0.1:80"}) {
    const Result<ListenAddress> address = ParseListenAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.status().kind(), StatusKind::kInvalidArgument);
    EXPECT_THAT(address.status().message(),
                StartsWith(std::string(text) + ": not a listen address: "));
  }
}

TEST(IsLoopbackTest, IsSoForNumbersOfThisMachineAndPaths) {
  for (const char* text : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80",
                           "[::ffff:127.0.0.1]:80", "unix:/a"}) {
    EXPECT_TRUE(IsLoopback(*ParseListenAddress(text))) << text;
  }
  for (const char* text :
       {":80", "0.0.0.0:80", "[::]:80", "128.0.0.1:80", "10.0.0.1:80",
        "[::2]:80", "[fe80::1]:80", "[::ffff:10.0.0.1]:80", "example.org:80"}) {
    EXPECT_FALSE(IsLoopback(*ParseListenAddress(text))) << text;
  }
}

}  // namespace
}  // namespace promshm::tools
