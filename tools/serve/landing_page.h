#ifndef PROMSHM_TOOLS_SERVE_LANDING_PAGE_H_
#define PROMSHM_TOOLS_SERVE_LANDING_PAGE_H_

#include <string>
#include <string_view>

namespace promshm::tools {

// The HTML of `/`: links to the metrics and the health check, and the version.
std::string LandingPage(std::string_view telemetry_path,
                        std::string_view health_path, std::string_view version);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_LANDING_PAGE_H_
