#include "tools/serve/http/connection_table.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <thread>

namespace promshm::tools {
namespace {

using std::chrono::milliseconds;

// One end is in the table; the other sees whether it was cut off.
class Client {
 public:
  explicit Client(ConnectionTable* table) : table_(table) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0);
    connection_ = table->Add(ends_[0]);
  }

  ~Client() {
    table_->Remove(connection_);
    for (const int end : ends_) close(end);
  }

  ConnectionTable::Connection* connection() const { return connection_; }

  bool IsCutOff() const {
    char byte = 0;
    return recv(ends_[1], &byte, 1, MSG_DONTWAIT) == 0;
  }

 private:
  ConnectionTable* const table_;
  std::array<int, 2> ends_{};
  ConnectionTable::Connection* connection_;
};

constexpr std::size_t kPlenty = 1'000'000;

TEST(ConnectionTableTest, TheOldestWithoutARequestGivesWay) {
  ConnectionTable table({3, kPlenty, milliseconds(0)});
  std::deque<Client> clients;
  for (int i = 0; i < 3; ++i) clients.emplace_back(&table);
  for (const Client& client : clients) EXPECT_FALSE(client.IsCutOff());
  clients.emplace_back(&table);
  EXPECT_TRUE(clients[0].IsCutOff());
  // A request makes the second the youngest.
  table.BeginHandling(clients[1].connection());
  table.BeginAnswer(clients[1].connection(), 1);
  table.AwaitRequest(clients[1].connection());
  clients.emplace_back(&table);
  clients.emplace_back(&table);
  EXPECT_FALSE(clients[1].IsCutOff());
  EXPECT_TRUE(clients[2].IsCutOff());
  EXPECT_TRUE(clients[3].IsCutOff());
  EXPECT_FALSE(clients[4].IsCutOff());
}

TEST(ConnectionTableTest, ThenTheOneThatTakesItsAnswerForLongest) {
  ConnectionTable table({3, kPlenty, milliseconds(0)});
  std::deque<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(&table);
    table.BeginHandling(clients[i].connection());
  }
  for (const int i : {1, 0}) table.BeginAnswer(clients[i].connection(), 1);
  clients.emplace_back(&table);
  EXPECT_FALSE(clients[0].IsCutOff());
  EXPECT_TRUE(clients[1].IsCutOff());
  EXPECT_FALSE(clients[2].IsCutOff());
  EXPECT_FALSE(clients[3].IsCutOff());
}

TEST(ConnectionTableTest, WhatIsBeingHandledIsLeftAlone) {
  ConnectionTable table({2, kPlenty, milliseconds(0)});
  std::deque<Client> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(&table);
    table.BeginHandling(clients[i].connection());
  }
  for (const Client& client : clients) EXPECT_FALSE(client.IsCutOff());
}

TEST(ConnectionTableTest, LargeAnswersThatNobodyTakesAreDropped) {
  ConnectionTable table({10, 100, milliseconds(1)});
  std::deque<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(&table);
    table.BeginAnswer(clients[i].connection(), 40);
    EXPECT_FALSE(clients[i].IsCutOff());
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_TRUE(clients[0].IsCutOff());
  EXPECT_FALSE(clients[1].IsCutOff());
  // 80 and 10 fit.
  clients.emplace_back(&table);
  table.BeginAnswer(clients[3].connection(), 10);
  EXPECT_FALSE(clients[1].IsCutOff());
  // An answer that is done no longer counts.
  table.AwaitRequest(clients[1].connection());
  clients.emplace_back(&table);
  table.BeginAnswer(clients[4].connection(), 50);
  EXPECT_FALSE(clients[2].IsCutOff());
}

TEST(ConnectionTableTest, AnAnswerOnItsWayIsGivenTimeUpToFourTimesTheLimit) {
  ConnectionTable table({10, 100, std::chrono::hours(1)});
  std::deque<Client> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(&table);
    table.BeginAnswer(clients[i].connection(), 100);
  }
  for (const Client& client : clients) EXPECT_FALSE(client.IsCutOff());
  clients.emplace_back(&table);
  table.BeginAnswer(clients[4].connection(), 150);
  EXPECT_TRUE(clients[0].IsCutOff());
  EXPECT_TRUE(clients[1].IsCutOff());
  EXPECT_FALSE(clients[2].IsCutOff());
  // One alone may be as large as it likes.
  clients.emplace_back(&table);
  table.BeginAnswer(clients[5].connection(), 1000);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(clients[i].IsCutOff());
  EXPECT_FALSE(clients[5].IsCutOff());
}

TEST(ConnectionTableTest, WhoIsCutOffStaysSo) {
  ConnectionTable table({1, 100, milliseconds(0)});
  Client client(&table);
  table.CutOff(client.connection());
  EXPECT_TRUE(client.IsCutOff());
  table.BeginHandling(client.connection());
  table.BeginAnswer(client.connection(), 1000);
  table.AwaitRequest(client.connection());
  // Nor does it take a place.
  Client other(&table);
  EXPECT_FALSE(other.IsCutOff());
}

}  // namespace
}  // namespace promshm::tools
