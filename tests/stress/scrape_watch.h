#ifndef PROMSHM_TESTS_STRESS_SCRAPE_WATCH_H_
#define PROMSHM_TESTS_STRESS_SCRAPE_WATCH_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "promshm/collector.h"
#include "tests/stress/totals.h"

namespace promshm::testing {

// Purpose: scrapes a directory of counters, histograms and summaries without
// pause, in a thread of its own, and holds each scrape against the one before:
// no series goes away, no value falls, and every value is a multiple of
// `unit`, a power of two.
//
// Thread safety: needs external locking.
class ScrapeWatch {
 public:
  ScrapeWatch(const std::string& directory, double unit);

  // By a Collector that others may use meanwhile; it must outlive this.
  ScrapeWatch(Collector* collector, double unit);

  ~ScrapeWatch();
  ScrapeWatch(const ScrapeWatch&) = delete;
  ScrapeWatch& operator=(const ScrapeWatch&) = delete;

  // Waits until so many scrapes found other values than the one before, for a
  // minute at most.
  void WaitForChanges(int count) const;

  // Scrapes once more and ends the thread; call it before the following.
  void Stop();

  // What was wrong; no more than some.
  const std::vector<std::string>& findings() const { return findings_; }

  // As of WaitForChanges().
  int changes() const { return changes_; }

  // What the last scrape found.
  const Totals& totals() const { return totals_; }

 private:
  void Watch();
  void Scrape();
  void Compare(const Totals& totals);
  void Report(std::string finding);

  const std::unique_ptr<Collector> own_;
  Collector& collector_;
  const double unit_;
  std::vector<std::string> findings_;
  std::atomic<int> changes_{0};
  Totals totals_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_STRESS_SCRAPE_WATCH_H_
