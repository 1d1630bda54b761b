#ifndef PROMSHM_FORMAT_METRIC_KEY_H_
#define PROMSHM_FORMAT_METRIC_KEY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm::format {

// Purpose: what an entry's key says. Two keys with different text can mean the
// same series: identity is family, sample and labels, never the help.
//
// A value. Thread safety: const methods may be called from several threads;
// anything else needs external locking.
struct MetricKey {
  std::string family;
  std::string sample;
  std::vector<Label> labels;        // sorted by name, each name once
  std::optional<std::string> help;  // absent where the client stores none

  // Reads a key of any generation. What is not UTF-8 in a label's value or in
  // the help, raw or as half a surrogate pair, becomes U+FFFD; in a name it
  // makes the key invalid, as does everything else that no client writes. The
  // status says why, in lower case, without a path.
  static Result<MetricKey> Parse(std::string_view text);

  // As Parse(), into memory that `key` has. After a failure it has no meaning.
  static Status ParseInto(std::string_view text, MetricKey* key);

  // The bytes that Python's json.dumps([family, sample, labels, help],
  // sort_keys=True) gives. A Python process that continues a file looks its
  // keys up by this very text. Without a help: the form of client 0.4 to 0.14.
  std::string Format() const;
};

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_METRIC_KEY_H_
