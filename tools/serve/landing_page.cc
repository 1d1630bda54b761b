#include "tools/serve/landing_page.h"

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

std::string LandingPage(std::string_view telemetry_path,
                        std::string_view health_path,
                        std::string_view version) {
  return "<!DOCTYPE html>\n"
         "<html lang=\"en\">\n"
         "<head>\n"
         "<meta charset=\"utf-8\">\n"
         "<title>promshm-serve</title>\n"
         "</head>\n"
         "<body>\n"
         "<h1>promshm-serve</h1>\n"
         "<p>The sums of a Prometheus multiprocess directory.</p>\n"
         "<ul>\n"
         "<li><a href=\"" +
         EscapeHtml(telemetry_path) +
         "\">Metrics</a></li>\n"
         "<li><a href=\"" +
         EscapeHtml(health_path) +
         "\">Health</a></li>\n"
         "</ul>\n"
         "<p>" +
         EscapeHtml(version) +
         "</p>\n"
         "</body>\n"
         "</html>\n";
}

}  // namespace promshm::tools
