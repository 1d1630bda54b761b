#include "tools/serve/http/worker_pool.h"

#include <exception>
#include <utility>

namespace promshm::tools {

WorkerPool::WorkerPool(std::size_t most_threads) : most_threads_(most_threads) {
  threads_.reserve(most_threads_);
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::Submit(Task task) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return false;
  waiting_.push_back(std::move(task));
  if (!EnsureThread()) {
    waiting_.pop_back();
    return false;
  }
  changed_.notify_one();
  return true;
}

bool WorkerPool::EnsureThread() {
  if (free_threads_ >= waiting_.size() || threads_.size() >= most_threads_) {
    return true;
  }
  try {
    threads_.emplace_back([this] { Work(); });
  } catch (const std::exception&) {
    return !threads_.empty();
  }
  ++free_threads_;
  return true;
}

void WorkerPool::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    {
      const Task task = std::move(waiting_.front());
      waiting_.pop_front();
      --free_threads_;
      lock.unlock();
      task();
    }
    lock.lock();
    ++free_threads_;
  }
}

void WorkerPool::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace promshm::tools
