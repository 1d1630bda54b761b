#include "promshm/collector.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "collect/known_directory.h"
#include "collect/scrape.h"
#include "collect/view.h"
#include "store/multiprocess_directory.h"

namespace promshm {

class Collector::Memory {
 public:
  Memory(const std::vector<std::string>& sources,
         collect::KnownDirectory::Files files)
      : scrape_(sources, files) {}

  Result<Snapshot> Collect(const CollectOptions& options) {
    const std::uint64_t begun_before = passes_begun_;
    const std::lock_guard<std::mutex> lock(mutex_);
    // Whoever waited has a pass that began after it came, be it another's.
    if (passes_begun_ == begun_before || is_forgotten_) Pass();
    if (!status_.ok()) return status_;
    collect::View& view = ViewOf(options.names);
    Snapshot snapshot = view.Take(scrape_);
    if (scrape_.IsOutgrown(view.keys())) Reset();
    return snapshot;
  }

 private:
  void Pass() {
    ++passes_begun_;
    // What an exception interrupts is half known.
    status_ = {StatusKind::kIoError, "out of memory"};
    try {
      status_ = scrape_.Pass();
      is_forgotten_ = false;
    } catch (...) {
      Reset();
      throw;
    }
  }

  void Reset() {
    is_forgotten_ = true;
    scrape_.Reset();
    all_.reset();
    some_.reset();
  }

  collect::View& ViewOf(const std::vector<std::string>& names) {
    std::optional<collect::View>& view = names.empty() ? all_ : some_;
    if (!view || view->names() != names) view.emplace(names);
    return *view;
  }

  std::atomic<std::uint64_t> passes_begun_{0};
  std::mutex mutex_;
  collect::Scrape scrape_;
  bool is_forgotten_ = true;  // what the last pass found
  Status status_;
  std::optional<collect::View> all_;
  // Of the names that were asked for last.
  std::optional<collect::View> some_;
};

Collector::Collector(std::string directory)
    : memory_(std::make_unique<Memory>(
          std::vector<std::string>{std::move(directory)},
          collect::KnownDirectory::Files::kRefused)) {}

Collector::Collector(const std::vector<std::string>& sources)
    : memory_(std::make_unique<Memory>(
          sources, collect::KnownDirectory::Files::kTaken)) {}

Collector::~Collector() = default;
Collector::Collector(Collector&& other) noexcept = default;
Collector& Collector::operator=(Collector&& other) noexcept = default;

Result<Snapshot> Collector::Collect(const CollectOptions& options) noexcept {
  try {
    return memory_->Collect(options);
  } catch (...) {
    // Nothing else is thrown; the text is short enough to need no memory.
    return Status(StatusKind::kIoError, "out of memory");
  }
}

Collector MultiProcessRegistry(const std::string& directory) {
  return Collector(store::MultiprocessDirectory(directory));
}

}  // namespace promshm
