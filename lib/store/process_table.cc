#include "store/process_table.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>

#include "store/file_descriptor.h"

namespace promshm::store {
namespace {

double Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

// Takes the next word off `text`.
std::string_view TakeWord(std::string_view* text) {
  const std::size_t begin = text->find_first_not_of(' ');
  if (begin == std::string_view::npos) return *text = {};
  text->remove_prefix(begin);
  const std::size_t end = std::min(text->find(' '), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto end =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::uint64_t> HexNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto end =
      std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// MAJOR:MINOR
bool IsDevice(std::string_view text, dev_t device) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos &&
         HexNumber(text.substr(0, colon)) == major(device) &&
         HexNumber(text.substr(colon + 1)) == minor(device);
}

// Of one line of /proc/PID/maps: range, rights, offset, device, inode, path.
ProcessTable::Answer IsMappingOf(std::string_view line, dev_t device,
                                 std::uint64_t inode, std::string_view name) {
  for (int i = 0; i < 3; ++i) TakeWord(&line);
  const bool is_there = IsDevice(TakeWord(&line), device);
  if (Number(TakeWord(&line)) == inode && is_there) {
    return ProcessTable::Answer::kYes;
  }
  const std::size_t slash = line.rfind('/');
  return slash != std::string_view::npos && line.substr(slash + 1) == name
             ? ProcessTable::Answer::kPerhaps
             : ProcessTable::Answer::kNo;
}

}  // namespace

std::optional<double> ProcessTable::StartOf(std::uint64_t pid) const {
  const std::optional<std::string> stat = Read(pid, "stat");
  if (!stat) return std::nullopt;
  // The name, in brackets, may hold anything; 19 words lie between it and the
  // ticks from boot to start.
  const std::size_t bracket = stat->rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::string_view rest = *stat;
  rest.remove_prefix(bracket + 1);
  for (int i = 0; i < 19; ++i) TakeWord(&rest);
  const std::optional<std::uint64_t> ticks = Number(TakeWord(&rest));
  if (!ticks) return std::nullopt;
  const double since_boot =
      static_cast<double>(*ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return Now(CLOCK_REALTIME) - Now(CLOCK_BOOTTIME) + since_boot;
}

ProcessTable::Answer ProcessTable::Maps(std::uint64_t pid, dev_t device,
                                        std::uint64_t inode,
                                        std::string_view name) const {
  const std::optional<std::string> maps = Read(pid, "maps");
  if (!maps) return Answer::kUnknown;
  Answer answer = Answer::kNo;
  std::string_view rest = *maps;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    const Answer line = IsMappingOf(rest.substr(0, end), device, inode, name);
    if (line == Answer::kYes) return line;
    if (line == Answer::kPerhaps) answer = line;
    rest.remove_prefix(end + 1);
  }
  return answer;
}

std::optional<std::string> ProcessTable::Read(std::uint64_t pid,
                                              const char* what) const {
  const std::string path = proc_ + '/' + std::to_string(pid) + '/' + what;
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace promshm::store
