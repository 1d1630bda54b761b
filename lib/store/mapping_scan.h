#ifndef PROMSHM_STORE_MAPPING_SCAN_H_
#define PROMSHM_STORE_MAPPING_SCAN_H_

#include <cstdint>
#include <map>
#include <vector>

#include "store/process_maps.h"
#include "store/process_table.h"

namespace promshm::store {

// A process that has files mapped for writing.
struct FileMapper {
  std::uint64_t pid = 0;
  std::uint64_t own_id = 0;  // in its own PID namespace
  std::uint64_t start_ticks = 0;

  // The oldest first.
  friend bool operator<(const FileMapper& a, const FileMapper& b) {
    return a.start_ticks != b.start_ticks ? a.start_ticks < b.start_ticks
                                          : a.pid < b.pid;
  }
};

// Purpose: which of all processes have which files mapped for writing, at one
// moment. Those that may not be looked into have none.
//
// Thread safety: const methods may be called from several threads.
class MappingScan {
 public:
  MappingScan() = default;
  explicit MappingScan(const ProcessTable& table);

  // Those that have one of the files, each once, the oldest first.
  std::vector<FileMapper> MappersOf(const std::vector<MappedFile>& files) const;

 private:
  std::multimap<MappedFile, FileMapper> mappers_;
};

// The files that a process has mapped for writing; empty where that cannot be
// seen.
std::vector<MappedFile> FilesMappedBy(std::uint64_t pid,
                                      const ProcessTable& table);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_MAPPING_SCAN_H_
