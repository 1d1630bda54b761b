#ifndef PROMSHM_FORMAT_DUMPS_TEXT_H_
#define PROMSHM_FORMAT_DUMPS_TEXT_H_

#include <string>
#include <string_view>

#include "format/metric_key.h"

namespace promshm::format {

// Reads a key that is spelled exactly as Python's json.dumps spells it, labels
// sorted, without the cost of a JSON library. False, with `key` in any state,
// for every other text, which may still be JSON.
bool ReadDumps(std::string_view text, MetricKey* key);

// Appends `text`, which is UTF-8, as json.dumps writes a string: in quotes and
// in ASCII.
void AppendDumpsString(std::string_view text, std::string* out);

// `text` with U+FFFD for whatever a JSON library would refuse as no Unicode:
// invalid UTF-8 and escaped halves of surrogate pairs.
std::string MakeUnicode(std::string_view text);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_DUMPS_TEXT_H_
