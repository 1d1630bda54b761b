#include "opentelemetry_attributes.h"

#include <opentelemetry/nostd/span.h>

#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <type_traits>

namespace opentelemetry_program {

namespace {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

// Each ends in a null character, so that any other may stand in it.
std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> texts;
  std::istringstream stream(text);
  for (std::string one; std::getline(stream, one, '\0');) {
    texts.push_back(one);
  }
  return texts;
}

std::vector<std::int64_t> Integers(const std::string& text) {
  const std::vector<double> numbers = writer_program::Numbers(text);
  return {numbers.begin(), numbers.end()};
}

std::vector<std::uint8_t> Bytes(const std::string& hexadecimal) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < hexadecimal.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(
        std::stoi(hexadecimal.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

Attributes::Attributes(const writer_program::Words& words) {
  using Value = decltype(Attribute::value);
  static const std::map<std::string, std::function<Value(const std::string&)>>
      kTypes = {
          {"text", [](const std::string& text) { return text; }},
          {"bool", [](const std::string& text) { return text == "true"; }},
          {"int", [](const std::string& text) { return std::stoll(text); }},
          {"double", writer_program::Number},
          {"texts",
           [](const std::string& text) {
             Texts texts{Split(text), {}};
             texts.views.assign(texts.texts.begin(), texts.texts.end());
             return texts;
           }},
          {"ints", Integers},
          {"doubles", writer_program::Numbers},
          {"bytes", Bytes},
      };
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::size_t colon = word.find(':', equals);
    if (colon == std::string::npos) {
      throw std::invalid_argument(word + ": expected KEY=TYPE:VALUE");
    }
    const std::string type = word.substr(equals + 1, colon - equals - 1);
    attributes_.push_back(
        {word.substr(0, equals), kTypes.at(type)(word.substr(colon + 1))});
  }
}

bool Attributes::ForEachKeyValue(
    nostd::function_ref<bool(nostd::string_view, common::AttributeValue)>
        callback) const noexcept {
  for (const Attribute& attribute : attributes_) {
    const bool goes_on = std::visit(
        [&]<typename T>(const T& value) {
          if constexpr (std::is_same_v<T, std::string>) {
            return callback(attribute.key, nostd::string_view(value));
          } else if constexpr (std::is_arithmetic_v<T>) {
            return callback(attribute.key, value);
          } else if constexpr (std::is_same_v<T, Texts>) {
            return callback(attribute.key,
                            nostd::span<const nostd::string_view>(
                                value.views.data(), value.views.size()));
          } else {
            return callback(attribute.key,
                            nostd::span<const typename T::value_type>(
                                value.data(), value.size()));
          }
        },
        attribute.value);
    if (!goes_on) {
      return false;
    }
  }
  return true;
}

}  // namespace opentelemetry_program
