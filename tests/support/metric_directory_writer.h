#ifndef PROMSHM_TESTS_SUPPORT_METRIC_DIRECTORY_WRITER_H_
#define PROMSHM_TESTS_SUPPORT_METRIC_DIRECTORY_WRITER_H_

#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace promshm::testing {

// Purpose: a multiprocess directory of its own for a test, filled file by
// file; gone with the object.
//
// Thread safety: const methods may be called from several threads.
class MetricDirectoryWriter {
 public:
  struct Entry {
    std::string key;
    double value = 0;
    double timestamp = 0;
  };
  using Entries = std::vector<Entry>;

  const std::string& path() const { return directory_.path(); }

  // Makes or replaces a file. Keys with arrays are written without timestamps,
  // as their clients do.
  void Write(const std::string& file, const Entries& entries) const;

  void Remove(const std::string& file) const;

 private:
  TemporaryDirectory directory_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_METRIC_DIRECTORY_WRITER_H_
