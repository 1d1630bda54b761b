#include "store/process_maps.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <cstddef>

#include "store/proc_text.h"

namespace promshm::store {
namespace {

constexpr int kHex = 16;

// MAJOR:MINOR
std::optional<dev_t> Device(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto high = Number(text.substr(0, colon), kHex);
  const auto low = Number(text.substr(colon + 1), kHex);
  if (!high || !low) return std::nullopt;
  return makedev(static_cast<unsigned>(*high), static_cast<unsigned>(*low));
}

}  // namespace

std::optional<Mapping> TakeMapping(std::string_view* maps) {
  std::string_view line = TakeLine(maps);
  const std::string_view range = TakeWord(&line);
  const std::string_view rights = TakeWord(&line);
  TakeWord(&line);  // the offset
  const std::optional<std::uint64_t> begin =
      Number(range.substr(0, range.find('-')), kHex);
  const std::optional<dev_t> device = Device(TakeWord(&line));
  const std::optional<std::uint64_t> inode = Number(TakeWord(&line));
  constexpr std::size_t kRights = 4;
  if (!begin || !device || !inode || rights.size() != kRights) {
    return std::nullopt;
  }
  Mapping mapping;
  mapping.begin = static_cast<std::uintptr_t>(*begin);
  mapping.is_for_writing = rights[1] == 'w' && rights[3] == 's';
  mapping.file = {*device, *inode};
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  mapping.path = line;
  return mapping;
}

}  // namespace promshm::store
