#include "tests/support/random_metrics.h"

#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace promshm::testing {
namespace {

using format::KeyShape;
using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<const char*, 13> kKinds = {"counter",
                                                "histogram",
                                                "summary",
                                                "gauge_all",
                                                "gauge_liveall",
                                                "gauge_min",
                                                "gauge_livemin",
                                                "gauge_max",
                                                "gauge_livemax",
                                                "gauge_sum",
                                                "gauge_livesum",
                                                "gauge_mostrecent",
                                                "gauge_livemostrecent"};

constexpr std::array<const char*, 10> kIdentifiers = {
    "1", "2", "3", "17", "host-3", "worker_1", "a-0", "archive", "12.5", "a-1"};

constexpr std::array<const char*, 9> kBounds = {
    "0.1", "0.5", "1.0", "1", "0.0", "-0.0", "+Inf", "-Inf", "2.5"};

constexpr std::array<const char*, 5> kValues = {"a", "b", "c", "GET", "/x y"};

std::string_view KindOf(std::string_view file_name) {
  for (const char* kind : kKinds) {
    if (file_name.starts_with(std::string(kind) + '_')) return kind;
  }
  return "counter";
}

std::string Family(std::string_view kind, Dice* dice) {
  // Families that other kinds have, too.
  if (dice->OneIn(60)) return dice->OneIn(2) ? "shared" : "counter0_total";
  const char* const dot = dice->OneIn(8) ? ".x" : "";
  return std::string(kind) + dot + std::to_string(dice->Below(2));
}

std::string Sample(std::string_view kind, const std::string& family,
                   const Generation& generation, Labels* labels, Dice* dice) {
  if (kind == "counter") return family + "_total";
  if (kind == "summary") return family + (dice->OneIn(2) ? "_sum" : "_count");
  if (kind != "histogram") return family;
  if (dice->OneIn(6)) return family + "_sum";
  if (generation.key_shape == KeyShape::kCompactArrays && dice->OneIn(6)) {
    return family + "_count";
  }
  labels->emplace_back("le", dice->OneIn(50) ? "wide" : dice->Pick(kBounds));
  return family + "_bucket";
}

Labels RandomLabels(std::string_view kind, Dice* dice) {
  Labels labels;
  if (dice->OneIn(4)) return labels;
  labels.emplace_back("k", dice->Pick(kValues));
  if (dice->OneIn(5)) labels.emplace_back("m.n", dice->Pick(kValues));
  if (kind.starts_with("gauge") && dice->OneIn(40)) {
    labels.emplace_back("pid", "7");
  }
  return labels;
}

// The first letter may be spelled by its number.
std::string Quoted(std::string_view text, bool escaped) {
  if (escaped && text.starts_with('a')) {
    return "\"\\u0061" + std::string(text.substr(1)) + '"';
  }
  return '"' + std::string(text) + '"';
}

std::string AsObject(const Labels& labels, Dice* dice) {
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    if (text.size() > 1) text += ", ";
    text += Quoted(name, false) + ": " + Quoted(value, dice->OneIn(20));
  }
  return text + '}';
}

std::string AsArrays(const Labels& labels, const char* comma) {
  std::string names;
  std::string values;
  for (const auto& [name, value] : labels) {
    if (!names.empty()) {
      names += comma;
      values += comma;
    }
    names += Quoted(name, false);
    values += Quoted(value, false);
  }
  return '[' + names + ']' + comma + '[' + values + ']';
}

}  // namespace

std::string RandomFileName(Dice* dice) {
  return std::string(dice->Pick(kKinds)) + '_' + dice->Pick(kIdentifiers) +
         ".db";
}

Generation RandomGeneration(std::string_view file_name, Dice* dice) {
  const bool recent = file_name.find("mostrecent") != std::string_view::npos;
  // A file that cannot have been written by its generation is damaged.
  if (dice->OneIn(2) || (recent && !dice->OneIn(20))) return kCurrent;
  return dice->Pick(kGenerations);
}

std::string RandomKey(std::string_view file_name, const Generation& generation,
                      Dice* dice) {
  const std::string_view kind = KindOf(file_name);
  const std::string family = Family(kind, dice);
  Labels labels = RandomLabels(kind, dice);
  const std::string sample = Sample(kind, family, generation, &labels, dice);
  const bool compact = generation.key_shape == KeyShape::kCompactArrays;
  const char* const comma = compact ? "," : ", ";
  std::string key =
      '[' + Quoted(family, false) + comma + Quoted(sample, false) + comma;
  if (generation.key_shape != KeyShape::kObject) {
    return key + AsArrays(labels, comma) + ']';
  }
  key += AsObject(labels, dice);
  if (generation.help) key += dice->OneIn(60) ? ", \"Other\"" : ", \"Help\"";
  return key + ']';
}

double RandomValue(Dice* dice) {
  constexpr std::array<double, 8> kOdd = {
      0.0,
      -0.0,
      -3.25,
      1e300,
      5e-324,
      std::numeric_limits<double>::infinity(),
      -std::numeric_limits<double>::infinity(),
      std::numeric_limits<double>::quiet_NaN()};
  if (dice->OneIn(25)) return dice->Pick(kOdd);
  return static_cast<double>(dice->Below(1'000'000)) / 997;
}

double RandomTimestamp(Dice* dice) {
  if (dice->OneIn(3)) return 0;
  return 1.7e9 + static_cast<double>(dice->Below(1000)) / 8;
}

FileBuilder RandomFile(std::string_view file_name, const Generation& generation,
                       std::size_t entries, Dice* dice) {
  FileBuilder file(generation);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::string key = RandomKey(file_name, generation, dice);
    const double value = RandomValue(dice);
    file.Add(key, value, RandomTimestamp(dice));
  }
  return file;
}

}  // namespace promshm::testing
