#include "tools/serve/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace promshm::tools {
namespace {

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<std::int64_t> PositiveNumber(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed_to != end || number <= 0) return {};
  return number;
}

// Zero where this process is not watched.
std::chrono::microseconds WatchdogInterval() {
  const std::string pid = Variable("WATCHDOG_PID");
  if (!pid.empty() && PositiveNumber(pid) != getpid()) return {};
  return std::chrono::microseconds(
      PositiveNumber(Variable("WATCHDOG_USEC")).value_or(0));
}

std::int64_t MonotonicMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

bool Holds(const std::function<bool()>& condition) noexcept {
  try {
    return condition();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

ServiceManager::ServiceManager()
    : socket_(Variable("NOTIFY_SOCKET")),
      watchdog_interval_(WatchdogInterval()) {}

ServiceManager::~ServiceManager() { StopWatchdog(); }

void ServiceManager::StopWatchdog() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (watchdog_.joinable()) watchdog_.join();
}

void ServiceManager::Ready() const { Send("READY=1"); }

void ServiceManager::Reloading() const {
  Send("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(MonotonicMicroseconds()));
}

void ServiceManager::Stopping() {
  Send("STOPPING=1");
  StopWatchdog();
}

void ServiceManager::StartWatchdog(std::function<bool()> is_well) {
  if (socket_.empty() || watchdog_interval_.count() == 0) return;
  watchdog_ =
      std::thread([this, is_well = std::move(is_well)] { Watch(is_well); });
}

void ServiceManager::Watch(const std::function<bool()>& is_well) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (Holds(is_well)) Send("WATCHDOG=1");
    lock.lock();
    stop_.wait_for(lock, watchdog_interval_ / 2, [this] { return stopping_; });
  }
}

void ServiceManager::Send(const std::string& message) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= std::size(address.sun_path)) return;
  std::copy(socket_.begin(), socket_.end(), std::begin(address.sun_path));
  std::size_t size = offsetof(sockaddr_un, sun_path) + socket_.size();
  if (socket_[0] == '@') {
    address.sun_path[0] = '\0';
  } else if (socket_[0] == '/') {
    ++size;
  } else {
    return;
  }
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&address),
         static_cast<socklen_t>(size));
  close(descriptor);
}

}  // namespace promshm::tools
