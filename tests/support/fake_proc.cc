#include "tests/support/fake_proc.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace promshm::testing {

FakeProc::FakeProc() {
  std::ofstream(proc_.PathOf("stat"))
      << "cpu  1 2\nbtime " << kBootTime << '\n';
}

std::string FakeProc::PathOf(int pid, const std::string& file) const {
  return proc_.PathOf(std::to_string(pid) + '/' + file);
}

void FakeProc::Add(const FakeProcess& process) const {
  const int pid = process.pid;
  Remove(pid);
  std::filesystem::create_directory(proc_.PathOf(std::to_string(pid)));
  std::ofstream(PathOf(pid, "stat"))
      << pid << " (a b) c) " << process.state << " 1 1 1 0 -1 0 0 0 0 0 "
      << process.user_ticks << ' ' << process.system_ticks << " 7 7 20 0 "
      << process.threads << " 0 " << process.start_ticks << ' '
      << process.virtual_bytes << " 98 99\n";
  std::ofstream(PathOf(pid, "statm"))
      << "99 " << process.resident_pages << " 3 4 0 5 0\n";
  std::ofstream(PathOf(pid, "maps"))
      << "7e0000000000-7e0000001000 r--p 00000000 00:02 9   /lib/x.so\n"
      << process.maps;
  std::ofstream(PathOf(pid, "status"))
      << "Name:\tx\nNSpid:\t"
      << (process.ids.empty() ? std::to_string(pid) : process.ids)
      << "\nThreads:\t1\n";
  if (process.max_fds.empty()) return;
  std::ofstream(PathOf(pid, "limits"))
      << "Limit                     Soft Limit           Hard Limit\n"
      << "Max processes             96000                96000\n"
      << "Max open files            " << process.max_fds
      << "    524288 files\n";
  std::filesystem::create_directory(PathOf(pid, "fd"));
  for (int fd = 0; fd < process.fds; ++fd) {
    std::ofstream(PathOf(pid, "fd/" + std::to_string(fd))) << "";
  }
}

void FakeProc::Remove(int pid) const {
  std::filesystem::remove_all(proc_.PathOf(std::to_string(pid)));
}

std::string MapsLine(const std::string& path, const std::string& rights,
                     unsigned other_device) {
  if (!std::filesystem::exists(path)) std::ofstream(path) << "text";
  struct stat info {};
  stat(path.c_str(), &info);
  std::ostringstream line;
  line << std::hex << "7f0000000000-7f0000001000 " << rights << " 00000000 "
       << major(info.st_dev) << ':' << minor(info.st_dev) + other_device << ' '
       << std::dec << info.st_ino << "    " << path << '\n';
  return line.str();
}

}  // namespace promshm::testing
