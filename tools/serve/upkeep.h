#ifndef PROMSHM_TOOLS_SERVE_UPKEEP_H_
#define PROMSHM_TOOLS_SERVE_UPKEEP_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "promshm/maintain.h"
#include "promshm/status.h"
#include "tools/serve/directory_set.h"
#include "tools/serve/log.h"

namespace promshm::tools {

// Purpose: cleans up the directories in a thread of its own, every so often, as
// `promshm-gc --compact` does.
//
// Lifetime: what it is given must outlive it.
class Upkeep {
 public:
  // Told of each clean-up that did something, or failed.
  using Listener = std::function<void(const std::string& directory,
                                      const Result<CleaningReport>& outcome)>;

  // The first clean-up begins at once. `proc` as CleaningOptions has it.
  Upkeep(DirectorySet* directories, std::chrono::milliseconds pause,
         std::string proc, const Log* log, Listener listener);

  // Waits for the clean-up that is under way.
  ~Upkeep();

  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  void Run(const std::stop_token& stop);
  void CleanUp(ServedDirectory* directory);
  void TellFailure(const ServedDirectory& directory, const Status& failure);

  DirectorySet& directories_;
  const std::chrono::milliseconds pause_;
  const std::string proc_;
  const Log& log_;
  const Listener listener_;
  std::map<std::string, std::string> failures_;  // told, by directory
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_UPKEEP_H_
