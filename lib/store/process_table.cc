#include "store/process_table.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "store/file_descriptor.h"
#include "store/proc_text.h"
#include "store/process_maps.h"

namespace promshm::store {
namespace {

double Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

std::optional<std::string> ReadFile(const std::string& path, std::size_t most) {
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < most) {
    const ssize_t count = read(fd.get(), buffer.data(),
                               std::min(buffer.size(), most - text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

// The line that begins with `name`, without it.
std::optional<std::string_view> FindLine(std::string_view text,
                                         std::string_view name) {
  while (!text.empty()) {
    std::string_view line = TakeLine(&text);
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    return line;
  }
  return std::nullopt;
}

}  // namespace

double TicksPerSecond() {
  static const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ticks;
}

std::optional<ProcessStat> ProcessTable::StatOf(std::uint64_t pid) const {
  const std::optional<std::string> text = Read(pid, "stat");
  if (!text) return std::nullopt;
  // The name, in brackets, may hold anything.
  const std::size_t bracket = text->rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::string_view rest = *text;
  rest = rest.substr(bracket + 1, rest.find('\n', bracket) - bracket - 1);
  const std::string_view state = TakeWord(&rest);
  // What stands behind the state, by its place there. See proc(5).
  constexpr std::size_t kUserTicks = 10;
  constexpr std::size_t kSystemTicks = 11;
  constexpr std::size_t kThreads = 16;
  constexpr std::size_t kStart = 18;
  constexpr std::size_t kVirtualBytes = 19;
  std::array<std::uint64_t, kVirtualBytes + 1> words{};
  for (std::uint64_t& word : words) {
    const std::string_view next = TakeWord(&rest);
    if (next.empty()) return std::nullopt;
    word = Number(next).value_or(0);  // some may be negative
  }
  ProcessStat stat;
  stat.has_ended = state == "Z" || state == "X";
  stat.cpu_ticks = words[kUserTicks] + words[kSystemTicks];
  stat.threads = words[kThreads];
  stat.start_ticks = words[kStart];
  stat.virtual_bytes = words[kVirtualBytes];
  return stat;
}

std::optional<ProcessStat> ProcessTable::StatOf(
    std::uint64_t pid, std::uint64_t start_ticks) const {
  std::optional<ProcessStat> stat = StatOf(pid);
  if (!stat || stat->has_ended || stat->start_ticks != start_ticks) {
    return std::nullopt;
  }
  return stat;
}

bool ProcessTable::HasEnded(std::uint64_t pid,
                            std::uint64_t start_ticks) const {
  const std::optional<ProcessStat> stat = StatOf(pid);
  if (stat) return stat->has_ended || stat->start_ticks != start_ticks;
  // That it cannot be read may have other reasons.
  const std::string folder = proc_ + '/' + std::to_string(pid);
  return access(folder.c_str(), F_OK) != 0 && errno == ENOENT &&
         access(proc_.c_str(), F_OK) == 0;
}

std::optional<double> ProcessTable::StartOf(std::uint64_t pid) const {
  const std::optional<ProcessStat> stat = StatOf(pid);
  if (!stat) return std::nullopt;
  return Now(CLOCK_REALTIME) - Now(CLOCK_BOOTTIME) +
         static_cast<double>(stat->start_ticks) / TicksPerSecond();
}

ProcessTable::Answer ProcessTable::Maps(std::uint64_t pid, dev_t device,
                                        std::uint64_t inode,
                                        std::string_view name) const {
  const std::optional<std::string> maps = Read(pid, "maps");
  if (!maps) return Answer::kUnknown;
  Answer answer = Answer::kNo;
  std::string_view rest = *maps;
  while (!rest.empty()) {
    const std::optional<Mapping> mapping = TakeMapping(&rest);
    if (!mapping) continue;
    if (mapping->file == MappedFile{device, inode}) return Answer::kYes;
    const std::size_t slash = mapping->path.rfind('/');
    if (slash != std::string_view::npos &&
        mapping->path.substr(slash + 1) == name) {
      answer = Answer::kPerhaps;
    }
  }
  return answer;
}

std::vector<std::uint64_t> ProcessTable::ProcessIds() const {
  std::vector<std::uint64_t> ids;
  std::error_code error;
  std::filesystem::directory_iterator entry(proc_, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    const auto id = Number(entry->path().filename().native());
    if (id) ids.push_back(*id);
    entry.increment(error);
  }
  return ids;
}

std::uint64_t ProcessTable::OwnIdOf(std::uint64_t pid) const {
  const std::optional<std::string> status = Read(pid, "status");
  if (!status) return pid;
  std::uint64_t own = pid;
  if (auto ids = FindLine(*status, "NSpid:")) {
    // One a namespace, from the outermost inwards.
    while (const auto id = Number(TakeWord(&*ids))) own = *id;
  }
  return own;
}

std::optional<std::uint64_t> ProcessTable::BootTime() const {
  const std::optional<std::string> stat = ReadFile(proc_ + "/stat", SIZE_MAX);
  if (!stat) return std::nullopt;
  std::optional<std::string_view> line = FindLine(*stat, "btime");
  return line ? Number(TakeWord(&*line)) : std::nullopt;
}

bool ProcessTable::IsOfThisNamespace() const {
  std::error_code error;
  const auto self = std::filesystem::read_symlink(proc_ + "/self", error);
  return !error && self.native() == std::to_string(getpid());
}

std::optional<std::string> ProcessTable::Read(std::string_view process,
                                              std::string_view what,
                                              std::size_t most) const {
  std::string path = proc_;
  path.append("/").append(process).append("/").append(what);
  return ReadFile(path, most);
}

}  // namespace promshm::store
