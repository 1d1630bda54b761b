#include "tests/support/golden.h"

#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>

namespace promshm::testing {
namespace {

using nlohmann::json;

// Python writes numbers that JSON does not have, each on a line of its own.
std::string QuoteNonNumbers(const std::string& text) {
  static const std::regex kNonNumber("\n(-?Infinity|NaN)");
  return std::regex_replace(text, kNonNumber, "\n\"$1\"");
}

double Number(const json& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "Infinity" ? infinity : -infinity;
}

}  // namespace

std::string GoldenPath(std::string_view directory, std::string_view part) {
  return PROMSHM_GOLDEN_DIR "/" + std::string(directory) + '/' +
         std::string(part);
}

std::vector<GoldenFile> ReadGolden(std::string_view directory) {
  const json files = json::parse(
      QuoteNonNumbers(ReadBytes(GoldenPath(directory, "entries.json"))));
  std::vector<GoldenFile> golden;
  for (const auto& [name, entries] : files.items()) {
    GoldenFile file;
    file.directory = directory;
    file.name = name;
    file.path = GoldenPath(directory, "db/" + name);
    for (const json& entry : entries) {
      file.entries.push_back(
          {entry.at(0).get<std::string>(), Number(entry.at(1)),
           entry.size() > 2 ? std::optional(Number(entry[2])) : std::nullopt});
    }
    golden.push_back(std::move(file));
  }
  return golden;
}

std::vector<GoldenFile> ReadAllGolden() {
  std::vector<GoldenFile> all;
  for (const std::string_view directory : kPythonGolden) {
    std::vector<GoldenFile> files = ReadGolden(directory);
    all.insert(all.end(), std::make_move_iterator(files.begin()),
               std::make_move_iterator(files.end()));
  }
  return all;
}

std::string ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace promshm::testing
