#include "tools/serve/web/yaml_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

namespace promshm::tools {
namespace {

// What YAML 1.1 takes for booleans.
constexpr std::array<std::string_view, 11> kTrue{
    "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"};
constexpr std::array<std::string_view, 11> kFalse{
    "false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"};

bool IsOneOf(const std::string& text,
             const std::array<std::string_view, 11>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

Status RefuseType(const YamlNode& node, const YamlPlace& place,
                  const std::string& expected) {
  return place.Refuse(node.line, "expected " + expected);
}

}  // namespace

YamlPlace YamlPlace::Inside(const std::string& key) const {
  return {path, (name.empty() ? "" : name + ".") + Printable(key)};
}

Status YamlPlace::Refuse(int line, const std::string& why) const {
  return {StatusKind::kInvalidArgument,
          path + ": line " + std::to_string(line) + ": " +
              (name.empty() ? "" : name + ": ") + why};
}

Status ReadMapping(const YamlNode& mapping, const YamlPlace& place,
                   const std::vector<YamlField>& fields) {
  if (mapping.kind != YamlNode::Kind::kMapping) {
    return RefuseType(mapping, place, "a mapping");
  }
  for (const YamlNode& value : mapping.items) {
    const YamlPlace inside = place.Inside(value.key);
    const auto field = std::find_if(
        fields.begin(), fields.end(),
        [&value](const YamlField& f) { return f.key == value.key; });
    if (field == fields.end()) {
      return YamlPlace{place.path, "unknown key"}.Refuse(value.line,
                                                         inside.name);
    }
    if (value.kind == YamlNode::Kind::kNull) continue;
    Status status = field->read(value, inside);
    if (!status.ok()) return status;
  }
  return {};
}

YamlReader ReadText(std::string* result) {
  return [result](const YamlNode& node, const YamlPlace& place) -> Status {
    if (node.kind != YamlNode::Kind::kScalar) {
      return RefuseType(node, place, "a text");
    }
    *result = node.text;
    return {};
  };
}

YamlReader ReadBoolean(bool* result) {
  return [result](const YamlNode& node, const YamlPlace& place) -> Status {
    const bool is_true = IsOneOf(node.text, kTrue);
    if (node.kind != YamlNode::Kind::kScalar || node.quoted ||
        (!is_true && !IsOneOf(node.text, kFalse))) {
      return RefuseType(node, place, "true or false");
    }
    *result = is_true;
    return {};
  };
}

YamlReader ReadInteger(int* result) {
  return [result](const YamlNode& node, const YamlPlace& place) -> Status {
    int value = 0;
    const char* const end = node.text.data() + node.text.size();
    const auto [rest, error] = std::from_chars(node.text.data(), end, value);
    if (node.kind != YamlNode::Kind::kScalar || node.quoted ||
        error != std::errc() || rest != end) {
      return RefuseType(node, place, "a whole number");
    }
    *result = value;
    return {};
  };
}

YamlReader ReadTexts(std::vector<std::string>* result) {
  return [result](const YamlNode& node, const YamlPlace& place) -> Status {
    if (node.kind != YamlNode::Kind::kSequence) {
      return RefuseType(node, place, "a list");
    }
    std::vector<std::string> texts;
    for (const YamlNode& item : node.items) {
      Status status = ReadText(&texts.emplace_back())(item, place);
      if (!status.ok()) return status;
    }
    *result = std::move(texts);
    return {};
  };
}

}  // namespace promshm::tools
