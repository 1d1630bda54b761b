#include "tests/support/metric_directory_writer.h"

#include <filesystem>

#include "tests/support/file_builder.h"

namespace promshm::testing {

void MetricDirectoryWriter::Write(const std::string& file,
                                  const Entries& entries) const {
  const bool object =
      entries.empty() || entries.front().key.find('{') != std::string::npos;
  FileBuilder builder(object ? 16 : 8);
  for (const Entry& entry : entries) {
    builder.Add(entry.key, entry.value, entry.timestamp);
  }
  directory_.Write(file, builder.Bytes());
}

void MetricDirectoryWriter::Remove(const std::string& file) const {
  std::filesystem::remove(directory_.PathOf(file));
}

}  // namespace promshm::testing
