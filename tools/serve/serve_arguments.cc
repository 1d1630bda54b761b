#include "tools/serve/serve_arguments.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "promshm/gauge_mode.h"
#include "tools/common/arguments.h"

namespace promshm::tools {
namespace {

// What was said more than once, as it stands on the command line.
struct Texts {
  std::vector<std::string> directories;
  std::vector<std::string> gauge_modes;
};

const std::map<std::string, GaugeMode>& ModesToChoose() {
  static const std::map<std::string, GaugeMode> modes = {
      {"all", GaugeMode::kAll},
      {"min", GaugeMode::kMin},
      {"max", GaugeMode::kMax},
      {"sum", GaugeMode::kSum}};
  return modes;
}

std::string FromEnvironment(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string DefaultListenAddress() {
  std::string host =
      FromEnvironment("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1");
  if (host.find(':') != std::string::npos && host.front() != '[') {
    host = '[' + host + ']';
  }
  return host + ':' + FromEnvironment("OTEL_EXPORTER_PROMETHEUS_PORT", "9464");
}

// Each time one value, as often as it is given.
void AddList(CLI::App* app, const char* name, const char* type,
             const char* description, std::vector<std::string>* list) {
  app->add_option(name, *list, description)
      ->type_name(type)
      ->type_size(1)
      ->allow_extra_args(false);
}

void AddWebOptions(CLI::App* app, ServeArguments* arguments) {
  AddList(app, "--web.listen-address", "ADDRESS",
          "HOST:PORT, [IPV6]:PORT, :PORT for every address,\n"
          "or unix:PATH (default: 127.0.0.1:9464); port 0\n"
          "takes a free one; may be given several times",
          &arguments->listen_addresses);
  app->add_flag("--web.systemd-socket", arguments->systemd_socket,
                "Listen on the sockets that systemd hands over");
  app->add_option("--web.telemetry-path", arguments->telemetry_path,
                  "Path of the metrics (default: /metrics)")
      ->type_name("PATH");
  app->add_option("--web.max-requests", arguments->max_requests,
                  "Requests at a time, others get 503 (default: 40;\n"
                  "0: no limit)")
      ->type_name("N");
  app->add_option("--web.config.file", arguments->config_file,
                  "TLS, authentication and headers, as exporters have\n"
                  "it; read again when it changes")
      ->type_name("FILE");
  app->add_flag_callback(
      "--web.disable-exporter-metrics",
      [arguments] { arguments->own_metrics = false; },
      "Leave out the metrics about promshm-serve itself");
}

void AddViewOptions(CLI::App* app, ServeArguments* arguments, Texts* texts) {
  CollectorOptions* const view = &arguments->view;
  AddList(app, "--keep", "PATTERN",
          "Only families of such a name; * and ? stand for\n"
          "any text and character; may be given several times",
          &view->keep);
  AddList(app, "--drop", "PATTERN", "No families of such a name", &view->drop);
  AddList(app, "--drop-label", "NAME",
          "Drop a label, and add up what is equal without it",
          &view->drop_labels);
  AddList(app, "--gauge-mode", "FAMILY=MODE",
          "Merge a gauge otherwise: all, min, max or sum", &texts->gauge_modes);
  app->add_flag("--leave-out-dead", view->leave_out_dead,
                "Leave out live gauges of processes that have ended");
}

void AddOtherOptions(CLI::App* app, ServeArguments* arguments) {
  app->add_option_function<std::string>(
         "--process-metrics",
         [arguments](const std::string& text) {
           arguments->process_metrics = *ParseProcessMetricsMode(text);
         },
         "CPU, memory and so on of the living workers: their\n"
         "sum (default), one each by pid, or off")
      ->type_name("off|sum|pid")
      ->check(CLI::IsMember({"off", "sum", "pid"}).description(""));
  app->add_option_function<double>(
         "--compact",
         [arguments](double seconds) {
           arguments->compact = std::chrono::milliseconds(
               static_cast<std::int64_t>(seconds * 1000));
         },
         "Every SECONDS, clean up after processes that have\n"
         "ended, as promshm-gc --compact does")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.01, 1e9).description(""))
      ->check([](const std::string& text) {
        // It is neither too small nor too large.
        return std::isnan(std::stod(text)) ? text + ": not a number"
                                           : std::string();
      });
  app->add_option("--proc", arguments->view.proc,
                  "Where processes are looked up (default: /proc)")
      ->type_name("DIR");
  app->add_option_function<std::string>(
         "--log.level",
         [arguments](const std::string& text) {
           arguments->log_level = *ParseLogLevel(text);
         },
         "The least that is told (default: info)")
      ->type_name("debug|info|warn|error")
      ->check(
          CLI::IsMember({"debug", "info", "warn", "error"}).description(""));
  app->add_option_function<std::string>(
         "--log.format",
         [arguments](const std::string& text) {
           arguments->log_format = *ParseLogFormat(text);
         },
         "How it is told (default: logfmt)")
      ->type_name("logfmt|json")
      ->check(CLI::IsMember({"logfmt", "json"}).description(""));
}

Status ReadDirectories(const std::vector<std::string>& texts,
                       std::vector<DirectoryArgument>* directories) {
  for (const std::string& text : texts) {
    Result<DirectoryArgument> directory = ParseDirectoryArgument(text);
    if (!directory.ok()) return directory.status();
    directories->push_back(*std::move(directory));
  }
  if (!directories->empty()) return {};
  const std::string path = DefaultDirectory();
  if (path.empty()) {
    return {StatusKind::kInvalidArgument,
            "no directory: name one or set PROMETHEUS_MULTIPROC_DIR"};
  }
  directories->push_back({"", path, false});
  return {};
}

Status ReadGaugeModes(const std::vector<std::string>& texts,
                      std::map<std::string, GaugeMode>* modes) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');
    const auto mode = equals == std::string::npos
                          ? ModesToChoose().end()
                          : ModesToChoose().find(text.substr(equals + 1));
    if (equals == 0 || mode == ModesToChoose().end()) {
      return {StatusKind::kInvalidArgument,
              "--gauge-mode: " + text +
                  ": not FAMILY=MODE with mode all, min, max or sum"};
    }
    (*modes)[text.substr(0, equals)] = mode->second;
  }
  return {};
}

Status CheckDropLabels(const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    if (label == "le") {
      return {StatusKind::kInvalidArgument,
              "--drop-label: le: a histogram is none without it"};
    }
  }
  return {};
}

Status Read(const Texts& texts, ServeArguments* arguments) {
  for (Status status :
       {ReadDirectories(texts.directories, &arguments->directories),
        ReadGaugeModes(texts.gauge_modes, &arguments->view.gauge_modes),
        CheckDropLabels(arguments->view.drop_labels)}) {
    if (!status.ok()) return status;
  }
  if (arguments->listen_addresses.empty()) {
    arguments->listen_addresses = {DefaultListenAddress()};
  } else if (arguments->systemd_socket) {
    return {StatusKind::kInvalidArgument,
            "--web.systemd-socket: not with --web.listen-address"};
  }
  return {};
}

}  // namespace

std::optional<int> ReadServeArguments(int argc, char** argv,
                                      ServeArguments* arguments) {
  CLI::App app(
      "Serve prometheus_client multiprocess directories over HTTP: each at\n"
      "/metrics/NAME, all together at /metrics, a status page at /.",
      kServeName);
  app.set_version_flag("--version", VersionText(kServeName),
                       "Print the version");
  Texts texts;
  app.add_option("DIR", texts.directories,
                 "DIR, NAME=DIR, or a pattern of directories that\n"
                 "come and go (default: $PROMETHEUS_MULTIPROC_DIR)")
      ->type_name("");
  AddWebOptions(&app, arguments);
  AddViewOptions(&app, arguments, &texts);
  AddOtherOptions(&app, arguments);
  app.footer(
      "Prints a line for each address it listens on, and stops at SIGTERM or\n"
      "SIGINT. Exit status: 0 stopped; 2 trouble: usage, no directory, no\n"
      "permission, cannot listen.");
  const std::optional<int> done = ParseArguments(argc, argv, &app);
  if (done) return done;
  const Status status = Read(texts, arguments);
  if (!status.ok()) return Trouble(kServeName, status.message());
  return std::nullopt;
}

}  // namespace promshm::tools
