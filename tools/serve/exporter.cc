#include "tools/serve/exporter.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <utility>

#include "tools/serve/http/systemd_sockets.h"
#include "tools/serve/status/json_answer.h"
#include "tools/serve/status/process_lookup.h"

namespace promshm::tools {
namespace {

// A scrape may wait for a directory's lock; several may, one after the other.
constexpr std::chrono::seconds kPatience{10};

Result<std::vector<ListeningSocket>> OpenSockets(
    const ServeArguments& arguments) {
  if (arguments.systemd_socket) return SystemdSockets();
  std::vector<ListeningSocket> sockets;
  for (const std::string& text : arguments.listen_addresses) {
    const Result<ListenAddress> address = ParseListenAddress(text);
    if (!address.ok()) return address.status();
    Result<std::vector<ListeningSocket>> opened = Listen(*address);
    if (!opened.ok()) return opened.status();
    std::move(opened->begin(), opened->end(), std::back_inserter(sockets));
  }
  return sockets;
}

}  // namespace

Result<std::unique_ptr<Exporter>> Exporter::Make(
    const ServeArguments& arguments) {
  auto exporter = std::unique_ptr<Exporter>(new Exporter(arguments));
  Status status = exporter->Prepare();
  if (!status.ok()) return status;
  return exporter;
}

Exporter::Exporter(const ServeArguments& arguments)
    : arguments_(arguments),
      log_(arguments.log_level, arguments.log_format),
      processes_(arguments.view.proc),
      extra_(arguments.own_metrics, arguments.process_metrics,
             arguments.view.proc, &processes_, &log_) {}

Status Exporter::Start() {
  Result<std::vector<ListeningSocket>> sockets = OpenSockets(arguments_);
  if (!sockets.ok()) return sockets.status();
  WarnOfStrangers(*sockets);
  // Which they are is told at once.
  directories_->Current();
  server_.emplace([this](const Request& request) { return Answer(request); },
                  ServerOptions());
  for (ListeningSocket& socket : *sockets) {
    const std::string url = UrlOf(ToString(socket.address()));
    Status started = server_->Start(std::move(socket));
    if (!started.ok()) return started;
    std::printf("%s: listening on %s\n", kServeName, url.c_str());
  }
  std::fflush(stdout);
  StartUpkeep();
  manager_.StartWatchdog([this] { return server_->IsAlive(kPatience); });
  manager_.Ready();
  return {};
}

void Exporter::Run(const sigset_t& signals) {
  for (;;) {
    int received = 0;
    sigwait(&signals, &received);
    if (received != SIGHUP) break;
    manager_.Reloading();
    if (web_config_ != nullptr) web_config_->Reload();
    manager_.Ready();
  }
  manager_.Stopping();
  log_.Info("stopping");
  upkeep_.reset();
  server_->Stop();
}

Status Exporter::Prepare() {
  Result<std::unique_ptr<DirectorySet>> directories =
      DirectorySet::Make(arguments_.directories, arguments_.view, &log_);
  if (!directories.ok()) return directories.status();
  directories_ = *std::move(directories);
  metrics_.emplace(directories_.get(), &extra_, &log_);
  site_.emplace(ServerFacts{UnixNow(), arguments_.telemetry_path},
                directories_.get(), &*metrics_,
                LookUpBy(&processes_, arguments_.view.proc));
  if (arguments_.config_file.empty()) return {};
  Result<std::unique_ptr<WebConfigFile>> config =
      WebConfigFile::Open(arguments_.config_file, log_);
  if (!config.ok()) return config.status();
  web_config_ = *std::move(config);
  gate_.emplace(web_config_.get(), [this](const Request& request) {
    return site_->Handle(request);
  });
  return {};
}

Response Exporter::Answer(const Request& request) {
  try {
    return gate_ ? gate_->Handle(request) : site_->Handle(request);
  } catch (const std::exception& error) {
    log_.Error("cannot answer",
               {{"path", request.path}, {"err", error.what()}});
    return TextPage(500, std::string("cannot answer: ") + error.what() + "\n");
  }
}

bool Exporter::is_encrypted() const {
  return web_config_ != nullptr && web_config_->uses_tls();
}

HttpServerOptions Exporter::ServerOptions() {
  HttpServerOptions options;
  options.max_requests = arguments_.max_requests;
  options.tls = is_encrypted();
  options.prepare_session = [this](gnutls_session_int* session) {
    return web_config_->PrepareSession(session);
  };
  return options;
}

std::string Exporter::UrlOf(const std::string& address) const {
  if (address.starts_with("unix:")) return address;
  return (is_encrypted() ? "https://" : "http://") + address +
         arguments_.telemetry_path;
}

void Exporter::WarnOfStrangers(
    const std::vector<ListeningSocket>& sockets) const {
  const bool has_users =
      web_config_ != nullptr && !web_config_->Current()->config.users.empty();
  if (is_encrypted() || has_users ||
      std::all_of(
          sockets.begin(), sockets.end(),
          [](const ListeningSocket& socket) { return IsLoopback(socket); })) {
    return;
  }
  log_.Warn(
      "other machines can read the metrics: there is neither TLS nor "
      "authentication, see --web.config.file");
}

void Exporter::StartUpkeep() {
  if (!arguments_.compact) return;
  upkeep_.emplace(directories_.get(), *arguments_.compact, arguments_.view.proc,
                  &log_,
                  [this](const std::string& directory,
                         const Result<CleaningReport>& outcome) {
                    extra_.NoteCleaning(directory, outcome);
                  });
}

}  // namespace promshm::tools
