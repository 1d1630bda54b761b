#ifndef PROMSHM_TOOLS_SERVE_METRICS_CPU_TALLY_H_
#define PROMSHM_TOOLS_SERVE_METRICS_CPU_TALLY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "promshm/running_process.h"

namespace promshm::tools {

// Purpose: the CPU time of processes that come and go, as a counter: it never
// falls. What a process had when it was last seen stays in it.
//
// Thread safety: needs external locking.
class CpuTally {
 public:
  // What a process has used by now. One that is known must not have used less.
  void See(const RunningProcess& process, double seconds);

  // Adds those for good that have ended. Whoever is not seen and has not ended
  // may come back.
  void Settle(const std::function<bool(const RunningProcess&)>& has_ended);

  bool empty() const { return ended_ == 0 && known_.empty(); }
  double seconds() const;

 private:
  // A process is its ID and its start. Whole numbers, since a sum of fractions
  // depends on their order.
  using Key = std::pair<std::uint64_t, std::uint64_t>;

  struct Known {
    RunningProcess process;
    std::uint64_t microseconds = 0;
  };

  std::map<Key, Known> known_;
  std::uint64_t ended_ = 0;  // microseconds of those that are forgotten
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_CPU_TALLY_H_
