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
#include "store/process_generation.h"

namespace promshm {

namespace {

// Purpose: what a Collector remembers in one process.
//
// Thread safety: safe.
class Remembered {
 public:
  Remembered(const std::vector<std::string>& sources,
             collect::KnownDirectory::Files files)
      : scrape_(sources, files) {}

  // The process that it belongs to.
  std::uint32_t generation() const { return generation_; }

  Result<Snapshot> Collect(const CollectOptions& options) {
    const std::uint64_t begun_before = passes_begun_;
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
      // Whoever waited has a pass that began after it came, be it another's.
      if (passes_begun_ == begun_before || is_forgotten_) Pass();
      if (!status_.ok()) return status_;
      collect::View& view = ViewOf(options.names);
      Snapshot snapshot = view.Take(scrape_);
      if (scrape_.IsOutgrown(view.keys())) Forget();
      return snapshot;
    } catch (...) {
      // What an exception interrupts is half known.
      Forget();
      throw;
    }
  }

 private:
  void Pass() {
    ++passes_begun_;
    status_ = scrape_.Pass();
    is_forgotten_ = false;
  }

  void Forget() noexcept {
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

  const std::uint32_t generation_ = store::EnterProcess();
  std::atomic<std::uint64_t> passes_begun_{0};
  std::mutex mutex_;
  collect::Scrape scrape_;
  bool is_forgotten_ = true;  // what the last pass found
  Status status_;
  std::optional<collect::View> all_;
  // Of the names that were asked for last.
  std::optional<collect::View> some_;
};

}  // namespace

// What this process remembers. What its parent remembered stays as it was when
// the process was forked, perhaps in the middle of a pass, and is not touched.
class Collector::Memory {
 public:
  Memory(std::vector<std::string> sources, collect::KnownDirectory::Files files)
      : sources_(std::move(sources)),
        files_(files),
        here_(new Remembered(sources_, files_)) {}

  ~Memory() {
    const Remembered* const here = here_;
    if (here->generation() == store::EnterProcess()) delete here;
  }

  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  Result<Snapshot> Collect(const CollectOptions& options) {
    Remembered* here = here_;
    if (here->generation() != store::EnterProcess()) here = BeginAnew(here);
    return here->Collect(options);
  }

 private:
  Remembered* BeginAnew(Remembered* parents) {
    auto own = std::make_unique<Remembered>(sources_, files_);
    Remembered* here = parents;
    // Another thread may have been faster.
    return here_.compare_exchange_strong(here, own.get()) ? own.release()
                                                          : here;
  }

  const std::vector<std::string> sources_;
  const collect::KnownDirectory::Files files_;
  std::atomic<Remembered*> here_;
};

Collector::Collector(std::string directory)
    : memory_(std::make_unique<Memory>(
          std::vector<std::string>{std::move(directory)},
          collect::KnownDirectory::Files::kRefused)) {}

Collector::Collector(const std::vector<std::string>& sources)
    : memory_(std::make_unique<Memory>(
          sources, collect::KnownDirectory::Files::kTaken)) {}

Collector::Collector(CollectorOptions options)
    : Collector(options.sources) {}

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
