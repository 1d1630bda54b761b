#ifndef PROMSHM_TOOLS_SERVE_DIRECTORY_ARGUMENTS_H_
#define PROMSHM_TOOLS_SERVE_DIRECTORY_ARGUMENTS_H_

#include <string>
#include <vector>

#include "promshm/status.h"

namespace promshm::tools {

// What to serve: a directory, or all directories that a pattern stands for.
struct DirectoryArgument {
  std::string name;  // empty: that of the directory
  std::string path;
  bool is_pattern = false;
};

// Reads `DIR`, `NAME=DIR` or a pattern with `*`, `?` or `[...]`. What stands
// before a `=` is a name if it is one; a path may begin with `./`. A directory
// that is there is no pattern, whatever it is called.
Result<DirectoryArgument> ParseDirectoryArgument(const std::string& text);

// Whether a directory may have that name: letters, digits, `-`, `_` and `.`,
// and not `.` or `..` alone.
bool IsDirectoryName(const std::string& name);

// The name of a directory that was given none: the last part of its path, with
// `_` for what may not be in a name.
std::string NameOfDirectory(const std::string& path);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_DIRECTORY_ARGUMENTS_H_
