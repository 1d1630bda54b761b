#include "promshm/running_process.h"

#include <algorithm>
#include <cstddef>

#include "store/process_table.h"

namespace promshm {
namespace {

constexpr std::size_t kLongest = 4096;

}  // namespace

std::optional<std::string> ReadCommand(const RunningProcess& process,
                                       const std::string& proc) {
  const store::ProcessTable table(proc);
  std::optional<std::string> text = table.Read(process.id, "cmdline", kLongest);
  if (!text) return std::nullopt;
  // Programs that write a title there leave the rest of the room empty.
  text->resize(text->find_last_not_of('\0') + 1);
  std::replace(text->begin(), text->end(), '\0', ' ');
  if (text->empty()) {
    const std::optional<std::string> name =
        table.Read(process.id, "comm", kLongest);
    if (!name) return std::nullopt;
    *text = '[' + name->substr(0, name->find_last_not_of('\n') + 1) + ']';
  }
  if (!table.StatOf(process.id, process.start_ticks)) return std::nullopt;
  return text;
}

bool HasEnded(const RunningProcess& process, const std::string& proc) {
  return store::ProcessTable(proc).HasEnded(process.id, process.start_ticks);
}

}  // namespace promshm
