#ifndef PROMSHM_TOOLS_SERVE_WEB_SUBJECT_ALT_NAMES_H_
#define PROMSHM_TOOLS_SERVE_WEB_SUBJECT_ALT_NAMES_H_

#include <gnutls/gnutls.h>

#include <string>
#include <vector>

namespace promshm::tools {

// The subject alternative names of an X.509 certificate in DER: DNS names,
// mail addresses and URIs as they are, IP addresses as text. None where it
// cannot be read.
std::vector<std::string> SubjectAltNames(const gnutls_datum_t& certificate);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_SUBJECT_ALT_NAMES_H_
