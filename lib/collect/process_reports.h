#ifndef PROMSHM_COLLECT_PROCESS_REPORTS_H_
#define PROMSHM_COLLECT_PROCESS_REPORTS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "collect/process_judge.h"
#include "collect/scrape.h"
#include "promshm/process_report.h"

namespace promshm::collect {

// Purpose: who wrote what of a scrape's last pass. Keeps what it made until
// something other than the values changes.
//
// Thread safety: needs external locking.
class ProcessReports {
 public:
  using Reports = std::shared_ptr<const std::vector<ProcessReport>>;

  // One scrape only, since which nothing was reset.
  Reports Take(Scrape* scrape);

 private:
  bool AreUpToDate(const Scrape& scrape, const ProcessJudge& judge) const;

  std::uint64_t version_ = 0;
  std::vector<std::uint32_t> processes_;  // their numbers, in order
  Reports reports_;                       // null: none were made
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_PROCESS_REPORTS_H_
