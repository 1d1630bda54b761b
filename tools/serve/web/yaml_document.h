#ifndef PROMSHM_TOOLS_SERVE_WEB_YAML_DOCUMENT_H_
#define PROMSHM_TOOLS_SERVE_WEB_YAML_DOCUMENT_H_

#include <string>
#include <vector>

#include "promshm/status.h"

namespace promshm::tools {

// A value of a YAML document.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;

  // The key of a mapping's entry, empty elsewhere. `line`, counted from 1, is
  // where it stands, or where the value starts that has none.
  std::string key;
  int line = 1;

  // A scalar's text; a quoted one is a string whatever it looks like.
  std::string text;
  bool quoted = false;

  // The values of a sequence or mapping, in the order of the document.
  std::vector<YamlNode> items;
};

// The one document in `text`, which is null where there is none. An error
// says `path: line N: why`: besides what is no YAML, two equal keys in a
// mapping, keys that are no scalars, aliases, tags, nesting deeper than 8 and
// more than 100,000 values are refused.
Result<YamlNode> ParseYaml(const std::string& text, const std::string& path);

// As an error message says a text of the document: without control characters,
// and cut where it is long.
std::string Printable(const std::string& text);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_YAML_DOCUMENT_H_
