#ifndef PROMSHM_TOOLS_SERVE_WEB_YAML_READER_H_
#define PROMSHM_TOOLS_SERVE_WEB_YAML_READER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/web/yaml_document.h"

namespace promshm::tools {

// Which value of which file is meant.
struct YamlPlace {
  std::string path;

  // `tls_server_config.cert_file`; empty for the document itself.
  std::string name;

  YamlPlace Inside(const std::string& key) const;

  // `path: line N: name: why`.
  Status Refuse(int line, const std::string& why) const;
};

// Takes a value that is not null, or says what is wrong with it.
using YamlReader = std::function<Status(const YamlNode&, const YamlPlace&)>;

struct YamlField {
  std::string key;
  YamlReader read;
};

// Hands each value of `mapping` to the field of its key. What is null counts
// as left out; a key that no field has is an error.
Status ReadMapping(const YamlNode& mapping, const YamlPlace& place,
                   const std::vector<YamlField>& fields);

// Readers for a scalar of any type, a boolean, a whole number, and a list of
// scalars. Each leaves `*result` alone where it refuses.
YamlReader ReadText(std::string* result);
YamlReader ReadBoolean(bool* result);
YamlReader ReadInteger(int* result);
YamlReader ReadTexts(std::vector<std::string>* result);

// Reads one of a few words.
template <typename Value>
using YamlWords = std::vector<std::pair<std::string, Value>>;

template <typename Value>
YamlReader ReadWord(YamlWords<Value> words, Value* result) {
  return [words = std::move(words), result](const YamlNode& node,
                                            const YamlPlace& place) -> Status {
    std::string known;
    for (const auto& [word, value] : words) {
      if (node.kind == YamlNode::Kind::kScalar && node.text == word) {
        *result = value;
        return {};
      }
      known += (known.empty() ? "" : ", ") + word;
    }
    return place.Refuse(node.line, "expected one of " + known);
  };
}

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_YAML_READER_H_
