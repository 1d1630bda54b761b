#ifndef PROMSHM_TOOLS_SERVE_WEB_WEB_CONFIG_FILE_H_
#define PROMSHM_TOOLS_SERVE_WEB_WEB_CONFIG_FILE_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/log.h"
#include "tools/serve/web/tls_credentials.h"
#include "tools/serve/web/watched_file.h"
#include "tools/serve/web/web_config.h"

struct gnutls_session_int;

namespace promshm::tools {

// A configuration with what the files have in them that it names.
struct WebSettings {
  WebConfig config;

  // Null where the server speaks plain HTTP.
  std::shared_ptr<const TlsCredentials> tls;
};

// Purpose: the configuration in force. It follows the file, and the files of
// certificates and keys that it names: whoever asks gets what is there now. As
// long as that is wrong, the last one that was right stays in force, and what
// is wrong is told once.
//
// Turning TLS on or off is wrong, too: that needs a new start.
//
// Thread safety: every method may be called from several threads.
class WebConfigFile {
 public:
  // `log` has to outlive the object.
  static Result<std::unique_ptr<WebConfigFile>> Open(const std::string& path,
                                                     const Log& log);

  bool uses_tls() const { return uses_tls_; }

  // Prepares a session of a new connection by the configuration now in force.
  // The session needs what is returned for as long as it lives; null where it
  // cannot be prepared. Does not throw.
  std::shared_ptr<const TlsCredentials> PrepareSession(
      gnutls_session_int* session) noexcept;

  // Never null. Costs a stat() for each file where nothing has changed.
  std::shared_ptr<const WebSettings> Current();

  // Reads the files even if they look unchanged, and tells again what is
  // wrong.
  void Reload();

 private:
  using Settings = std::shared_ptr<const WebSettings>;

  // What was read, be it in vain, to see when it is worth another try.
  struct Reading {
    std::vector<WatchedFile> files;

    // Whether each file that is named could be read.
    bool is_whole = false;
    Result<Settings> settings;
  };

  WebConfigFile(std::string path, const Log& log, Settings settings,
                Reading reading);

  static Reading Read(const std::string& path);

  // An error is the reason alone, beginning with the key.
  static Status ReadTls(WebSettings* settings, Reading* reading);

  // With the lock held.
  bool MayHaveChanged() const;
  bool HasSameTexts();
  void Take(Reading reading);

  const std::string path_;
  const Log& log_;
  const bool uses_tls_;
  std::mutex mutex_;
  Reading reading_;
  Settings current_;
  std::string told_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_WEB_CONFIG_FILE_H_
