#include "tools/serve/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>
#include <string>

#include "tests/support/scoped_variable.h"
#include "tests/support/temporary_directory.h"

namespace promshm::tools {
namespace {

using ::promshm::testing::ScopedVariable;
using ::promshm::testing::TemporaryDirectory;
using ::testing::StartsWith;

// Hears what a service manager would. A name with `@` is an abstract one.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        variable_("NOTIFY_SOCKET", name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), std::begin(address.sun_path));
    if (name[0] == '@') address.sun_path[0] = '\0';
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                          name.size())),
              0);
  }
  ~Manager() { close(descriptor_); }

  // "" where nothing comes within `patience`.
  std::string Hear(std::chrono::seconds patience = std::chrono::seconds(20)) {
    const timeval limit{patience.count(), 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return Receive(0);
  }

  bool HasHeardNothing() { return Receive(MSG_DONTWAIT).empty(); }

 private:
  std::string Receive(int flags) {
    std::array<char, 1000> text{};
    const ssize_t size = recv(descriptor_, text.data(), text.size(), flags);
    return size < 0 ? "" : std::string(text.data(), size);
  }

  const int descriptor_;
  const ScopedVariable variable_;
};

TEST(ServiceManagerTest, TellsHowTheProgramIsDoing) {
  const TemporaryDirectory directory;
  for (const std::string& name :
       {directory.PathOf("notify"),
        "@promshm-test-" + std::to_string(getpid())}) {
    Manager manager(name);
    ServiceManager service;
    service.Ready();
    EXPECT_EQ(manager.Hear(), "READY=1");
    service.Stopping();
    EXPECT_EQ(manager.Hear(), "STOPPING=1");
  }
}

std::int64_t MonotonicMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

TEST(ServiceManagerTest, AReloadSaysWhenItBegan) {
  const TemporaryDirectory directory;
  Manager manager(directory.PathOf("notify"));
  const std::int64_t before = MonotonicMicroseconds();
  ServiceManager().Reloading();
  const std::int64_t after = MonotonicMicroseconds();
  const std::string message = manager.Hear();
  const std::string start = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_THAT(message, StartsWith(start));
  const std::int64_t when = std::stoll(message.substr(start.size()));
  EXPECT_GE(when, before);
  EXPECT_LE(when, after);
}

TEST(ServiceManagerTest, WithoutAManagerNothingHappens) {
  ServiceManager service;
  service.Ready();
  service.Stopping();
  std::atomic<int> asked = 0;
  const ScopedVariable interval("WATCHDOG_USEC", "1000");
  ServiceManager().StartWatchdog([&] { return ++asked > 0; });
  EXPECT_EQ(asked, 0);
}

TEST(ServiceManagerTest, AddressesThatAreNoneAreLeftAlone) {
  for (const std::string& name :
       {std::string("relative"), std::string("vsock:2:1234"),
        "/" + std::string(200, 'x'), std::string("/nowhere/notify")}) {
    const ScopedVariable variable("NOTIFY_SOCKET", name);
    ServiceManager().Ready();
  }
}

TEST(ServiceManagerTest, TheWatchdogReportsAgainAndAgain) {
  const TemporaryDirectory directory;
  Manager manager(directory.PathOf("notify"));
  const ScopedVariable interval("WATCHDOG_USEC", "20000");
  const ScopedVariable pid("WATCHDOG_PID", std::to_string(getpid()));
  ServiceManager service;
  service.StartWatchdog([] { return true; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(manager.Hear(), "WATCHDOG=1");
}

TEST(ServiceManagerTest, TheWatchdogIsSilentWhileTheProgramIsNotWell) {
  const TemporaryDirectory directory;
  Manager manager(directory.PathOf("notify"));
  const ScopedVariable interval("WATCHDOG_USEC", "10000");
  std::atomic<int> asked = 0;
  std::atomic<bool> well = false;
  ServiceManager service;
  service.StartWatchdog([&] {
    ++asked;
    return well.load();
  });
  while (asked < 5) usleep(1000);
  EXPECT_TRUE(manager.HasHeardNothing());
  well = true;
  EXPECT_EQ(manager.Hear(), "WATCHDOG=1");
}

TEST(ServiceManagerTest, WhoIsNotWatchedDoesNotReport) {
  const TemporaryDirectory directory;
  Manager manager(directory.PathOf("notify"));
  std::atomic<int> asked = 0;
  const auto ask = [&] { return ++asked > 0; };
  ServiceManager().StartWatchdog(ask);
  for (const char* usec : {"", "0", "-5", "abc", "10x"}) {
    const ScopedVariable interval("WATCHDOG_USEC", usec);
    ServiceManager().StartWatchdog(ask);
  }
  const ScopedVariable interval("WATCHDOG_USEC", "1000");
  const ScopedVariable pid("WATCHDOG_PID", std::to_string(getpid() + 1));
  ServiceManager().StartWatchdog(ask);
  EXPECT_EQ(asked, 0);
}

TEST(ServiceManagerTest, AQuestionThatFailsIsNoGoodAnswer) {
  const TemporaryDirectory directory;
  Manager manager(directory.PathOf("notify"));
  const ScopedVariable interval("WATCHDOG_USEC", "10000");
  std::atomic<int> asked = 0;
  ServiceManager service;
  service.StartWatchdog([&]() -> bool {
    ++asked;
    throw std::bad_alloc();
  });
  while (asked < 3) usleep(1000);
  EXPECT_TRUE(manager.HasHeardNothing());
}

TEST(ServiceManagerTest, WhoStopsIsNotAskedAnyMore) {
  const TemporaryDirectory directory;
  Manager manager(directory.PathOf("notify"));
  const ScopedVariable interval("WATCHDOG_USEC", "10000");
  std::atomic<int> asked = 0;
  ServiceManager service;
  service.StartWatchdog([&] {
    ++asked;
    return false;
  });
  while (asked < 3) usleep(1000);
  service.Stopping();
  EXPECT_EQ(manager.Hear(), "STOPPING=1");
  const int asked_before = asked;
  usleep(50'000);
  EXPECT_EQ(asked, asked_before);
}

TEST(ServiceManagerTest, ALongIntervalDoesNotHoldUpTheEnd) {
  const TemporaryDirectory directory;
  Manager manager(directory.PathOf("notify"));
  const ScopedVariable interval("WATCHDOG_USEC", "3600000000");
  {
    ServiceManager service;
    service.StartWatchdog([] { return true; });
    EXPECT_EQ(manager.Hear(), "WATCHDOG=1");
  }
}

}  // namespace
}  // namespace promshm::tools
