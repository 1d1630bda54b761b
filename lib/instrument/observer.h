#ifndef PROMSHM_INSTRUMENT_OBSERVER_H_
#define PROMSHM_INSTRUMENT_OBSERVER_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "promshm/otel/meter_core.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {

// Purpose: the callbacks of a provider, and the thread that has them run. One
// pass at a time runs them all.
//
// Thread safety: every method may be called from several threads, and from
// callbacks. After a fork, what another thread of the parent was doing here is
// forgotten in the child, which starts a thread of its own where the parent had
// one.
class Observer {
 public:
  using Report = std::function<void(std::string_view)>;

  // `tick` is what the thread calls every `interval`; it ends the thread by
  // giving false. Nothing but this object's own methods may be called on it
  // there, unless `tick` holds on to whatever owns it. No thread if the
  // interval is 0.
  Observer(std::chrono::milliseconds interval, std::function<bool()> tick,
           Report report);

  // Not during a pass, except in the thread that was started here.
  ~Observer();

  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // As in MeterCore.
  std::uintptr_t Add(const CallbackSource& source,
                     std::unique_ptr<Callback> callback) noexcept;

  // Removes all whose id and source `matches` accepts.
  using Matcher =
      std::function<bool(std::uintptr_t id, const CallbackSource& source)>;
  void Remove(const Matcher& matches) noexcept;

  // Calls `begin`, runs every callback, then calls `store`. False when that
  // took longer than `timeout`; when the time is over before the last callback
  // has begun, `store` is not called. False also in a callback.
  bool Pass(std::chrono::microseconds timeout,
            const std::function<void()>& begin,
            const std::function<void()>& store) noexcept;

  // Whether this thread is running a callback.
  bool IsPassing() const noexcept;

  // Ends the thread for good. Waits for it, unless `wait` is false: then
  // nobody waits for a callback any more.
  void Stop(bool wait) noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    CallbackSource source;
    std::uintptr_t id = 0;
    std::unique_ptr<Callback> callback;
    std::atomic<bool> removed{false};
  };
  using Entries = std::vector<std::shared_ptr<Entry>>;

  // What belongs to one process: its thread, and who waits for whom.
  struct Process {
    std::uint32_t generation = 0;
    std::mutex mutex;
    std::condition_variable changed;
    bool passing = false;
    const Entry* running = nullptr;
    bool stopped = false;
    bool thread_failed = false;  // and was told
    std::thread thread;
  };

  enum class Telling { kReport, kBeSilent };

  static void RestartInChild();
  static void Run(const std::shared_ptr<Process>& process,
                  std::chrono::milliseconds interval,
                  const std::function<bool()>& tick);

  std::optional<Entries> Copy() noexcept;
  std::shared_ptr<Process> EnterProcess() noexcept;
  void EnsureThread(Telling telling) noexcept;
  bool RunEntries(Process* process, Clock::time_point deadline) noexcept;
  bool RunEntry(Process* process, Entry* entry) noexcept;
  void ReportThrow(const char* what) const noexcept;

  const std::chrono::milliseconds interval_;
  const std::function<bool()> tick_;
  const Report report_;

  store::ForkSafeLock lock_;
  // A list is never changed, so that a child finds one that is whole.
  std::atomic<const Entries*> entries_;
  std::atomic<std::shared_ptr<Process>*> process_{nullptr};
  std::uintptr_t last_id_ = 0;
  std::atomic<bool> wants_thread_{false};
  std::atomic<bool> waits_for_callbacks_{true};

  // Of all that exist, for a child to go through.
  Observer* next_ = nullptr;
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_OBSERVER_H_
