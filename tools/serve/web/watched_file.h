#ifndef PROMSHM_TOOLS_SERVE_WEB_WATCHED_FILE_H_
#define PROMSHM_TOOLS_SERVE_WEB_WATCHED_FILE_H_

#include <sys/stat.h>

#include <string>

#include "promshm/status.h"

namespace promshm::tools {

// Purpose: the bytes of a small file that others replace or write again, and
// whether they still are what is there.
//
// A file's times advance in steps of some milliseconds: two writes within one
// step look the same. What was read of a file that had just been written
// counts as changed until it has been read again.
//
// Thread safety: const methods may be called from several threads; anything
// else needs external locking.
class WatchedFile {
 public:
  // Reads a regular file of up to 1 MiB. An error is `path: why`.
  static Result<WatchedFile> Read(const std::string& path);

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

  // Whether the file may not be what was read.
  bool MayHaveChanged() const;

 private:
  WatchedFile(std::string path, const struct stat& state, bool is_settled,
              std::string text);

  std::string path_;
  struct stat state_;
  bool is_settled_;
  std::string text_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_WATCHED_FILE_H_
