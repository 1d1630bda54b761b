#ifndef PROMSHM_STORE_PROCESS_MAPS_H_
#define PROMSHM_STORE_PROCESS_MAPS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace promshm::store {

// A file, as /proc/PID/maps names it. Some file systems (btrfs, overlayfs) show
// other numbers there than fstat() does.
struct MappedFile {
  dev_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const MappedFile&) const = default;
  bool operator<(const MappedFile& other) const {
    return device != other.device ? device < other.device : inode < other.inode;
  }
};

// One line of /proc/PID/maps.
struct Mapping {
  std::uintptr_t begin = 0;
  bool is_for_writing = false;  // shared: what is stored reaches the file
  MappedFile file;              // inode 0: none
  std::string_view path;        // a view of the text
};

// Takes the first line off `maps`; none when there is no line left, and for a
// line that is no mapping, which is taken as well.
std::optional<Mapping> TakeMapping(std::string_view* maps);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_PROCESS_MAPS_H_
