#include "format/opentelemetry_name.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace promshm::format {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::string_view kTotal = "_total";

struct Word {
  std::string_view unit;
  std::string_view word;
};

constexpr std::array<Word, 25> kUnits = {{
    {"d", "days"},         {"h", "hours"},         {"min", "minutes"},
    {"s", "seconds"},      {"ms", "milliseconds"}, {"us", "microseconds"},
    {"ns", "nanoseconds"}, {"By", "bytes"},        {"KiBy", "kibibytes"},
    {"MiBy", "mebibytes"}, {"GiBy", "gibibytes"},  {"kBy", "kilobytes"},
    {"KBy", "kilobytes"},  {"MBy", "megabytes"},   {"GBy", "gigabytes"},
    {"TBy", "terabytes"},  {"m", "meters"},        {"V", "volts"},
    {"A", "amperes"},      {"J", "joules"},        {"W", "watts"},
    {"g", "grams"},        {"Cel", "celsius"},     {"Hz", "hertz"},
    {"%", "percent"},
}};

// Below the line of "per". Python's `m` is a minute there.
constexpr std::array<Word, 7> kPythonPer = {{{"s", "second"},
                                             {"m", "minute"},
                                             {"h", "hour"},
                                             {"d", "day"},
                                             {"w", "week"},
                                             {"mo", "month"},
                                             {"y", "year"}}};
constexpr std::array<Word, 5> kPer = {{{"w", "week"},
                                       {"mo", "month"},
                                       {"y", "year"},
                                       {"Cel", "celsius"},
                                       {"Hz", "hertz"}}};

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// One `_` for each run of what is no letter, digit or, in metric names, colon.
std::string Sanitize(std::string_view text, bool keep_colons) {
  std::string clean;
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || (keep_colons && c == ':')) {
      clean.push_back(c);
    } else if (!clean.ends_with('_')) {
      clean.push_back('_');
    }
  }
  return clean;
}

std::string SanitizeName(std::string_view name, bool keep_colons) {
  std::string text(name);
  if (!text.empty() && IsDigit(text.front())) text.front() = '_';
  return Sanitize(text, keep_colons);
}

std::string Strip(const std::string& text) {
  const std::size_t begin = text.find_first_not_of('_');
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of('_') - begin + 1);
}

template <std::size_t kSize>
std::string_view Find(const std::array<Word, kSize>& words,
                      std::string_view unit) {
  const auto* const found = std::find_if(
      words.begin(), words.end(),
      [unit](const Word& candidate) { return candidate.unit == unit; });
  return found == words.end() ? std::string_view() : found->word;
}

// Annotations in braces are no part of a unit. Python's expression takes all
// from the first brace to the last for one, if it is printable ASCII.
std::string WithoutAnnotations(std::string_view unit, Naming naming) {
  std::string text(unit);
  std::size_t open = text.find('{');
  while (open != std::string::npos) {
    std::size_t end = open;
    std::size_t close = std::string::npos;
    while (++end < text.size() && text[end] >= '!' && text[end] <= '~') {
      if (text[end] != '}') continue;
      close = end;
      if (naming == Naming::kSpec) break;
    }
    if (close == std::string::npos) {
      open = text.find('{', open + 1);
    } else {
      text.erase(open, close - open + 1);
      open = text.find('{', open);
    }
  }
  return text;
}

std::string UnitWord(std::string_view unit, Naming naming) {
  if (unit == "1") return {};
  if (unit == "TiBy") {
    return naming == Naming::kSpec ? "tebibytes" : "tibibytes";
  }
  return std::string(Find(kUnits, unit));
}

// The word below the line: a singular. `unit` is sanitized.
std::string PerWord(const std::string& unit, Naming naming) {
  if (naming == Naming::kPython) {
    const std::string_view word = Find(kPythonPer, unit);
    return word.empty() ? unit : std::string(word);
  }
  if (const std::string_view word = Find(kPer, unit); !word.empty()) {
    return std::string(word);
  }
  std::string word = UnitWord(unit, naming);
  if (word.empty()) return unit;
  if (word.ends_with('s')) word.pop_back();
  return word;
}

// What a unit adds to a name, without the `_` before it. Empty: nothing.
std::string UnitSuffix(std::string_view annotated, Naming naming) {
  const std::string unit = WithoutAnnotations(annotated, naming);
  const auto word_of = [naming](const std::string& text) {
    std::string word = UnitWord(text, naming);
    return word.empty() && text != "1" ? text : word;
  };
  if (unit == "1") return {};
  if (std::string word = UnitWord(unit, naming); !word.empty()) return word;
  const std::size_t slash = unit.find('/');
  if (slash == std::string::npos) return Strip(Sanitize(unit, true));
  std::string top = Sanitize(unit.substr(0, slash), true);
  std::string bottom = Sanitize(unit.substr(slash + 1), true);
  if (naming == Naming::kSpec) {
    top = Strip(top);
    bottom = Strip(bottom);
    if (bottom.empty()) return word_of(top);
  } else if (bottom.empty()) {
    return Strip(Sanitize(unit, true));
  }
  top = word_of(top);
  return (top.empty() ? "per_" : top + "_per_") + PerWord(bottom, naming);
}

std::string WithUnit(std::string name, std::string_view unit, Naming naming) {
  const std::string suffix = UnitSuffix(unit, naming);
  const bool has_it = naming == Naming::kSpec ? name.ends_with(suffix)
                                              : name.ends_with('_' + suffix);
  if (suffix.empty() || has_it) return name;
  return name + '_' + suffix;
}

// The specification has one `_` at a time in the whole name.
std::string Finish(const std::string& name, Naming naming) {
  return naming == Naming::kSpec ? Sanitize(name, true) : name;
}

}  // namespace

bool IsInstrumentName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         IsLetter(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '_' || c == '.' ||
                  c == '-' || c == '/';
         });
}

bool IsSameInstrumentName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return LowerCase(x) == LowerCase(y);
  });
}

std::string MetricName(std::string_view name, std::string_view unit,
                       Naming naming) {
  return Finish(WithUnit(SanitizeName(name, true), unit, naming), naming);
}

std::string CounterName(std::string_view name, std::string_view unit,
                        Naming naming) {
  std::string base = SanitizeName(name, true);
  if (base.ends_with(kTotal)) base.resize(base.size() - kTotal.size());
  return Finish(WithUnit(std::move(base), unit, naming) + std::string(kTotal),
                naming);
}

std::string LabelName(std::string_view key) { return SanitizeName(key, false); }

}  // namespace promshm::format
