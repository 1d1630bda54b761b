#include "store/fault_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>

#include "store/file_descriptor.h"
#include "store/file_mapping.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

// What ends a process, or may, is done in a child, whose exit status tells.

namespace promshm::store {
namespace {

constexpr std::size_t kPage = 4096;
constexpr int kFine = 0;
constexpr int kTaken = 7;
constexpr int kDiedOfIt = 256 + SIGBUS;

class FaultGuardTest : public ::testing::Test {
 protected:
  // A file of as many pages, all of the letter x.
  FileDescriptor MakeFile(std::size_t pages) {
    const std::string path =
        directory_.Write("file", std::string(pages * kPage, 'x'));
    return FileDescriptor(open(path.c_str(), O_RDWR | O_CLOEXEC));
  }

  // A mapping of the test's own, of a file that was cut then.
  const volatile char* MapCutFile() {
    const FileDescriptor fd = MakeFile(1);
    void* memory = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED || ftruncate(fd.get(), 0) != 0) return nullptr;
    return static_cast<const char*>(memory);
  }

  testing::TemporaryDirectory directory_;
};

void Handle(int /*signal*/) { _exit(kTaken); }

void HandleWithInfo(int /*signal*/, siginfo_t* info, void* /*context*/) {
  _exit(info->si_addr != nullptr && info->si_code == BUS_ADRERR ? kTaken : 1);
}

struct sigaction CurrentAction() {
  struct sigaction action {};
  sigaction(SIGBUS, nullptr, &action);
  return action;
}

void Ignore() { signal(SIGBUS, SIG_IGN); }

void InstallHandler() { signal(SIGBUS, &Handle); }

void InstallHandlerWithInfo() {
  struct sigaction action {};
  action.sa_sigaction = &HandleWithInfo;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
}

void InstallDefault() { signal(SIGBUS, SIG_DFL); }

TEST_F(FaultGuardTest, ReadsWhatIsThere) {
  const FileDescriptor fd = MakeFile(3);
  const FaultHandler handler;
  const FaultScope scope;
  ASSERT_TRUE(scope.is_safe());
  FileMapping mapping;
  ASSERT_TRUE(mapping.Map(fd, 3 * kPage));
  const FaultGuard guard(mapping);
  EXPECT_EQ(mapping.base()[0], 'x');
  EXPECT_EQ(mapping.base()[3 * kPage - 1], 'x');
  EXPECT_FALSE(guard.has_faulted());
}

TEST_F(FaultGuardTest, ReadsZerosWhereTheFileWasCut) {
  const FileDescriptor fd = MakeFile(3);
  const FaultHandler handler;
  const FaultScope scope;
  FileMapping mapping;
  ASSERT_TRUE(mapping.Map(fd, 3 * kPage));
  ASSERT_EQ(ftruncate(fd.get(), kPage), 0);
  const FaultGuard guard(mapping);
  EXPECT_EQ(mapping.base()[kPage - 1], 'x');
  EXPECT_FALSE(guard.has_faulted());
  EXPECT_EQ(mapping.base()[kPage + 5], '\0');
  EXPECT_TRUE(guard.has_faulted());
  EXPECT_EQ(mapping.base()[3 * kPage - 1], '\0');
  EXPECT_EQ(mapping.base()[0], 'x');
}

TEST_F(FaultGuardTest, IsNotNeededAgainOnceTheFileIsWhole) {
  const FileDescriptor fd = MakeFile(2);
  const FaultHandler handler;
  const FaultScope scope;
  FileMapping mapping;
  ASSERT_TRUE(mapping.Map(fd, 2 * kPage));
  ASSERT_EQ(ftruncate(fd.get(), 0), 0);
  {
    const FaultGuard guard(mapping);
    EXPECT_EQ(mapping.base()[0], '\0');
    EXPECT_TRUE(guard.has_faulted());
  }
  ASSERT_EQ(ftruncate(fd.get(), 2 * kPage), 0);
  ASSERT_EQ(pwrite(fd.get(), "y", 1, 0), 1);
  ASSERT_TRUE(mapping.Map(fd, 2 * kPage));
  const FaultGuard guard(mapping);
  EXPECT_EQ(mapping.base()[0], 'y');
  EXPECT_FALSE(guard.has_faulted());
}

TEST_F(FaultGuardTest, WorksWhereTheSignalIsBlocked) {
  const FileDescriptor fd = MakeFile(1);
  sigset_t fault;
  sigemptyset(&fault);
  sigaddset(&fault, SIGBUS);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &fault, &before);
  {
    const FaultHandler handler;
    const FaultScope scope;
    FileMapping mapping;
    ASSERT_TRUE(mapping.Map(fd, kPage));
    ASSERT_EQ(ftruncate(fd.get(), 0), 0);
    const FaultGuard guard(mapping);
    EXPECT_EQ(mapping.base()[0], '\0');
    EXPECT_TRUE(guard.has_faulted());
  }
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(sigismember(&after, SIGBUS), 1);
}

TEST_F(FaultGuardTest, OtherFaultsGoToTheApplicationsHandler) {
  for (void (*install)() : {&InstallHandler, &InstallHandlerWithInfo}) {
    EXPECT_EQ(testing::RunInChild([&] {
                install();
                const FaultHandler handler;
                const FaultScope scope;
                const FileDescriptor fd = MakeFile(1);
                FileMapping mapping;
                if (!mapping.Map(fd, kPage)) return 1;
                const FaultGuard guard(mapping);
                const volatile char* const cut = MapCutFile();
                return cut == nullptr ? 1 : static_cast<int>(*cut);
              }),
              kTaken);
  }
}

TEST_F(FaultGuardTest, OtherFaultsEndTheProcessWhereNobodyHandlesThem) {
  for (void (*install)() : {&InstallDefault, &Ignore}) {
    EXPECT_EQ(testing::RunInChild([&] {
                install();
                const FaultHandler handler;
                const volatile char* const cut = MapCutFile();
                return cut == nullptr ? 1 : static_cast<int>(*cut);
              }),
              kDiedOfIt);
  }
}

TEST_F(FaultGuardTest, SentSignalsDoWhatTheyDidBefore) {
  const auto sent_after = [](void (*install)()) {
    return testing::RunInChild([&] {
      install();
      const FaultHandler handler;
      kill(getpid(), SIGBUS);
      return kFine;
    });
  };
  EXPECT_EQ(sent_after(&InstallHandler), kTaken);
  EXPECT_EQ(sent_after(&InstallDefault), kDiedOfIt);
  EXPECT_EQ(sent_after(&Ignore), kFine);
}

TEST_F(FaultGuardTest, TheHandlerBeforeIsBackAfterTheLast) {
  EXPECT_EQ(testing::RunInChild([&] {
              InstallHandler();
              std::optional<FaultHandler> first(std::in_place);
              std::optional<FaultHandler> second(std::in_place);
              first.reset();
              if (!FaultScope().is_safe()) return 1;
              second.reset();
              if (FaultScope().is_safe()) return 2;
              return CurrentAction().sa_handler == &Handle ? kFine : 3;
            }),
            kFine);
}

TEST_F(FaultGuardTest, AnApplicationsLaterHandlerStays) {
  EXPECT_EQ(testing::RunInChild([&] {
              std::optional<FaultHandler> handler(std::in_place);
              if (!FaultScope().is_safe()) return 1;
              InstallHandler();
              if (FaultScope().is_safe()) return 2;
              handler.reset();
              return CurrentAction().sa_handler == &Handle ? kFine : 3;
            }),
            kFine);
}

// A handler that calls the one before it, as is the custom.
struct sigaction chained;

void Chain(int signal, siginfo_t* info, void* context) {
  chained.sa_sigaction(signal, info, context);
}

TEST_F(FaultGuardTest, AnApplicationsLaterHandlerMayCallOurs) {
  EXPECT_EQ(testing::RunInChild([&] {
              InstallDefault();
              std::optional<FaultHandler> handler(std::in_place);
              struct sigaction later {};
              later.sa_sigaction = &Chain;
              later.sa_flags = SA_SIGINFO;
              sigaction(SIGBUS, &later, &chained);
              handler.reset();
              handler.emplace();
              const volatile char* const cut = MapCutFile();
              return cut == nullptr ? 1 : static_cast<int>(*cut);
            }),
            kDiedOfIt);
}

}  // namespace
}  // namespace promshm::store
