#ifndef PROMSHM_TOOLS_SERVE_LOG_H_
#define PROMSHM_TOOLS_SERVE_LOG_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace promshm::tools {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

// `debug`, `info`, `warn` or `error`; `logfmt` or `json`.
std::optional<LogLevel> ParseLogLevel(const std::string& text);
std::optional<LogFormat> ParseLogFormat(const std::string& text);

// Purpose: tells on stderr what happens while a server runs, a line each, as
// exporters do: time, level, message, and what else there is by name.
//
// Thread safety: every method may be called from several threads.
class Log {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  // Takes a whole line with its end. The default writes it to stderr.
  using Sink = std::function<void(const std::string& line)>;

  Log(LogLevel least, LogFormat format, Sink sink = {});

  void Debug(const std::string& message, const Fields& fields = {}) const;
  void Info(const std::string& message, const Fields& fields = {}) const;
  void Warn(const std::string& message, const Fields& fields = {}) const;
  void Error(const std::string& message, const Fields& fields = {}) const;

 private:
  void Write(LogLevel level, const std::string& message,
             const Fields& fields) const;

  const LogLevel least_;
  const LogFormat format_;
  const Sink sink_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_LOG_H_
