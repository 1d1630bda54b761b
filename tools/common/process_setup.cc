#include "tools/common/process_setup.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace promshm::tools {

void OpenStandardStreams() {
  for (;;) {
    // Takes the lowest number that is free.
    const int descriptor = open("/dev/null", O_RDWR);
    if (descriptor < 0) return;
    if (descriptor > STDERR_FILENO) {
      close(descriptor);
      return;
    }
  }
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t BlockStopSignals(std::initializer_list<int> others) {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  for (const int other : others) sigaddset(&stop_signals, other);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  return stop_signals;
}

}  // namespace promshm::tools
