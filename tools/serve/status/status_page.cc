#include "tools/serve/status/status_page.h"

#include <cstddef>
#include <string_view>
#include <utility>

namespace promshm::tools {
namespace {

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

Response StatusPage(const std::string& telemetry_path) {
  constexpr std::string_view kPlace = "{{telemetry_path}}";
  std::string document = kStatusPageDocument;
  const std::size_t place = document.find(kPlace);
  document.replace(place, kPlace.size(), EscapeHtml(telemetry_path));
  Response response;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"Content-Security-Policy", kStatusPagePolicy},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body = std::move(document);
  return response;
}

}  // namespace promshm::tools
