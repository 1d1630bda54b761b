#include "tools/serve/web/web_config_file.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace promshm::tools {
namespace {

struct NamedPem {
  const char* key;
  const PemSource& source;
  std::string* text;
};

}  // namespace

Result<std::unique_ptr<WebConfigFile>> WebConfigFile::Open(
    const std::string& path, const Log& log) {
  Reading reading = Read(path);
  if (!reading.settings.ok()) return reading.settings.status();
  Settings settings = *reading.settings;
  return std::unique_ptr<WebConfigFile>(
      new WebConfigFile(path, log, std::move(settings), std::move(reading)));
}

WebConfigFile::WebConfigFile(std::string path, const Log& log,
                             Settings settings, Reading reading)
    : path_(std::move(path)),
      log_(log),
      uses_tls_(settings->tls != nullptr),
      reading_(std::move(reading)),
      current_(std::move(settings)) {}

WebConfigFile::Settings WebConfigFile::Current() {
  const std::lock_guard lock(mutex_);
  if (MayHaveChanged() && !HasSameTexts()) Take(Read(path_));
  return current_;
}

std::shared_ptr<const TlsCredentials> WebConfigFile::PrepareSession(
    gnutls_session_int* session) noexcept {
  try {
    std::shared_ptr<const TlsCredentials> tls = Current()->tls;
    return tls != nullptr && tls->Prepare(session) ? tls : nullptr;
  } catch (const std::exception&) {
    return nullptr;
  }
}

void WebConfigFile::Reload() {
  const std::lock_guard lock(mutex_);
  told_.clear();
  Take(Read(path_));
}

WebConfigFile::Reading WebConfigFile::Read(const std::string& path) {
  Result<WatchedFile> file = WatchedFile::Read(path);
  if (!file.ok()) return {{}, false, file.status()};
  Result<WebConfig> config = ParseWebConfig(file->text(), path);
  Reading reading{{}, true, config.status()};
  reading.files.push_back(*std::move(file));
  if (!config.ok()) return reading;
  auto settings = std::make_shared<WebSettings>();
  settings->config = *std::move(config);
  const Status status = ReadTls(settings.get(), &reading);
  reading.settings = status.ok()
                         ? Result<Settings>(std::move(settings))
                         : Status(status.kind(), path + ": tls_server_config." +
                                                     status.message());
  return reading;
}

Status WebConfigFile::ReadTls(WebSettings* settings, Reading* reading) {
  if (!settings->config.tls) return {};
  const TlsConfig& config = *settings->config.tls;
  TlsTexts texts;
  for (const auto& [key, source, text] :
       {NamedPem{"cert_file", config.certificate, &texts.certificate},
        NamedPem{"key_file", config.key, &texts.key},
        NamedPem{"client_ca_file", config.client_ca, &texts.client_ca}}) {
    *text = source.text;
    if (source.file.empty()) continue;
    Result<WatchedFile> file = WatchedFile::Read(source.file);
    if (!file.ok()) {
      reading->is_whole = false;
      return {file.status().kind(),
              std::string(key) + ": " + file.status().message()};
    }
    *text = file->text();
    reading->files.push_back(*std::move(file));
  }
  Result<std::shared_ptr<const TlsCredentials>> made =
      TlsCredentials::Make(config, texts);
  if (!made.ok()) return made.status();
  settings->tls = *std::move(made);
  return {};
}

bool WebConfigFile::MayHaveChanged() const {
  return !reading_.is_whole ||
         std::any_of(reading_.files.begin(), reading_.files.end(),
                     [](const WatchedFile& f) { return f.MayHaveChanged(); });
}

// Reads the files again to tell, and if so keeps what was read.
bool WebConfigFile::HasSameTexts() {
  if (!reading_.is_whole) return false;
  std::vector<WatchedFile> files;
  for (const WatchedFile& before : reading_.files) {
    Result<WatchedFile> file = WatchedFile::Read(before.path());
    if (!file.ok() || file->text() != before.text()) return false;
    files.push_back(*std::move(file));
  }
  reading_.files = std::move(files);
  return true;
}

void WebConfigFile::Take(Reading reading) {
  if (reading.settings.ok() &&
      ((*reading.settings)->tls != nullptr) != uses_tls_) {
    reading.settings =
        Status(StatusKind::kInvalidArgument,
               path_ + ": turning TLS on or off needs a restart");
  }
  reading_ = std::move(reading);
  if (reading_.settings.ok()) {
    current_ = *reading_.settings;
    told_.clear();
    log_.Info("web configuration read again", {{"file", path_}});
    return;
  }
  const std::string& problem = reading_.settings.status().message();
  if (problem == told_) return;
  told_ = problem;
  log_.Error("web configuration stays as it was", {{"err", problem}});
}

}  // namespace promshm::tools
