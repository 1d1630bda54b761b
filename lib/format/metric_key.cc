#include "format/metric_key.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "format/dumps_text.h"
#include "format/utf8.h"

namespace promshm::format {
namespace {

using nlohmann::json;

Status Invalid(std::string reason) {
  return {StatusKind::kInvalidArgument, std::move(reason)};
}

// Ruby's labels may be numbers, booleans or nil; its own collector prints
// their JSON text.
std::optional<std::string> ArrayLabelValue(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return std::string();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

bool LabelsFromArrays(const json& names, const json& values, MetricKey* key) {
  if (!names.is_array() || !values.is_array() ||
      names.size() != values.size()) {
    return false;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::optional<std::string> value = ArrayLabelValue(values[i]);
    if (!names[i].is_string() || !value) return false;
    key->labels.push_back({names[i].get<std::string>(), *std::move(value)});
  }
  return true;
}

bool LabelsFromObject(const json& labels, MetricKey* key) {
  for (const auto& [name, value] : labels.items()) {
    if (!value.is_string()) return false;
    key->labels.push_back({name, value.get<std::string>()});
  }
  return true;
}

Result<MetricKey> ParseJson(std::string_view text) {
  // The library takes a NUL for the end and would not see what follows.
  if (text.find('\0') != std::string_view::npos) {
    return Invalid("the key is not JSON");
  }
  const std::string unicode = MakeUnicode(text);
  const json parsed = json::parse(unicode, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Invalid("the key is not JSON");
  if (!parsed.is_array() || parsed.size() < 3 || parsed.size() > 4 ||
      !parsed[0].is_string() || !parsed[1].is_string()) {
    return Invalid("the key is not [family, sample, labels, help]");
  }
  MetricKey key;
  key.family = parsed[0].get<std::string>();
  key.sample = parsed[1].get<std::string>();
  const bool arrays = parsed.size() == 4 && parsed[2].is_array();
  if (arrays) {
    if (!LabelsFromArrays(parsed[2], parsed[3], &key)) {
      return Invalid("the key's label names and values do not pair");
    }
  } else {
    if (!parsed[2].is_object() || !LabelsFromObject(parsed[2], &key)) {
      return Invalid("the key's labels are not an object of strings");
    }
    // Python's None, of an application that gave no help.
    if (parsed.size() == 4 && !parsed[3].is_null()) {
      if (!parsed[3].is_string()) return Invalid("the key's help is no string");
      key.help = parsed[3].get<std::string>();
    }
  }
  return key;
}

// `replaced`: a U+FFFD in a name stands for what was not UTF-8.
Status CheckNames(const MetricKey& key, bool replaced) {
  const auto bad = [replaced](const std::string& name) {
    return replaced && name.find(kReplacementText) != std::string::npos;
  };
  if (key.family.empty() || key.sample.empty()) {
    return Invalid("the key has an empty name");
  }
  if (bad(key.family) || bad(key.sample)) {
    return Invalid("the key's name is not UTF-8");
  }
  for (std::size_t i = 0; i < key.labels.size(); ++i) {
    const std::string& name = key.labels[i].name;
    if (name.empty()) return Invalid("the key has a label without a name");
    if (bad(name)) return Invalid("the key has a label name that is not UTF-8");
    if (i > 0 && key.labels[i - 1].name == name) {
      return Invalid("the key has one label name twice");
    }
  }
  return {};
}

}  // namespace

Result<MetricKey> MetricKey::Parse(std::string_view text) {
  MetricKey key;
  Status status = ParseInto(text, &key);
  if (!status.ok()) return status;
  return key;
}

Status MetricKey::ParseInto(std::string_view text, MetricKey* key) {
  bool replaced = false;
  if (!ReadDumps(text, key)) {
    Result<MetricKey> parsed = ParseJson(text);
    if (!parsed.ok()) return parsed.status();
    *key = *std::move(parsed);
    std::sort(key->labels.begin(), key->labels.end());
    replaced = MakeUnicode(text) != text;
  }
  return CheckNames(*key, replaced);
}

std::string MetricKey::Format() const {
  std::string out = "[";
  AppendDumpsString(family, &out);
  out += ", ";
  AppendDumpsString(sample, &out);
  out += ", {";
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) out += ", ";
    AppendDumpsString(labels[i].name, &out);
    out += ": ";
    AppendDumpsString(labels[i].value, &out);
  }
  out += '}';
  if (help) {
    out += ", ";
    AppendDumpsString(*help, &out);
  }
  out += ']';
  return out;
}

}  // namespace promshm::format
