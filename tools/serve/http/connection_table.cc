#include "tools/serve/http/connection_table.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace promshm::tools {

struct ConnectionTable::Connection {
  int descriptor;
  List* list;
  List::iterator self;
  Clock::time_point since;
  std::size_t unsent_bytes = 0;
  std::shared_ptr<const void> kept = {};
};

namespace {

constexpr rlim_t kFewestConnections = 4;

// The larger part of the descriptors is for the files of the directory.
ConnectionTable::Limits WithinDescriptors(ConnectionTable::Limits limits) {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return limits;
  limits.connections =
      std::min<rlim_t>(limits.connections,
                       std::max(descriptors.rlim_cur / 4, kFewestConnections));
  return limits;
}

}  // namespace

ConnectionTable::ConnectionTable(const Limits& limits)
    : limits_(WithinDescriptors(limits)) {}

ConnectionTable::~ConnectionTable() = default;

ConnectionTable::Connection* ConnectionTable::Add(int descriptor) {
  const std::lock_guard<std::mutex> lock(mutex_);
  without_request_.push_back({descriptor, &without_request_, {}, Clock::now()});
  Connection* const connection = &without_request_.back();
  connection->self = std::prev(without_request_.end());
  MakeRoom();
  return connection;
}

void ConnectionTable::Remove(Connection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  unsent_bytes_ -= connection->unsent_bytes;
  connection->list->erase(connection->self);
}

void ConnectionTable::Keep(Connection* connection,
                           std::shared_ptr<const void> object) {
  connection->kept = std::move(object);
}

void ConnectionTable::BeginHandling(Connection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Move(connection, &in_handler_);
}

void ConnectionTable::BeginAnswer(Connection* connection, std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Move(connection, &in_answer_);
  if (connection->list != &in_answer_) return;
  connection->unsent_bytes = bytes;
  unsent_bytes_ += bytes;
  FreeMemory();
}

void ConnectionTable::AwaitRequest(Connection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Move(connection, &without_request_);
}

void ConnectionTable::CutOff(Connection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  CutOffOne(connection);
}

void ConnectionTable::Move(Connection* connection, List* list) {
  if (connection->list == &cut_off_) return;
  unsent_bytes_ -= connection->unsent_bytes;
  connection->unsent_bytes = 0;
  connection->since = Clock::now();
  list->splice(list->end(), *connection->list, connection->self);
  connection->list = list;
}

void ConnectionTable::CutOffOne(Connection* connection) {
  Move(connection, &cut_off_);
  // Without this the system would go on offering what has not been taken.
  const linger at_once{1, 0};
  setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &at_once,
             sizeof at_once);
  shutdown(connection->descriptor, SHUT_RDWR);
}

void ConnectionTable::MakeRoom() {
  if (size() <= limits_.connections) return;
  List& victims = without_request_.size() > 1 ? without_request_ : in_answer_;
  if (!victims.empty()) CutOffOne(&victims.front());
}

void ConnectionTable::FreeMemory() {
  const auto earlier = Clock::now() - limits_.answer_patience;
  while (in_answer_.size() > 1 && (unsent_bytes_ > 4 * limits_.unsent_bytes ||
                                   (unsent_bytes_ > limits_.unsent_bytes &&
                                    in_answer_.front().since < earlier))) {
    CutOffOne(&in_answer_.front());
  }
}

std::size_t ConnectionTable::size() const {
  return without_request_.size() + in_handler_.size() + in_answer_.size();
}

}  // namespace promshm::tools
