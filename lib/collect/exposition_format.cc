#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/name_escaping.h"
#include "promshm/exposition.h"

namespace promshm {
namespace {

// One range of an Accept header.
struct MediaRange {
  std::string type;  // lower case: "text/plain"
  std::string version;
  std::string escaping;
  double quality = 1;
};

struct KnownFormat {
  TextFormat format;
  std::string_view type;
  std::string_view version;
  std::string_view assumed_version;  // where the range names none
};

// The first answers those who do not care.
constexpr std::array<KnownFormat, 4> kKnownFormats = {{
    {TextFormat::kPrometheus004, "text/plain", "0.0.4", "0.0.4"},
    {TextFormat::kPrometheus100, "text/plain", "1.0.0", "0.0.4"},
    {TextFormat::kOpenMetrics100, "application/openmetrics-text", "1.0.0",
     "0.0.1"},
    {TextFormat::kOpenMetrics001, "application/openmetrics-text", "0.0.1",
     "0.0.1"},
}};

struct KnownEscaping {
  Escaping escaping;
  std::string_view name;
};

constexpr std::array<KnownEscaping, 4> kKnownEscapings = {{
    {Escaping::kUnderscores, "underscores"},
    {Escaping::kAllowUtf8, "allow-utf-8"},
    {Escaping::kDots, "dots"},
    {Escaping::kValues, "values"},
}};

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// Takes the part up to the first `separator` off the text.
std::string_view TakePart(char separator, std::string_view* text) {
  const std::size_t end = text->find(separator);
  const std::string_view part = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return Trim(part);
}

// A q-value that is none counts as 1, as if it were not there.
double ParseQuality(std::string_view text) {
  double quality = 1;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), quality);
  const bool valid = error == std::errc() && end == text.data() + text.size() &&
                     quality >= 0 && quality <= 1;
  return valid ? quality : 1;
}

MediaRange ParseRange(std::string_view text) {
  MediaRange range;
  range.type = LowerCase(TakePart(';', &text));
  while (!text.empty()) {
    std::string_view value = TakePart(';', &text);
    const std::string name = LowerCase(TakePart('=', &value));
    value = Trim(value);
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (name == "q") {
      range.quality = ParseQuality(value);
    } else if (name == "version") {
      range.version = value;
    } else if (name == "escaping") {
      range.escaping = LowerCase(value);
    }
  }
  return range;
}

std::vector<MediaRange> ParseAccept(std::string_view accept) {
  std::vector<MediaRange> ranges;
  while (!accept.empty()) {
    const std::string_view part = TakePart(',', &accept);
    if (!part.empty()) ranges.push_back(ParseRange(part));
  }
  return ranges;
}

// How closely a range describes the format; 0 when it does not.
int Specificity(const MediaRange& range, const KnownFormat& known) {
  if (range.type == known.type) {
    const std::string_view version =
        range.version.empty() ? known.assumed_version : range.version;
    return version == known.version ? 3 : 0;
  }
  const std::string_view major = known.type.substr(0, known.type.find('/') + 1);
  if (range.type == std::string(major) + '*') return 2;
  return range.type == "*/*" ? 1 : 0;
}

// The range that decides about the format, if one speaks of it.
std::optional<std::size_t> DecidingRange(const std::vector<MediaRange>& ranges,
                                         const KnownFormat& known) {
  std::optional<std::size_t> deciding;
  int best = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const int specificity = Specificity(ranges[i], known);
    if (specificity > best) {
      best = specificity;
      deciding = i;
    }
  }
  return deciding;
}

Escaping ParseEscaping(std::string_view name) {
  for (const KnownEscaping& known : kKnownEscapings) {
    if (known.name == name) return known.escaping;
  }
  return Escaping::kUnderscores;
}

}  // namespace

ExpositionFormat ChooseFormat(std::string_view accept) {
  const std::vector<MediaRange> ranges = ParseAccept(accept);
  ExpositionFormat chosen;
  double best_quality = 0;
  std::size_t best_range = ranges.size();
  for (const KnownFormat& known : kKnownFormats) {
    const std::optional<std::size_t> range = DecidingRange(ranges, known);
    if (!range) continue;
    const double quality = ranges[*range].quality;
    if (quality > best_quality ||
        (quality == best_quality && quality > 0 && *range < best_range)) {
      best_quality = quality;
      best_range = *range;
      chosen.text = known.format;
      chosen.escaping = ParseEscaping(ranges[*range].escaping);
    }
  }
  chosen.escaping = collect::EffectiveEscaping(chosen);
  return chosen;
}

std::string ContentType(const ExpositionFormat& format) {
  std::string type;
  for (const KnownFormat& known : kKnownFormats) {
    if (known.format != format.text) continue;
    type = std::string(known.type) + "; version=" + std::string(known.version) +
           "; charset=utf-8";
  }
  const bool names_escaping = format.text == TextFormat::kPrometheus100 ||
                              format.text == TextFormat::kOpenMetrics100;
  for (const KnownEscaping& known : kKnownEscapings) {
    if (names_escaping && known.escaping == format.escaping) {
      type += "; escaping=" + std::string(known.name);
    }
  }
  return type;
}

}  // namespace promshm
