#include "store/slot_claim.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>

#include "store/file_descriptor.h"
#include "store/hidden_file.h"
#include "store/process_generation.h"
#include "store/writable_file.h"

namespace promshm::store {
namespace {

constexpr char kSlotsFile[] = ".promshm-slots";
constexpr std::uint32_t kMostSlots = 1 << 16;

// True when the byte is ours, false with EAGAIN when another has it.
bool LockByte(int fd, std::uint32_t number) noexcept {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(number);
  lock.l_len = 1;
  return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

}  // namespace

WriteFailure SlotClaim::Claim(const char* directory) noexcept {
  const FileDescriptor at = OpenDirectory(directory);
  if (!at.valid()) return {"cannot open the directory", errno};
  const FileDescriptor fd(
      openat(at.get(), kSlotsFile,
             O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
  if (!fd.valid()) return {"cannot open .promshm-slots", errno};
  // Whoever may make files here may claim a slot: a server's unprivileged
  // workers, after root was first. Only the owner can see to it.
  struct stat info;
  if (fstat(at.get(), &info) == 0) fchmod(fd.get(), info.st_mode & 0666);
  std::uint32_t number = 0;
  while (!LockByte(fd.get(), number)) {
    if (errno != EAGAIN && errno != EACCES) {
      return {"cannot lock .promshm-slots", errno};
    }
    if (++number == kMostSlots) return {"every slot is claimed", 0};
  }
  const std::uint64_t size = WholePages(1);
  void* mapping = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (mapping == MAP_FAILED) return {"cannot map .promshm-slots", errno};
  madvise(mapping, size, MADV_DONTFORK);
  mapping_ = mapping;
  number_ = number;
  generation_ = EnterProcess();
  return {};
}

void SlotClaim::Release() noexcept {
  if (generation_ != 0 && generation_ == EnterProcess()) {
    munmap(mapping_, WholePages(1));
  }
  generation_ = 0;
}

}  // namespace promshm::store
