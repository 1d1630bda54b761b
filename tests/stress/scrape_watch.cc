#include "tests/stress/scrape_watch.h"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "promshm/exposition.h"

namespace promshm::testing {

ScrapeWatch::ScrapeWatch(const std::string& directory, double unit)
    : own_(std::make_unique<Collector>(directory)),
      collector_(*own_),
      unit_(unit),
      thread_([this] { Watch(); }) {}

ScrapeWatch::ScrapeWatch(Collector* collector, double unit)
    : collector_(*collector), unit_(unit), thread_([this] { Watch(); }) {}

ScrapeWatch::~ScrapeWatch() { Stop(); }

void ScrapeWatch::WaitForChanges(int count) const {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::minutes(1);
  while (changes_ < count && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void ScrapeWatch::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void ScrapeWatch::Watch() {
  while (!stopping_) Scrape();
  Scrape();
}

void ScrapeWatch::Scrape() {
  const Result<Snapshot> snapshot = collector_.Collect();
  if (!snapshot.ok()) {
    Report(snapshot.status().message());
    return;
  }
  for (const Issue& issue : snapshot->issues()) Report(issue.ToString());
  Totals totals = TotalsOf(*snapshot);
  Compare(totals);
  if (totals != totals_) ++changes_;
  totals_ = std::move(totals);
}

void ScrapeWatch::Compare(const Totals& totals) {
  for (const auto& [name, before] : totals_) {
    const auto now = totals.find(name);
    if (now == totals.end()) {
      Report(name + ": gone after " + NumberText(before));
    } else if (!(now->second >= before)) {
      Report(name + ": fell from " + NumberText(before) + " to " +
             NumberText(now->second));
    }
  }
  for (const auto& [name, value] : totals) {
    if (std::fmod(value, unit_) != 0) {
      Report(name + ": no multiple of the unit: " + NumberText(value));
    }
  }
}

void ScrapeWatch::Report(std::string finding) {
  constexpr std::size_t kMost = 20;
  if (findings_.size() < kMost) findings_.push_back(std::move(finding));
}

}  // namespace promshm::testing
