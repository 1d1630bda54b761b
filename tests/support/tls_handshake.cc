#include "tests/support/tls_handshake.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace promshm::testing {
namespace {

void Check(int error) {
  if (error < 0) throw std::runtime_error(gnutls_strerror(error));
}

// One end of a connection that is all in memory.
struct End {
  explicit End(unsigned flags) {
    gnutls_init(&session, flags | GNUTLS_NONBLOCK);
  }
  ~End() { gnutls_deinit(session); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  static ssize_t Push(gnutls_transport_ptr_t end, const void* data,
                      std::size_t size) {
    static_cast<End*>(end)->other->incoming.append(
        static_cast<const char*>(data), size);
    return static_cast<ssize_t>(size);
  }

  static ssize_t Pull(gnutls_transport_ptr_t pointer, void* data,
                      std::size_t size) {
    auto* const end = static_cast<End*>(pointer);
    if (end->incoming.empty()) {
      gnutls_transport_set_errno(end->session, EAGAIN);
      return -1;
    }
    size = std::min(size, end->incoming.size());
    std::memcpy(data, end->incoming.data(), size);
    end->incoming.erase(0, size);
    return static_cast<ssize_t>(size);
  }

  void Connect(End* to) {
    other = to;
    gnutls_transport_set_ptr(session, this);
    gnutls_transport_set_push_function(session, &Push);
    gnutls_transport_set_pull_function(session, &Pull);
  }

  gnutls_session_t session = nullptr;
  End* other = nullptr;
  std::string incoming;
};

struct FreeCredentials {
  void operator()(gnutls_certificate_credentials_st* credentials) const {
    gnutls_certificate_free_credentials(credentials);
  }
};
using ClientCredentials =
    std::unique_ptr<gnutls_certificate_credentials_st, FreeCredentials>;

std::string NameOf(gnutls_alert_description_t alert) {
  return std::string(gnutls_alert_get_strname(alert))
      .substr(std::strlen("GNUTLS_A_"));
}

gnutls_datum_t Datum(std::string* text) {
  return {reinterpret_cast<unsigned char*>(text->data()),
          static_cast<unsigned>(text->size())};
}

class Handshake {
 public:
  Handshake(const std::function<bool(gnutls_session_t)>& prepare,
            const TlsClient& client) {
    server_.Connect(&client_);
    client_.Connect(&server_);
    // As the server's library leaves a session.
    gnutls_set_default_priority(server_.session);
    gnutls_session_set_ptr(server_.session, nullptr);
    Check(prepare(server_.session) ? 0 : GNUTLS_E_INTERNAL_ERROR);
    gnutls_certificate_credentials_t own = nullptr;
    gnutls_certificate_allocate_credentials(&own);
    client_credentials_.reset(own);
    if (client.identity) {
      Identity identity = *client.identity;
      const gnutls_datum_t certificate = Datum(&identity.certificate);
      const gnutls_datum_t key = Datum(&identity.key);
      Check(gnutls_certificate_set_x509_key_mem(own, &certificate, &key,
                                                GNUTLS_X509_FMT_PEM));
    }
    Check(gnutls_priority_set_direct(client_.session, client.priority.c_str(),
                                     nullptr));
    gnutls_credentials_set(client_.session, GNUTLS_CRD_CERTIFICATE, own);
  }

  TlsOutcome Run() {
    constexpr int kMostRounds = 100;
    int server = GNUTLS_E_AGAIN;
    int client = GNUTLS_E_AGAIN;
    for (int i = 0; i < kMostRounds; ++i) {
      if (client == GNUTLS_E_AGAIN) client = gnutls_handshake(client_.session);
      if (server == GNUTLS_E_AGAIN) server = gnutls_handshake(server_.session);
    }
    TlsOutcome outcome;
    outcome.accepted = server == 0 && client == 0;
    ReadAlert(client, &outcome);
    if (!outcome.accepted) return outcome;
    outcome.version =
        gnutls_protocol_get_name(gnutls_protocol_get_version(client_.session));
    outcome.suite = gnutls_ciphersuite_get(client_.session);
    outcome.is_resumable = ResumesWith(client_.session);
    return outcome;
  }

 private:
  // In TLS 1.3 the client is told after its own handshake is done.
  void ReadAlert(int handshake, TlsOutcome* outcome) {
    long error = handshake;
    if (error == 0) {
      char byte = 0;
      error = gnutls_record_recv(client_.session, &byte, 1);
    }
    if (error == GNUTLS_E_FATAL_ALERT_RECEIVED) {
      outcome->alert = NameOf(gnutls_alert_get(client_.session));
    }
  }

  static bool ResumesWith(gnutls_session_t session) {
    return (gnutls_session_get_flags(session) & GNUTLS_SFLAGS_SESSION_TICKET) !=
           0;
  }

  End server_{GNUTLS_SERVER};
  End client_{GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT};
  ClientCredentials client_credentials_;
};

}  // namespace

TlsOutcome ShakeHands(const std::function<bool(gnutls_session_t)>& prepare,
                      const TlsClient& client) {
  return Handshake(prepare, client).Run();
}

}  // namespace promshm::testing
