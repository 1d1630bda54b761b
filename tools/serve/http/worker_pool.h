#ifndef PROMSHM_TOOLS_SERVE_HTTP_WORKER_POOL_H_
#define PROMSHM_TOOLS_SERVE_HTTP_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace promshm::tools {

// Purpose: runs tasks in threads of its own, in the order in which they came.
// A thread is started when a task comes and none is free, up to a limit; from
// then on tasks wait. A thread lives as long as the pool.
//
// Thread safety: every method but Stop() may be called from several threads.
class WorkerPool {
 public:
  // Must not throw.
  using Task = std::function<void()>;

  explicit WorkerPool(std::size_t most_threads);

  // Stops.
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Whether `task` will run: not once the pool is stopping, nor where the
  // system has no first thread to give. Throws std::bad_alloc.
  bool Submit(Task task);

  // Takes no more tasks, and waits until those that it has are done.
  void Stop();

 private:
  // Whether there is a thread now. With the lock held.
  bool EnsureThread();

  void Work();

  const std::size_t most_threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> waiting_;
  std::vector<std::thread> threads_;
  std::size_t free_threads_ = 0;
  bool stopping_ = false;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_WORKER_POOL_H_
