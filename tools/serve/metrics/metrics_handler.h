#ifndef PROMSHM_TOOLS_SERVE_METRICS_METRICS_HANDLER_H_
#define PROMSHM_TOOLS_SERVE_METRICS_METRICS_HANDLER_H_

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"
#include "tools/serve/directory_set.h"
#include "tools/serve/http/http_message.h"
#include "tools/serve/log.h"
#include "tools/serve/metrics/extra_families.h"

namespace promshm::tools {

// Purpose: answers scrapes: the sums of a directory, or of all together, as
// they are now, and what the server has to add about the workers and itself, in
// the format that the client prefers.
//
//   500   two directories disagree in a family
//   503   a directory cannot be read; or not in the time that the client waits
//
// Lifetime: keeps views of what it is given, which must outlive it.
// Thread safety: every method may be called from several threads.
class MetricsHandler {
 public:
  MetricsHandler(DirectorySet* directories, ExtraFamilies* extra,
                 const Log* log);

  Response All(const Request& request);
  Response One(const Request& request,
               const std::shared_ptr<ServedDirectory>& directory);

 private:
  struct Scrape;

  std::vector<ObservedDirectory> Observe(const Scrape& scrape,
                                         const ServedDirectories& directories);
  Response Answer(const Request& request, const Scrape& scrape,
                  ExtraFamilies::Families extra);
  void TellCollisions(const std::vector<std::string>& names);

  DirectorySet& directories_;
  ExtraFamilies& extra_;
  const Log& log_;
  IssueLog together_log_;
  std::mutex mutex_;
  std::set<std::string> told_;  // names that collide
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_METRICS_HANDLER_H_
