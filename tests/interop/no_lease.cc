#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

// Preloaded, makes every file one of a file system that gives no leases: asking
// for one fails with ENOLCK where PROMSHM_TEST_NO_LEASE says so, else with
// EINVAL.

namespace {

int WithoutLeases(int fd, int command, void* argument) {
  if (command != F_SETLEASE) {
    return static_cast<int>(syscall(SYS_fcntl, fd, command, argument));
  }
  const char* error = std::getenv("PROMSHM_TEST_NO_LEASE");
  errno =
      error != nullptr && std::strcmp(error, "ENOLCK") == 0 ? ENOLCK : EINVAL;
  return -1;
}

}  // namespace

// As the C library's: whichever argument comes is a word.
extern "C" int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return WithoutLeases(fd, command, argument);
}

// What fcntl() is called where files may be larger than 2 GiB.
extern "C" int fcntl64(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return WithoutLeases(fd, command, argument);
}
