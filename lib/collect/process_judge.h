#ifndef PROMSHM_COLLECT_PROCESS_JUDGE_H_
#define PROMSHM_COLLECT_PROCESS_JUDGE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "collect/known_directory.h"
#include "store/liveness.h"
#include "store/process_table.h"

namespace promshm::collect {

// Purpose: says of each process that left files whether it lives. What passes
// learnt of the files' writers mostly tells; otherwise files are opened and
// processes looked up, at most every few seconds.
//
// Processes have numbers, each in one directory.
//
// Thread safety: needs external locking.
class ProcessJudge {
 public:
  // `proc` as CollectorOptions has it.
  explicit ProcessJudge(std::string proc) : table_(std::move(proc)) {}

  // By what the last pass found. True when other processes than before are
  // dead.
  bool Judge(const std::deque<KnownDirectory>& directories);

  // Unknown of a number that was not judged yet.
  store::Finding Of(std::uint32_t process) const;

  // Processes get other numbers.
  void Reset();

 private:
  using Clock = std::chrono::steady_clock;

  // What a closer look at a directory has shown.
  struct CloseLook {
    std::vector<std::uint32_t> processes;  // of which passes did not tell
    std::vector<store::Finding> findings;
    Clock::time_point until;
  };

  void JudgeDirectory(const KnownDirectory& directory, CloseLook* look);
  void LookClosely(const KnownDirectory& directory, CloseLook* look) const;

  const store::ProcessTable table_;
  std::vector<store::Finding> findings_;
  std::vector<CloseLook> looks_;  // by directory
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_PROCESS_JUDGE_H_
