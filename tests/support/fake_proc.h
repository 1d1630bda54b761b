#ifndef PROMSHM_TESTS_SUPPORT_FAKE_PROC_H_
#define PROMSHM_TESTS_SUPPORT_FAKE_PROC_H_

#include <cstdint>
#include <string>

#include "tests/support/temporary_directory.h"

namespace promshm::testing {

// A process, as a FakeProc shows it.
struct FakeProcess {
  int pid = 0;
  int start_ticks = 0;
  std::string maps;
  std::string ids;  // in each PID namespace; empty: the PID alone
  std::string state = "S";
  int user_ticks = 0;
  int system_ticks = 0;
  int threads = 1;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
  int fds = 0;
  std::string max_fds;  // empty: that may not be read
};

// Purpose: a procfs of a test's making, of a machine that was booted at
// kBootTime; gone with the object.
//
// Thread safety: needs external locking.
class FakeProc {
 public:
  static constexpr double kBootTime = 1000;

  FakeProc();

  const std::string& path() const { return proc_.path(); }

  // Where a file of a process is.
  std::string PathOf(int pid, const std::string& file) const;

  // Adds the process, or puts it in the place of the one with its ID.
  void Add(const FakeProcess& process) const;

  void Remove(int pid) const;

 private:
  TemporaryDirectory proc_;
};

// A line of maps that shows a real file, which is made where it is missing; or,
// with `other_device`, a file of the same number on another device.
std::string MapsLine(const std::string& path,
                     const std::string& rights = "rw-s",
                     unsigned other_device = 0);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_FAKE_PROC_H_
