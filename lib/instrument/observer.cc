#include "instrument/observer.h"

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "store/fork_hook.h"
#include "store/process_generation.h"

namespace promshm::otel {
namespace {

using Guard = store::ForkSafeLock::Guard;

constexpr std::chrono::milliseconds kLongestInterval = std::chrono::hours(24);

store::ForkSafeLock observers_lock;
std::atomic<Observer*> observers{nullptr};

// The passes that this thread is in: a callback may have another provider's
// run.
struct PassHere {
  const Observer* observer;
  const PassHere* outer;
};

thread_local const PassHere* passes_here = nullptr;

}  // namespace

Observer::Observer(std::chrono::milliseconds interval,
                   std::function<bool()> tick, Report report)
    : interval_(std::min(interval, kLongestInterval)),
      tick_(std::move(tick)),
      report_(std::move(report)),
      entries_(new Entries) {
  static const bool hooked = (store::CallInChildren(&RestartInChild), true);
  static_cast<void>(hooked);
  const Guard guard(&observers_lock);
  next_ = observers.load();
  observers.store(this);
}

Observer::~Observer() {
  {
    const Guard guard(&observers_lock);
    if (observers.load() == this) {
      observers.store(next_);
    } else {
      Observer* before = observers.load();
      while (before->next_ != this) before = before->next_;
      before->next_ = next_;
    }
  }
  Stop(true);
  const std::shared_ptr<Process>* process = process_.load();
  // Another process's thread and waiters are not here to be waited for; and
  // what they were waiting with is no more to be touched.
  if (process != nullptr && (*process)->generation == store::EnterProcess()) {
    delete process;
  }
  delete entries_.load();
}

std::uintptr_t Observer::Add(const CallbackSource& source,
                             std::unique_ptr<Callback> callback) noexcept {
  if (callback == nullptr) return 0;
  std::uintptr_t id = 0;
  try {
    auto entry = std::make_shared<Entry>();
    entry->source = source;
    entry->callback = std::move(callback);
    const Guard guard(&lock_);
    if (!guard.holds()) return 0;
    const Entries* before = entries_.load();
    for (const auto& other : *before) {
      // One that has a function is told by it from the owner's others.
      if (source.function != nullptr && other->source == source &&
          !other->removed) {
        return other->id;
      }
    }
    auto after = std::make_unique<Entries>(*before);
    id = entry->id = ++last_id_;
    after->push_back(std::move(entry));
    entries_.store(after.release());
    delete before;
  } catch (const std::exception&) {
    return 0;
  }
  EnsureThread(Telling::kReport);
  return id;
}

void Observer::Remove(const Matcher& matches) noexcept {
  Entries removed;
  {
    const Guard guard(&lock_);
    if (!guard.holds()) return;
    const Entries* before = entries_.load();
    for (const auto& entry : *before) {
      if (matches(entry->id, entry->source)) entry->removed = true;
    }
    try {
      auto after = std::make_unique<Entries>();
      removed.reserve(before->size());
      after->reserve(before->size());
      for (const auto& entry : *before) {
        (entry->removed ? removed : *after).push_back(entry);
      }
      entries_.store(after.release());
      delete before;
    } catch (const std::bad_alloc&) {
      // They stay in the list and do not run.
    }
  }
  if (IsPassing() || !waits_for_callbacks_) return;
  const std::shared_ptr<Process> process = EnterProcess();
  if (process == nullptr) return;
  std::unique_lock lock(process->mutex);
  process->changed.wait(lock, [&] {
    const Entry* running = process->running;
    return running == nullptr || !matches(running->id, running->source) ||
           !waits_for_callbacks_;
  });
}

bool Observer::Pass(std::chrono::microseconds timeout,
                    const std::function<void()>& begin,
                    const std::function<void()>& store) noexcept {
  if (IsPassing()) return false;
  // In a child it may have been impossible.
  if (wants_thread_) EnsureThread(Telling::kReport);
  const Clock::time_point now = Clock::now();
  const bool forever =
      timeout >= std::chrono::duration_cast<std::chrono::microseconds>(
                     Clock::time_point::max() - now);
  const Clock::time_point deadline =
      forever ? Clock::time_point::max() : now + timeout;
  const std::shared_ptr<Process> process = EnterProcess();
  if (process == nullptr) return false;
  {
    std::unique_lock lock(process->mutex);
    const auto is_free = [&] { return !process->passing; };
    if (forever) {
      process->changed.wait(lock, is_free);
    } else if (!process->changed.wait_until(lock, deadline, is_free)) {
      return false;
    }
    process->passing = true;
  }
  const PassHere pass{this, passes_here};
  passes_here = &pass;
  begin();
  const bool all_ran = RunEntries(process.get(), deadline);
  if (all_ran) store();
  passes_here = pass.outer;
  // A callback has forked, and this is the child: nothing here is its own.
  if (process->generation != store::EnterProcess()) return false;
  {
    const std::lock_guard lock(process->mutex);
    process->passing = false;
  }
  process->changed.notify_all();
  return all_ran && Clock::now() <= deadline;
}

bool Observer::IsPassing() const noexcept {
  const PassHere* pass = passes_here;
  while (pass != nullptr && pass->observer != this) pass = pass->outer;
  return pass != nullptr;
}

void Observer::Stop(bool wait) noexcept {
  wants_thread_ = false;
  if (!wait) waits_for_callbacks_ = false;
  const std::shared_ptr<Process> process = EnterProcess();
  if (process == nullptr) return;
  std::thread thread;
  {
    const std::lock_guard lock(process->mutex);
    process->stopped = true;
    thread.swap(process->thread);
  }
  process->changed.notify_all();
  if (!thread.joinable()) return;
  if (wait && thread.get_id() != std::this_thread::get_id()) {
    thread.join();
  } else {
    thread.detach();
  }
}

// None when out of memory.
std::optional<Observer::Entries> Observer::Copy() noexcept {
  const Guard guard(&lock_);
  try {
    if (guard.holds()) return *entries_.load();
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
  return std::nullopt;
}

// Null when out of memory.
std::shared_ptr<Observer::Process> Observer::EnterProcess() noexcept {
  const std::uint32_t generation = store::EnterProcess();
  const Guard guard(&lock_);
  if (!guard.holds()) return nullptr;
  const std::shared_ptr<Process>* current = process_.load();
  if (current != nullptr && (*current)->generation == generation) {
    return *current;
  }
  try {
    auto process = std::make_shared<Process>();
    process->generation = generation;
    auto made = std::make_unique<std::shared_ptr<Process>>(std::move(process));
    // The one before is the parent's, whose thread would be waited for.
    process_.store(made.release());
    return *process_.load();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Observer::EnsureThread(Telling telling) noexcept {
  if (interval_.count() <= 0) return;
  const std::shared_ptr<Process> process = EnterProcess();
  if (process == nullptr) return;
  bool failed = false;
  {
    const std::lock_guard lock(process->mutex);
    if (process->stopped || process->thread.joinable()) return;
    wants_thread_ = true;
    // Signals are blocked where a thread is made under the guard, and so in
    // the thread: they are the application's.
    const Guard guard(&lock_);
    try {
      process->thread = std::thread(&Run, process, interval_, tick_);
    } catch (const std::exception&) {
      failed = telling == Telling::kReport &&
               !std::exchange(process->thread_failed, true);
    }
  }
  if (failed) {
    report_("callbacks: cannot start a thread: they run in Collect() only");
  }
}

void Observer::RestartInChild() {
  for (Observer* observer = observers.load(); observer != nullptr;
       observer = observer->next_) {
    if (observer->wants_thread_) observer->EnsureThread(Telling::kBeSilent);
  }
}

void Observer::Run(const std::shared_ptr<Process>& process,
                   std::chrono::milliseconds interval,
                   const std::function<bool()>& tick) {
  std::unique_lock lock(process->mutex);
  Clock::time_point next = Clock::now() + interval;
  while (!process->changed.wait_until(lock, next,
                                      [&] { return process->stopped; })) {
    lock.unlock();
    // Where a callback has forked, this is the child, and not the thread.
    if (!tick() || process->generation != store::EnterProcess()) return;
    lock.lock();
    // Passes that take longer than the interval do not pile up.
    next = std::max(next + interval, Clock::now());
  }
}

// False when one of them is yet to run at the deadline.
bool Observer::RunEntries(Process* process,
                          Clock::time_point deadline) noexcept {
  const std::optional<Entries> entries = Copy();
  return entries && std::all_of(entries->begin(), entries->end(),
                                [&](const std::shared_ptr<Entry>& entry) {
                                  return Clock::now() <= deadline &&
                                         RunEntry(process, entry.get());
                                });
}

// False in a child that the callback has forked.
bool Observer::RunEntry(Process* process, Entry* entry) noexcept {
  {
    const std::lock_guard lock(process->mutex);
    if (entry->removed) return true;
    process->running = entry;
  }
  try {
    entry->callback->Run();
  } catch (const std::exception& error) {
    ReportThrow(error.what());
  } catch (...) {
    ReportThrow("unknown exception");
  }
  if (process->generation != store::EnterProcess()) return false;
  {
    const std::lock_guard lock(process->mutex);
    process->running = nullptr;
  }
  process->changed.notify_all();
  return true;
}

void Observer::ReportThrow(const char* what) const noexcept {
  try {
    report_(std::string("callback: threw: ") + what);
  } catch (const std::exception&) {
    report_("callback: threw");
  }
}

}  // namespace promshm::otel
