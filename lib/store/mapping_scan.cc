#include "store/mapping_scan.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace promshm::store {

std::vector<MappedFile> FilesMappedBy(std::uint64_t pid,
                                      const ProcessTable& table) {
  std::vector<MappedFile> files;
  const std::optional<std::string> maps = table.Read(pid, "maps");
  if (!maps) return files;
  std::string_view rest = *maps;
  while (!rest.empty()) {
    const std::optional<Mapping> mapping = TakeMapping(&rest);
    if (mapping && mapping->is_for_writing && mapping->file.inode != 0) {
      files.push_back(mapping->file);
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

MappingScan::MappingScan(const ProcessTable& table) {
  for (const std::uint64_t pid : table.ProcessIds()) {
    // First: should another process get the ID, nobody has that one's start
    // with this one's files.
    const std::optional<ProcessStat> stat = table.StatOf(pid);
    if (!stat || stat->has_ended) continue;
    const std::vector<MappedFile> files = FilesMappedBy(pid, table);
    if (files.empty()) continue;
    const FileMapper mapper{pid, table.OwnIdOf(pid), stat->start_ticks};
    for (const MappedFile& file : files) mappers_.emplace(file, mapper);
  }
}

std::vector<FileMapper> MappingScan::MappersOf(
    const std::vector<MappedFile>& files) const {
  std::vector<FileMapper> mappers;
  for (const MappedFile& file : files) {
    const auto [begin, end] = mappers_.equal_range(file);
    for (auto mapper = begin; mapper != end; ++mapper) {
      mappers.push_back(mapper->second);
    }
  }
  std::sort(mappers.begin(), mappers.end());
  mappers.erase(std::unique(mappers.begin(), mappers.end(),
                            [](const FileMapper& a, const FileMapper& b) {
                              return a.pid == b.pid;
                            }),
                mappers.end());
  return mappers;
}

}  // namespace promshm::store
