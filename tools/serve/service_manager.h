#ifndef PROMSHM_TOOLS_SERVE_SERVICE_MANAGER_H_
#define PROMSHM_TOOLS_SERVE_SERVICE_MANAGER_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace promshm::tools {

// Purpose: tells systemd, or whoever set $NOTIFY_SOCKET, how the program is
// doing, as sd_notify() does. Without that variable nothing happens. What
// cannot be sent is dropped: a manager that is not told acts on its own.
//
// Thread safety: StartWatchdog() and Stopping() need external locking; the
// other methods may be called from several threads.
class ServiceManager {
 public:
  // Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID.
  ServiceManager();

  // Stops the watchdog, without waiting for its next question.
  ~ServiceManager();

  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  void Ready() const;

  // To be followed by Ready().
  void Reloading() const;

  // Also stops the watchdog: nobody restarts what stops, and its question may
  // be about parts that are going. Waits for one that is being answered.
  void Stopping();

  // Asks `is_well` twice in the time that the manager gives, in a thread of
  // its own, and reports where it says true; a program that is not well for
  // longer is restarted. An exception counts as false. Does nothing where the
  // manager does not watch. Throws std::system_error where no thread can be
  // had.
  void StartWatchdog(std::function<bool()> is_well);

 private:
  void Send(const std::string& message) const;
  void Watch(const std::function<bool()>& is_well);
  void StopWatchdog();

  const std::string socket_;
  const std::chrono::microseconds watchdog_interval_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread watchdog_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_SERVICE_MANAGER_H_
