#include "tests/opentelemetry/provider_testing.h"

#include <gmock/gmock.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string_view>

#include "promshm/collector.h"
#include "promshm/entries.h"
#include "promshm/exposition.h"

namespace promshm::testing {
namespace {

using ::testing::IsEmpty;

std::string WithPidAfter(const std::string& before, const std::string& text) {
  const std::regex own(before + std::to_string(getpid()) + "\\b");
  return std::regex_replace(text, own, before + "PID");
}

}  // namespace

nostd::shared_ptr<metrics::Meter> MeterOf(metrics::MeterProvider* provider,
                                          const std::string& name,
                                          const std::string& version,
                                          const std::string& schema_url) {
  return provider->GetMeter(name, version, schema_url);
}

bool HoldsSoon(const std::function<bool()>& condition) {
  constexpr timespec kPause{0, 5'000'000};
  for (int i = 0; i < 6000; ++i) {
    if (condition()) return true;
    nanosleep(&kPause, nullptr);
  }
  return false;
}

MeterProviderOptions ProviderTest::Options(MeterProviderOptions options) {
  options.directory = directory_.path();
  options.observe_interval = std::chrono::milliseconds(0);
  options.on_error = [this](std::string_view message) {
    const std::lock_guard lock(mutex_);
    errors_.emplace_back(message);
  };
  return options;
}

std::vector<std::string> ProviderTest::Errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

std::vector<RawEntry> RawEntriesOf(const TemporaryDirectory& directory) {
  std::vector<RawEntry> entries;
  const auto issues =
      ReadEntries(directory.path(), [&](const FileEntry& entry) {
        const std::string file =
            std::filesystem::path(entry.path).filename().string();
        entries.push_back({WithPidAfter("_", file), std::string(entry.key),
                           entry.value, entry.timestamp.value_or(-1)});
      });
  EXPECT_TRUE(issues.ok()) << issues.status().message();
  if (issues.ok()) {
    EXPECT_THAT(*issues, IsEmpty());
  }
  return entries;
}

std::vector<std::string> ProviderTest::Entries() const {
  std::vector<std::string> texts;
  for (const RawEntry& entry : RawEntries()) {
    texts.push_back(entry.file + " " + entry.key + " " +
                    NumberText(entry.value));
  }
  return texts;
}

std::string ExpositionOf(const TemporaryDirectory& directory) {
  const Result<Snapshot> snapshot = Collector(directory.path()).Collect();
  EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
  if (!snapshot.ok()) return {};
  for (const Issue& issue : snapshot->issues()) {
    ADD_FAILURE() << issue.ToString();
  }
  std::string text;
  EXPECT_THAT(WriteExposition(*snapshot, {}, &text), IsEmpty());
  return WithPidAfter("pid=\"", text);
}

std::vector<std::string> SamplesOf(const TemporaryDirectory& directory) {
  std::vector<std::string> samples;
  std::istringstream lines(ExpositionOf(directory));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# ")) samples.push_back(line);
  }
  return samples;
}

std::optional<double> ProviderTest::Value(const std::string& sample) const {
  for (const std::string& line : Samples()) {
    if (!line.starts_with(sample + " ")) continue;
    return std::strtod(line.c_str() + sample.size(), nullptr);
  }
  return std::nullopt;
}

}  // namespace promshm::testing
