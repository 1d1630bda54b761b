#include "tools/serve/metrics/cpu_tally.h"

#include <cmath>

namespace promshm::tools {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;

}  // namespace

void CpuTally::See(const RunningProcess& process, double seconds) {
  known_[{process.id, process.start_ticks}] = {
      process, static_cast<std::uint64_t>(
                   std::llround(seconds * kMicrosecondsPerSecond))};
}

void CpuTally::Settle(
    const std::function<bool(const RunningProcess&)>& has_ended) {
  for (auto known = known_.begin(); known != known_.end();) {
    if (has_ended(known->second.process)) {
      ended_ += known->second.microseconds;
      known = known_.erase(known);
    } else {
      ++known;
    }
  }
}

double CpuTally::seconds() const {
  std::uint64_t sum = ended_;
  for (const auto& [key, known] : known_) sum += known.microseconds;
  return static_cast<double>(sum) / kMicrosecondsPerSecond;
}

}  // namespace promshm::tools
