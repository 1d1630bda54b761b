#include "store/writer_probe.h"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>

namespace promshm::store {

Writers ProbeWriters(int fd) noexcept {
  const Writers writers = TakeLease(fd);
  if (writers == Writers::kNone) GiveLeaseBack(fd);
  return writers;
}

Writers TakeLease(int fd) noexcept {
  // Whoever opens the file while we have the lease makes the kernel signal us:
  // with SIGIO, which ends a process that does not expect it, unless told
  // otherwise. SIGURG is ignored by default.
  if (fcntl(fd, F_SETSIG, SIGURG) != 0) return Writers::kUnknown;
  if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) return Writers::kNone;
  return errno == EAGAIN ? Writers::kSome : Writers::kUnknown;
}

bool HoldsLease(int fd) noexcept { return fcntl(fd, F_GETLEASE) == F_RDLCK; }

void GiveLeaseBack(int fd) noexcept { fcntl(fd, F_SETLEASE, F_UNLCK); }

}  // namespace promshm::store
