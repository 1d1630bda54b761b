#include "promshm/process_usage.h"

#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "store/proc_text.h"
#include "store/process_table.h"

namespace promshm {
namespace {

// Linux 6.2 and later tell the number without a list, which takes long where
// there are many.
std::optional<std::uint64_t> ToldDescriptors(const std::string& folder) {
  struct stat info;
  struct statfs system;
  if (stat(folder.c_str(), &info) != 0 || info.st_size <= 0 ||
      statfs(folder.c_str(), &system) != 0 ||
      system.f_type != PROC_SUPER_MAGIC) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(info.st_size);
}

std::optional<std::uint64_t> CountDescriptors(const std::string& folder) {
  if (const auto told = ToldDescriptors(folder)) return told;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  std::uint64_t count = 0;
  while (!error && entry != std::filesystem::directory_iterator()) {
    ++count;
    entry.increment(error);
  }
  if (error) return std::nullopt;
  return count;
}

// stat has it too, but some kernels count there by guess.
std::optional<std::uint64_t> ResidentBytes(std::string_view statm) {
  store::TakeWord(&statm);  // the whole size
  const auto pages = store::Number(store::TakeWord(&statm));
  if (!pages) return std::nullopt;
  return *pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// Asking for it alone takes a tenth of the time, but is not always allowed.
std::optional<std::uint64_t> DescriptorLimit(const store::ProcessTable& table,
                                             std::uint64_t pid) {
  rlimit limit;
  if (table.IsOfThisNamespace() &&
      prlimit(static_cast<pid_t>(pid), RLIMIT_NOFILE, nullptr, &limit) == 0) {
    if (limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
    return limit.rlim_cur;
  }
  const std::optional<std::string> text = table.Read(pid, "limits");
  if (!text) return std::nullopt;
  constexpr std::string_view kName = "Max open files";
  const std::size_t name = text->find(kName);
  if (name == std::string::npos) return std::nullopt;
  std::string_view rest = *text;
  rest.remove_prefix(name + kName.size());
  return store::Number(store::TakeWord(&rest));
}

}  // namespace

std::optional<ProcessUsage> ReadProcessUsage(const RunningProcess& process,
                                             const std::string& proc) {
  const store::ProcessTable table(proc);
  ProcessUsage usage;
  usage.open_fds =
      CountDescriptors(proc + '/' + std::to_string(process.id) + "/fd");
  usage.max_fds = DescriptorLimit(table, process.id);
  const auto statm = table.Read(process.id, "statm");
  const auto resident = statm ? ResidentBytes(*statm) : std::nullopt;
  // Last: if it is there now, what was read is its own.
  const std::optional<store::ProcessStat> stat =
      table.StatOf(process.id, process.start_ticks);
  if (!stat || !resident) return std::nullopt;
  usage.cpu_seconds =
      static_cast<double>(stat->cpu_ticks) / store::TicksPerSecond();
  usage.resident_bytes = *resident;
  usage.virtual_bytes = stat->virtual_bytes;
  usage.threads = stat->threads;
  return usage;
}

}  // namespace promshm
