#include "collect/name_escaping.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "format/utf8.h"

namespace promshm::collect {

using format::IsLegacyCharacter;
using format::IsLegacyName;
using format::NameKind;

namespace {

void AppendHexadecimal(char32_t c, std::string* out) {
  std::array<char, 8> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 static_cast<std::uint32_t>(c), 16);
  out->append(digits.data(), end.ptr);
}

// What a scheme makes of one character, whether it is allowed or not.
void AppendEscaped(char32_t c, bool legacy, Escaping escaping,
                   std::string* out) {
  const bool dots = escaping == Escaping::kDots;
  if (c == '_' && escaping != Escaping::kUnderscores) {
    *out += "__";
  } else if (c == '.' && dots) {
    *out += "_dot_";
  } else if (legacy) {
    out->push_back(static_cast<char>(c));
  } else if (escaping == Escaping::kValues) {
    out->push_back('_');
    AppendHexadecimal(c, out);
    out->push_back('_');
  } else {
    *out += dots ? "__" : "_";
  }
}

}  // namespace

void AppendName(std::string_view name, NameKind kind, Escaping escaping,
                std::string* out) {
  const bool legacy_name = IsLegacyName(name, kind);
  // Dots are made reversible by escaping `_` even in allowed names.
  if (legacy_name && escaping != Escaping::kDots) {
    *out += name;
    return;
  }
  if (escaping == Escaping::kAllowUtf8) {
    out->push_back('"');
    AppendQuotedText(name, out);
    out->push_back('"');
    return;
  }
  if (escaping == Escaping::kValues) *out += "U__";
  bool first = true;
  while (!name.empty()) {
    const format::CodePoint point = format::DecodeUtf8(name);
    name.remove_prefix(point.size);
    AppendEscaped(point.value, IsLegacyCharacter(point.value, first, kind),
                  escaping, out);
    first = false;
  }
}

bool LabelNamesAreLegacy(const MetricFamily& family) {
  for (const Series& series : family.series) {
    for (const Label& label : series.labels) {
      if (!IsLegacyName(label.name, NameKind::kLabel)) return false;
    }
  }
  return true;
}

Escaping EffectiveEscaping(const ExpositionFormat& format) {
  const bool quotes = format.text == TextFormat::kPrometheus100 ||
                      format.text == TextFormat::kOpenMetrics100;
  return format.escaping == Escaping::kAllowUtf8 && !quotes
             ? Escaping::kUnderscores
             : format.escaping;
}

void AppendQuotedText(std::string_view text, std::string* out) {
  constexpr auto kIsSpecial = [](char c) {
    return c == '\\' || c == '"' || c == '\n';
  };
  for (;;) {
    // find_first_of() would call a function for each character.
    const auto end = std::find_if(text.begin(), text.end(), kIsSpecial);
    out->append(text.begin(), end);
    if (end == text.end()) return;
    out->push_back('\\');
    out->push_back(*end == '\n' ? 'n' : *end);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()) + 1);
  }
}

}  // namespace promshm::collect
