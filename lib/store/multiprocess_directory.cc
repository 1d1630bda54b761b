#include "store/multiprocess_directory.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

namespace promshm::store {
namespace {

// Unchanged where the working directory is not known.
std::string AbsolutePath(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  std::array<char, PATH_MAX> current;
  if (getcwd(current.data(), current.size()) == nullptr) return path;
  return std::string(current.data()) + '/' + path;
}

}  // namespace

std::string MultiprocessDirectory(const std::string& given) {
  std::string directory = given;
  for (const char* name :
       {"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"}) {
    const char* value = directory.empty() ? std::getenv(name) : nullptr;
    if (value != nullptr) directory = value;
  }
  return AbsolutePath(directory);
}

}  // namespace promshm::store
