#include "format/attribute_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

#include "format/dumps_text.h"
#include "format/number_text.h"
#include "format/utf8.h"

namespace promshm::format {
namespace {

void AppendHexByte(unsigned char byte, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  *out += "\\x";
  out->push_back(kDigits[byte >> 4U]);
  out->push_back(kDigits[byte & 0xfU]);
}

// As Python's repr() of str and of bytes.
void AppendQuoted(std::string_view text, bool bytes, std::string* out) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  out->push_back(quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '\r') {
      *out += "\\r";
    } else if (c == '\t') {
      *out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f || (bytes && byte >= 0x80)) {
      AppendHexByte(byte, out);
    } else {
      out->push_back(c);
    }
  }
  out->push_back(quote);
}

void AppendBase64(std::string_view bytes, std::string* out) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits <<= 8U;
      if (j < group.size()) bits |= static_cast<unsigned char>(group[j]);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t digit = bits >> (6 * (3 - j)) & 0x3fU;
      out->push_back(j <= group.size() ? kDigits[digit] : '=');
    }
  }
}

// Appends a value on its own, or as an element of an array.
class Speller {
 public:
  Speller(AttributeSpelling spelling, std::string* out)
      : python_(spelling == AttributeSpelling::kPython), out_(*out) {}

  void operator()(std::monostate /*empty*/) const {
    if (python_) out_ += "None";
  }

  void operator()(std::string_view text) const { out_ += text; }

  void operator()(bool value) const {
    if (python_) {
      out_ += value ? "True" : "False";
    } else {
      out_ += value ? "true" : "false";
    }
  }

  template <std::integral T>
  void operator()(T value) const {
    std::array<char, 24> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out_.append(digits.data(), end.ptr);
  }

  void operator()(double value) const {
    if (std::isfinite(value)) {
      AppendRepr(value, &out_);
    } else if (std::isnan(value)) {
      out_ += python_ ? "nan" : "NaN";
    } else {
      if (value < 0) out_.push_back('-');
      out_ += python_ ? "inf" : "Infinity";
    }
  }

  void operator()(const AttributeArray<std::string_view>& texts) const {
    out_.push_back(python_ ? '(' : '[');
    for (std::size_t i = 0; i < texts.size; ++i) {
      AppendComma(i);
      const std::string text = ReplaceInvalidUtf8(texts.data[i]);
      if (python_) {
        AppendQuoted(text, false, &out_);
      } else {
        AppendDumpsString(text, &out_);
      }
    }
    if (python_ && texts.size == 1) out_.push_back(',');
    out_.push_back(python_ ? ')' : ']');
  }

  void operator()(const AttributeArray<std::uint8_t>& bytes) const {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    const std::string_view text(reinterpret_cast<const char*>(bytes.data),
                                bytes.size);
    if (python_) {
      out_.push_back('b');
      AppendQuoted(text, true, &out_);
    } else {
      AppendBase64(text, &out_);
    }
  }

  template <typename T>
  void operator()(const AttributeArray<T>& values) const {
    out_.push_back('[');
    for (std::size_t i = 0; i < values.size; ++i) {
      AppendComma(i);
      AppendElement(values.data[i]);
    }
    out_.push_back(']');
  }

 private:
  void AppendComma(std::size_t index) const {
    if (index > 0) out_ += python_ ? ", " : ",";
  }

  // JSON has no number for what is none.
  template <typename T>
  void AppendElement(T value) const {
    bool quoted = false;
    if constexpr (std::is_same_v<T, double>) {
      quoted = !python_ && !std::isfinite(value);
    }
    if (quoted) out_.push_back('"');
    (*this)(value);
    if (quoted) out_.push_back('"');
  }

  const bool python_;
  std::string& out_;
};

}  // namespace

void AppendAttributeText(const AttributeValue& value,
                         AttributeSpelling spelling, std::string* out) {
  std::visit(Speller(spelling, out), value);
}

}  // namespace promshm::format
