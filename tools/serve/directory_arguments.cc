#include "tools/serve/directory_arguments.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>

namespace promshm::tools {
namespace {

namespace fs = std::filesystem;

bool MayBeInName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool IsThere(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

bool IsDirectoryName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), MayBeInName);
}

Result<DirectoryArgument> ParseDirectoryArgument(const std::string& text) {
  DirectoryArgument argument;
  argument.path = text;
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && IsDirectoryName(text.substr(0, equals))) {
    argument.name = text.substr(0, equals);
    argument.path = text.substr(equals + 1);
  }
  if (argument.path.empty()) {
    return Status(StatusKind::kInvalidArgument,
                  text + ": not a directory: the path is empty");
  }
  argument.is_pattern =
      argument.path.find_first_of("*?[") != std::string::npos &&
      !IsThere(argument.path);
  if (argument.is_pattern && !argument.name.empty()) {
    return Status(StatusKind::kInvalidArgument,
                  text +
                      ": a pattern may stand for several directories, and "
                      "cannot have a name");
  }
  return argument;
}

std::string NameOfDirectory(const std::string& path) {
  std::error_code ignored;
  fs::path whole = fs::weakly_canonical(path, ignored);
  if (whole.empty()) whole = path;
  if (!whole.has_filename()) whole = whole.parent_path();
  std::string name = whole.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !MayBeInName(c); }, '_');
  return IsDirectoryName(name) ? name : "_";
}

}  // namespace promshm::tools
