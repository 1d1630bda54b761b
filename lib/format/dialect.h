#ifndef PROMSHM_FORMAT_DIALECT_H_
#define PROMSHM_FORMAT_DIALECT_H_

#include <cstdint>
#include <string_view>

namespace promshm::format {

// How a writer spells the labels of a key.
enum class KeyShape : std::uint8_t {
  kObject,        // ["f", "s", {"k": "v"}] and from client 0.15 on , "help"]
  kArrays,        // ["f", "s", ["k"], ["v"]], clients 0.0.16 to 0.3
  kCompactArrays  // ["f","s",["k"],["v"]], Ruby's prometheus-client-mmap
};

// What nothing in a file names and all of it depends on; found once per file.
struct Dialect {
  std::uint32_t value_size = 16;  // 8: value; 16: value and timestamp
  KeyShape key_shape = KeyShape::kObject;

  bool has_timestamps() const { return value_size == 16; }

  // Ruby splits a process's metrics over several files, and its histograms
  // hold cumulated buckets.
  bool is_ruby() const { return key_shape == KeyShape::kCompactArrays; }
};

// Finds the dialect of a file from `bytes`, its start up to `used` as far as
// it can be read; `used` may lie beyond them. `timestamps_needed` says that
// the file's kind exists only with timestamps.
//
// Walking with the wrong value size leaves the rails at the second entry, so
// the first two decide. A file without an entry gets the current dialect, and
// so does one too damaged to tell.
Dialect FindDialect(std::string_view bytes, std::uint64_t used,
                    bool timestamps_needed);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_DIALECT_H_
