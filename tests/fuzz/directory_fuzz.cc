#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/collector.h"
#include "promshm/entries.h"
#include "promshm/exposition.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/temporary_directory.h"

// The first byte chooses the name of a metric file, the rest is the file.

namespace {

using promshm::Collector;
using promshm::Issue;
using promshm::Result;
using promshm::Snapshot;
using promshm::testing::Require;

constexpr std::array<const char*, 7> kNames = {
    "counter_1.db",   "gauge_all_1.db",        "gauge_min_1.db",
    "gauge_sum_1.db", "gauge_mostrecent_1.db", "histogram_1.db",
    "summary_1.db"};

std::string Text(const Snapshot& snapshot, promshm::TextFormat format) {
  std::string text;
  (void)promshm::WriteExposition(
      snapshot, {format, promshm::Escaping::kUnderscores}, &text);
  return text;
}

void RequireUniqueSeries(std::string_view text) {
  std::set<std::string_view> seen;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    Require(!line.empty(), "no line is empty");
    const std::string_view name =
        line.front() == '#' ? line : line.substr(0, line.rfind(' '));
    Require(seen.insert(name).second, "no line comes twice");
  }
}

bool Contains(const std::vector<Issue>& issues, const Issue& wanted) {
  return std::any_of(issues.begin(), issues.end(), [&](const Issue& issue) {
    return issue.ToString() == wanted.ToString();
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  static const promshm::testing::TemporaryDirectory directory;
  const std::string path =
      directory.Write(kNames[data[0] % kNames.size()],
                      promshm::testing::AsText(data + 1, size - 1));

  std::uint64_t end = 0;
  const Result<std::vector<Issue>> issues = promshm::ReadEntries(
      directory.path(), [&](const promshm::FileEntry& entry) {
        Require(entry.path == path, "entries say their file");
        Require(entry.offset >= 8 && entry.offset >= end,
                "entries do not overlap");
        end = entry.offset + 4 + entry.key.size();
        Require(end < size, "entries lie in the file");
      });
  Require(issues.ok(), "a bad file is no failure");

  Collector collector(directory.path());
  const Result<Snapshot> first = collector.Collect();
  const Result<Snapshot> second = collector.Collect();
  Require(first.ok() && second.ok(), "a bad file fails no collection");
  for (const Issue& issue : *issues) {
    Require(Contains(first->issues(), issue), "collections report damage");
  }
  for (const auto format : {promshm::TextFormat::kPrometheus004,
                            promshm::TextFormat::kOpenMetrics100}) {
    const std::string text = Text(*first, format);
    Require(text == Text(*second, format), "memory changes nothing");
    RequireUniqueSeries(text);
  }
  std::string json;
  promshm::WriteJson(*first, &json);
  Require(json.ends_with("}\n"), "JSON is written to its end");
  std::remove(path.c_str());
  return 0;
}
