#include "tools/serve/log.h"

#include <time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "tools/serve/logfmt_text.h"

namespace promshm::tools {
namespace {

constexpr std::pair<const char*, LogLevel> kLevels[] = {
    {"debug", LogLevel::kDebug},
    {"info", LogLevel::kInfo},
    {"warn", LogLevel::kWarn},
    {"error", LogLevel::kError}};

std::string UpperName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarn:
      return "WARN";
    case LogLevel::kError:
      return "ERROR";
  }
  return {};
}

// As RFC 3339 has it, in milliseconds.
std::string Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  std::array<char, 32> seconds{};
  const std::size_t size =
      strftime(seconds.data(), seconds.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  // The 1 keeps the zeros in front.
  const std::string fraction =
      std::to_string(1000 + now.tv_nsec / 1'000'000).substr(1);
  return std::string(seconds.data(), size) + "." + fraction + "Z";
}

std::string LogfmtLine(const Log::Fields& fields) {
  std::string line;
  for (const auto& [name, value] : fields) {
    if (!line.empty()) line += ' ';
    line += LogfmtText(name) + '=' + LogfmtText(value);
  }
  return line;
}

std::string JsonLine(const Log::Fields& fields) {
  nlohmann::ordered_json object;
  for (const auto& [name, value] : fields) object[name] = value;
  return object.dump(-1, ' ', false,
                     nlohmann::ordered_json::error_handler_t::replace);
}

void WriteToStderr(const std::string& line) {
  // A line that cannot be written has nobody to be told to.
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(const std::string& text) {
  for (const auto& [name, level] : kLevels) {
    if (text == name) return level;
  }
  return {};
}

std::optional<LogFormat> ParseLogFormat(const std::string& text) {
  if (text == "logfmt") return LogFormat::kLogfmt;
  if (text == "json") return LogFormat::kJson;
  return {};
}

Log::Log(LogLevel least, LogFormat format, Sink sink)
    : least_(least),
      format_(format),
      sink_(sink ? std::move(sink) : Sink(&WriteToStderr)) {}

void Log::Debug(const std::string& message, const Fields& fields) const {
  Write(LogLevel::kDebug, message, fields);
}

void Log::Info(const std::string& message, const Fields& fields) const {
  Write(LogLevel::kInfo, message, fields);
}

void Log::Warn(const std::string& message, const Fields& fields) const {
  Write(LogLevel::kWarn, message, fields);
}

void Log::Error(const std::string& message, const Fields& fields) const {
  Write(LogLevel::kError, message, fields);
}

void Log::Write(LogLevel level, const std::string& message,
                const Fields& fields) const {
  if (level < least_) return;
  Fields all = {{"time", Now()}, {"level", UpperName(level)}, {"msg", message}};
  all.insert(all.end(), fields.begin(), fields.end());
  const std::string line =
      format_ == LogFormat::kJson ? JsonLine(all) : LogfmtLine(all);
  sink_(line + '\n');
}

}  // namespace promshm::tools
