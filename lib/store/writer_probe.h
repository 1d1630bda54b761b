#ifndef PROMSHM_STORE_WRITER_PROBE_H_
#define PROMSHM_STORE_WRITER_PROBE_H_

namespace promshm::store {

// Whether some process of this host has a file open for writing, or mapped from
// such a descriptor.
enum class Writers {
  kNone,
  kSome,
  kUnknown,  // the file system or our rights do not let the kernel tell
};

// Asks the kernel for a read lease on an open file, and gives it back at once.
// `fd` was opened for reading only; its signal (F_SETSIG) is changed. Another
// process's open for writing waits for the instant the lease is held. May be
// called in signal handlers.
Writers ProbeWriters(int fd) noexcept;

// As ProbeWriters(), but where nobody writes the lease is kept, until
// GiveLeaseBack() or until the descriptor is closed: so long, whoever wants to
// open the file for writing waits. The kernel takes it away after a time
// (/proc/sys/fs/lease-break-time, 45 s) from when somebody began to wait.
Writers TakeLease(int fd) noexcept;

// Whether the lease is still there and nobody waits for it.
bool HoldsLease(int fd) noexcept;

void GiveLeaseBack(int fd) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_WRITER_PROBE_H_
