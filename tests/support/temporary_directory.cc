#include "tests/support/temporary_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace promshm::testing {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory()
    : path_(fs::temp_directory_path() / "promshm-test-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), path_);
  }
  fs::permissions(path_, fs::perms(0755));
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TemporaryDirectory::PathOf(std::string_view name) const {
  return path_ + '/' + std::string(name);
}

std::string TemporaryDirectory::Write(std::string_view name,
                                      std::string_view bytes) const {
  const std::string path = PathOf(name);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::system_error(errno, std::generic_category(), path);
  return path;
}

}  // namespace promshm::testing
