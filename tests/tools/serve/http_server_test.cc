#include "tools/serve/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/socket_client.h"
#include "tests/support/temporary_directory.h"

namespace promshm::tools {
namespace {

using ::promshm::testing::SocketClient;
using ::promshm::testing::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kGet[] = "GET /fast HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr char kGetSlow[] = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";

// What a test holds requests up with.
class Gate {
 public:
  ~Gate() { Open(); }

  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }

  void AwaitArrivals(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20),
                                  [&] { return arrived_ >= count; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool is_open_ = false;
};

Response Ok(std::string body = "fine\n") { return {200, {}, std::move(body)}; }

class HttpServerTest : public ::testing::Test {
 protected:
  // Requests of /slow wait for `gate_`.
  void Serve(HttpServerOptions options = {}) {
    Serve(
        [this](const Request& request) {
          if (request.path == "/slow") gate_.Pass();
          return Ok();
        },
        std::move(options));
  }

  void Serve(HttpServer::Handler handler, HttpServerOptions options = {}) {
    server_ =
        std::make_unique<HttpServer>(std::move(handler), std::move(options));
    Result<std::vector<ListeningSocket>> sockets = Listen({"127.0.0.1", "0"});
    ASSERT_TRUE(sockets.ok()) << sockets.status().message();
    port_ = sockets->front().address().port;
    const Status started = server_->Start(std::move(sockets->front()));
    ASSERT_TRUE(started.ok()) << started.message();
  }

  SocketClient Connect(std::string_view request = {}) {
    SocketClient client = SocketClient::OfPort(port_);
    client.Send(request);
    return client;
  }

  std::string Ask(std::string_view request) {
    return Connect(request).ReadAnswer();
  }

  Gate gate_;
  std::string port_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, TellsTheHandlerOfTheRequest) {
  Request seen;
  Serve([&](const Request& request) {
    seen = request;
    return Ok();
  });
  const std::string answer =
      Ask("POST /a%20b?name[]=c%26d&e&name[]=%66 HTTP/1.1\r\nHost: x\r\n"
          "accept: one\r\nAccept-Encoding: gzip\r\nACCEPT: two\r\n"
          "Authorization: Basic YTpi\r\n"
          "X-Prometheus-Scrape-Timeout-Seconds: 9.5\r\n"
          "Content-Length: 4\r\n\r\nbody");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("fine\n")));
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/a b");
  EXPECT_THAT(seen.query,
              ElementsAre(Pair("name[]", "c&d"), Pair("name[]", "f")));
  EXPECT_EQ(seen.accept, "one, two");
  EXPECT_EQ(seen.accept_encoding, "gzip");
  EXPECT_EQ(seen.authorization, "Basic YTpi");
  EXPECT_EQ(seen.scrape_timeout, "9.5");
}

TEST_F(HttpServerTest, AUnixSocketIsServedAlike) {
  const TemporaryDirectory directory;
  const std::string path = directory.PathOf("socket");
  HttpServer server([](const Request& request) { return Ok(request.path); });
  Result<std::vector<ListeningSocket>> sockets = Listen({{}, {}, path});
  ASSERT_TRUE(sockets.ok()) << sockets.status().message();
  ASSERT_TRUE(server.Start(std::move(sockets->front())).ok());
  SocketClient client = SocketClient::OfPath(path);
  client.Send(kGet);
  EXPECT_THAT(client.ReadAnswer(), EndsWith("\r\n\r\n/fast"));
}

TEST_F(HttpServerTest, ANulInThePathIsNoEnd) {
  Serve([](const Request& request) { return Ok(request.path); });
  EXPECT_THAT(Ask("GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n"),
              EndsWith("\r\n\r\n/a?b"));
}

TEST_F(HttpServerTest, AWholeUrlCountsAsItsPath) {
  Serve([](const Request& request) { return Ok(request.path); });
  const std::pair<std::string, std::string> paths[] = {
      {"http://x/metrics/a?b=http://y/c", "/metrics/a"},
      {"HTTP://x:80//a", "//a"},
      {"https://[::1]:9/", "/"},
      {"http://x", "/"},
      {"/http://x/a", "/http://x/a"},
  };
  for (const auto& [target, path] : paths) {
    EXPECT_THAT(Ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"),
                EndsWith("\r\n\r\n" + path))
        << target;
  }
}

TEST_F(HttpServerTest, AHeaderThatIsNotClearIsRefused) {
  Serve();
  for (const char* fields :
       {"", "Host: x\r\nhost: x\r\n",
        "Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "Host: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_THAT(Ask(std::string("POST /fast HTTP/1.1\r\n") + fields + "\r\n"),
                StartsWith("HTTP/1.1 400 "))
        << fields;
  }
  EXPECT_THAT(Ask("GET /fast HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Ask(kGet), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Serve([](const Request& request) { return Ok(request.path); });
  SocketClient client = Connect(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const char* path : {"/1", "/2", "/3"}) {
    EXPECT_THAT(client.ReadAnswer(), EndsWith(path));
  }
}

TEST_F(HttpServerTest, AHandlerThatThrowsClosesItsConnectionOnly) {
  Serve([](const Request& request) -> Response {
    if (request.path == "/fast") return Ok();
    throw std::runtime_error("no");
  });
  EXPECT_THAT(Ask(kGetSlow), IsEmpty());
  EXPECT_THAT(Ask(kGet), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, SlowHandlersDelayNobody) {
  Serve();
  std::deque<SocketClient> slow;
  for (int i = 0; i < 20; ++i) slow.push_back(Connect(kGetSlow));
  gate_.AwaitArrivals(20);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Ask(kGet), StartsWith("HTTP/1.1 200 "));
  }
  gate_.Open();
  for (SocketClient& client : slow) {
    EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(HttpServerTest, AboveTheMostRequestsItIs503AtOnce) {
  HttpServerOptions options;
  options.max_requests = 3;
  Serve(options);
  std::deque<SocketClient> slow;
  for (int i = 0; i < 3; ++i) slow.push_back(Connect(kGetSlow));
  gate_.AwaitArrivals(3);
  SocketClient refused = Connect();
  for (int i = 0; i < 5; ++i) {
    refused.Send(kGet);
    EXPECT_THAT(
        refused.ReadAnswer(),
        AllOf(StartsWith("HTTP/1.1 503 "),
              HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
              HasSubstr("on 3 requests"), EndsWith("try again later\n")));
  }
  gate_.Open();
  for (SocketClient& client : slow) {
    EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
  }
  refused.Send(kGet);
  EXPECT_THAT(refused.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ZeroIsNoLimit) {
  HttpServerOptions options;
  options.max_requests = 0;
  Serve(options);
  std::deque<SocketClient> slow;
  for (int i = 0; i < 100; ++i) slow.push_back(Connect(kGetSlow));
  gate_.AwaitArrivals(50);
  gate_.Open();
  for (SocketClient& client : slow) {
    EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(HttpServerTest, ClientsThatVanishAreHarmless) {
  Serve();
  for (int i = 0; i < 10; ++i) Connect(kGetSlow);
  gate_.AwaitArrivals(10);
  EXPECT_THAT(Ask(kGet), StartsWith("HTTP/1.1 200 "));
  gate_.Open();
  EXPECT_THAT(Ask(kGetSlow), StartsWith("HTTP/1.1 200 "));
}

std::string Parameters(int count) {
  std::string text = "GET /?";
  for (int i = 0; i < count; ++i) {
    text += "name[]=some_family_of_metrics_" + std::to_string(i) + "&";
  }
  return text + "end=1 HTTP/1.1\r\nHost: x\r\n\r\n";
}

TEST_F(HttpServerTest, ManyParametersAreRead) {
  std::size_t count = 0;
  Serve([&](const Request& request) {
    count = request.query.size();
    return Ok();
  });
  EXPECT_THAT(Ask(Parameters(1900)), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(count, 1901);
}

// Each is answered or ended, and long before the time for idle connections.
TEST_F(HttpServerTest, WhatIsTooLargeIsRefused) {
  Serve();
  const std::string plenty(300'000, 'a');
  EXPECT_THAT(Ask("GET /" + plenty + " HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: x\r\nX: " + plenty + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  std::string fields;
  for (int i = 0; i < 20'000; ++i) fields += "a: b\r\n";
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\n" + fields + "\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Connect(Parameters(2500)).ReadAll(), IsEmpty());
  EXPECT_THAT(Connect("GET /?" + std::string(100'000, '&') +
                      " HTTP/1.1\r\nHost: x\r\n\r\n")
                  .ReadAll(),
              IsEmpty());
  EXPECT_THAT(Ask(kGet), StartsWith("HTTP/1.1 200 "));
}

std::string Chunked(int chunks) {
  std::string text =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < chunks; ++i) {
    text += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  }
  return text + "0\r\n\r\n";
}

TEST_F(HttpServerTest, ABodyIsReadAndDropped) {
  Serve();
  SocketClient client = Connect();
  for (const std::string& request :
       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" +
            std::string(65536, 'x'),
        Chunked(16), std::string(kGet)}) {
    client.Send(request);
    EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(HttpServerTest, ALargerBodyIsNot) {
  Serve();
  EXPECT_THAT(
      Connect("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n")
          .ReadAll(),
      AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("Connection: close")));
  EXPECT_THAT(Connect(Chunked(17)).ReadAll(), IsEmpty());
}

TEST_F(HttpServerTest, SilentConnectionsAreClosed) {
  HttpServerOptions options;
  options.idle_timeout = std::chrono::seconds(1);
  Serve(options);
  SocketClient idle = Connect();
  SocketClient half_sent = Connect("GET /fast HTTP/1.1\r\nHost:");
  SocketClient after_answer = Connect(kGet);
  EXPECT_THAT(after_answer.ReadAll(), EndsWith("fine\n"));
  EXPECT_THAT(idle.ReadAll(), IsEmpty());
  EXPECT_THAT(half_sent.ReadAll(), IsEmpty());
}

TEST_F(HttpServerTest, AHandlerMayTakeLongerThanAConnectionMayBeSilent) {
  HttpServerOptions options;
  options.idle_timeout = std::chrono::seconds(1);
  Serve(options);
  SocketClient slow = Connect(kGetSlow);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  gate_.Open();
  EXPECT_THAT(slow.ReadAnswer(), EndsWith("fine\n"));
}

TEST_F(HttpServerTest, WhereTheMostConnectionsAreOpenAnotherStillGetsIn) {
  HttpServerOptions options;
  options.max_connections = 8;
  Serve(options);
  std::deque<SocketClient> silent;
  for (int i = 0; i < 200; ++i) {
    silent.push_back(Connect(i % 2 == 0 ? "" : "GET /fast HT"));
    if (i % 20 == 0) {
      EXPECT_THAT(Ask(kGet), StartsWith("HTTP/1.1 200 "));
    }
  }
  EXPECT_THAT(Ask(kGet), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(silent.front().ReadAll(), IsEmpty());
}

TEST_F(HttpServerTest, AnswersThatNobodyTakesAreDropped) {
  constexpr std::size_t kLarge = 16'000'000;
  HttpServerOptions options;
  options.max_unsent_bytes = kLarge;
  options.answer_patience = std::chrono::milliseconds(0);
  Serve([](const Request&) { return Ok(std::string(kLarge, 'x')); }, options);
  std::deque<SocketClient> deaf;
  for (int i = 0; i < 4; ++i) {
    deaf.push_back(SocketClient::OfPort(port_, 4096));
    deaf.back().Send(kGet);
    deaf.back().AwaitAnswer();
    // Now the one before it has been dropped, if there was one.
    if (i > 0) {
      EXPECT_THAT(deaf[i - 1].ReadAll(), SizeIs(::testing::Lt(kLarge)));
    }
  }
  EXPECT_THAT(Ask(kGet), SizeIs(::testing::Gt(kLarge)));
}

TEST_F(HttpServerTest, IsAliveWhileThereIsAThreadForATask) {
  HttpServerOptions options;
  options.max_requests = 2;
  Serve(options);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(server_->IsAlive(std::chrono::seconds(20)));
  }
  SocketClient slow = Connect(kGetSlow);
  gate_.AwaitArrivals(1);
  EXPECT_TRUE(server_->IsAlive(std::chrono::seconds(20)));
  SocketClient slow_too = Connect(kGetSlow);
  gate_.AwaitArrivals(2);
  EXPECT_FALSE(server_->IsAlive(std::chrono::milliseconds(50)));
  gate_.Open();
  EXPECT_TRUE(server_->IsAlive(std::chrono::seconds(20)));
}

TEST_F(HttpServerTest, IsNotAliveWhileTheThreadOfASocketIsStuck) {
  HttpServerOptions options;
  options.tls = true;
  options.prepare_session = [this](gnutls_session_int*) {
    gate_.Pass();
    return nullptr;
  };
  Serve(options);
  EXPECT_FALSE(server_->IsAlive(std::chrono::milliseconds(50)));
  gate_.Open();
  EXPECT_TRUE(server_->IsAlive(std::chrono::seconds(20)));
}

TEST_F(HttpServerTest, ATlsSessionThatIsNotPreparedIsClosed) {
  HttpServerOptions options;
  options.tls = true;
  int asked = 0;
  options.prepare_session = [&](gnutls_session_int* session) {
    asked += session == nullptr ? 0 : 1;
    return nullptr;
  };
  Serve(options);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Connect().ReadAll(), IsEmpty());
  server_->Stop();
  EXPECT_EQ(asked, 3);
}

TEST_F(HttpServerTest, StopLetsRequestsFinish) {
  Serve();
  std::deque<SocketClient> slow;
  for (int i = 0; i < 5; ++i) slow.push_back(Connect(kGetSlow));
  gate_.AwaitArrivals(5);
  std::thread stop([this] { server_->Stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  SocketClient late = Connect(kGet);
  EXPECT_THAT(late.ReadAll(), IsEmpty());
  gate_.Open();
  for (SocketClient& client : slow) {
    EXPECT_THAT(client.ReadAll(),
                AllOf(StartsWith("HTTP/1.1 200 "),
                      HasSubstr("Connection: close"), EndsWith("fine\n")));
  }
  stop.join();
}

TEST_F(HttpServerTest, StopDropsWhatStillWaitsAfterSeconds) {
  HttpServerOptions options;
  options.max_requests = 0;
  Serve(options);
  std::deque<SocketClient> slow;
  // More than there are threads.
  for (int i = 0; i < 100; ++i) slow.push_back(Connect(kGetSlow));
  gate_.AwaitArrivals(64);
  std::thread stop([this] { server_->Stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5500));
  gate_.Open();
  stop.join();
  for (SocketClient& client : slow) {
    EXPECT_THAT(client.ReadAll(), Not(HasSubstr("fine")));
  }
}

TEST_F(HttpServerTest, StopsInTheMiddleOfManyRequests) {
  for (int round = 0; round < 10; ++round) {
    Serve();
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([this] {
        try {
          for (int asked = 0; asked < 10'000; ++asked) {
            if (Ask(kGet).empty()) return;
          }
        } catch (const std::exception&) {
          // Nobody listens any more.
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 * round));
    server_->Stop();
    for (std::thread& client : clients) client.join();
  }
}

}  // namespace
}  // namespace promshm::tools
