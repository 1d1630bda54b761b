#ifndef PROMSHM_STORE_METRIC_FILE_READER_H_
#define PROMSHM_STORE_METRIC_FILE_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "promshm/issue.h"
#include "promshm/status.h"
#include "store/file_descriptor.h"

namespace promshm::store {

// What could be read of a metric file.
struct FileContents {
  std::string_view bytes;      // from the first byte; at most `used`
  std::uint64_t used = 0;      // as the header says; may lie beyond `bytes`
  std::optional<Issue> issue;  // why there is nothing, or not even a header
};

// Opens `name` in the directory `directory_fd` for reading: a regular file,
// never through a symbolic link, never waiting (a FIFO would make us). `path`
// is what issues call it.
//
// An issue says why there is no file to read. A failure means that the process
// ran out of descriptors or memory, which is no fault of the file's.
struct OpenedFile {
  FileDescriptor fd;
  std::optional<Issue> issue;
};
Result<OpenedFile> OpenMetricFile(int directory_fd, const std::string& name,
                                  const std::string& path);

// Purpose: reads metric files, one after the other, into a buffer it keeps.
//
// `used` is read before the entries it covers: a living writer stores it last,
// so all bytes below are there. Bytes are copied, not mapped: a file that
// somebody truncates meanwhile ends the read early and harms nobody.
//
// Lifetime: the bytes of a FileContents are valid until the next Read().
// Thread safety: needs external locking.
class MetricFileReader {
 public:
  FileContents Read(const FileDescriptor& fd, const std::string& path);

 private:
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_METRIC_FILE_READER_H_
