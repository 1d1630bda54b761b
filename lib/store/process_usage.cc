#include "promshm/process_usage.h"

#include <linux/magic.h>
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

std::optional<std::uint64_t> DescriptorLimit(std::string_view limits) {
  constexpr std::string_view kName = "Max open files";
  const std::size_t name = limits.find(kName);
  if (name == std::string_view::npos) return std::nullopt;
  limits.remove_prefix(name + kName.size());
  return store::Number(store::TakeWord(&limits));
}

}  // namespace

std::optional<ProcessUsage> ReadProcessUsage(const RunningProcess& process,
                                             const std::string& proc) {
  const store::ProcessTable table(proc);
  ProcessUsage usage;
  usage.open_fds =
      CountDescriptors(proc + '/' + std::to_string(process.id) + "/fd");
  if (const auto limits = table.Read(process.id, "limits")) {
    usage.max_fds = DescriptorLimit(*limits);
  }
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
