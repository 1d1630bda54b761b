#ifndef PROMSHM_TOOLS_SERVE_HTTP_CONNECTION_TABLE_H_
#define PROMSHM_TOOLS_SERVE_HTTP_CONNECTION_TABLE_H_

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

namespace promshm::tools {

// Purpose: knows the open connections and what each is at, so that one which
// holds a place or memory to no purpose gives way to others.
//
// A connection is cut off where there is one too many: the one that has been
// without a whole request for longest, else the one that has been taking its
// answer for longest. It is also cut off where the answers under way are too
// large together and it has been taking its own for longer than
// `answer_patience`, the longest first; where they are four times too large,
// without patience, except the last. One whose request is being handled is left
// alone.
//
// Cutting off is a shutdown() of the socket, upon which its owner closes it.
// What the client has not taken is lost.
//
// Thread safety: every method may be called from several threads.
class ConnectionTable {
 public:
  struct Limits {
    std::size_t connections;
    std::size_t unsent_bytes;
    std::chrono::milliseconds answer_patience;
  };

  // Lives from Add() to Remove(), each called with the descriptor open.
  struct Connection;

  // There are fewer connections where the process may not have four times as
  // many descriptors.
  explicit ConnectionTable(const Limits& limits);
  ~ConnectionTable();

  const Limits& limits() const { return limits_; }

  // Has no request yet. Throws std::bad_alloc.
  Connection* Add(int descriptor);
  void Remove(Connection* connection);

  // Keeps `object` until Remove().
  void Keep(Connection* connection, std::shared_ptr<const void> object);

  void BeginHandling(Connection* connection);

  // `bytes`: what the answer holds in memory until it is sent.
  void BeginAnswer(Connection* connection, std::size_t bytes);
  void AwaitRequest(Connection* connection);

  void CutOff(Connection* connection);

 private:
  using Clock = std::chrono::steady_clock;
  using List = std::list<Connection>;

  // With the lock held.
  void Move(Connection* connection, List* list);
  void CutOffOne(Connection* connection);
  void MakeRoom();
  void FreeMemory();
  std::size_t size() const;

  const Limits limits_;
  std::mutex mutex_;

  // Those that came first are in front.
  List without_request_;
  List in_handler_;
  List in_answer_;
  List cut_off_;
  std::size_t unsent_bytes_ = 0;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_CONNECTION_TABLE_H_
