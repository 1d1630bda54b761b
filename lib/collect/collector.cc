#include "promshm/collector.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "collect/process_reports.h"
#include "collect/scrape.h"
#include "collect/view.h"
#include "store/directory_lock.h"
#include "store/multiprocess_directory.h"
#include "store/process_generation.h"

namespace promshm {

namespace {

// Purpose: what a Collector remembers in one process.
//
// Thread safety: safe.
class Remembered {
 public:
  explicit Remembered(const CollectorOptions& options) : scrape_(options) {}

  // The process that it belongs to.
  std::uint32_t generation() const { return generation_; }

  Result<Snapshot> Collect(const CollectOptions& options) {
    const std::uint64_t begun_before = passes_begun_;
    const Turn turn(this, options.deadline);
    if (!turn.has_come()) {
      return Status(StatusKind::kBusy,
                    "cannot collect: another collection takes too long");
    }
    try {
      // Whoever waited has a pass that began after it came, be it another's.
      // Not one that was given up for being late.
      if (passes_begun_ == begun_before || is_forgotten_ || was_cut_short_) {
        Pass(options.deadline);
      }
      if (!status_.ok()) return status_;
      collect::View& view = ViewOf(options.names);
      Snapshot snapshot = view.Take(scrape_);
      if (options.with_processes) {
        snapshot.SetProcessReports(reports_.Take(&scrape_));
      }
      if (scrape_.IsOutgrown(view.keys())) Forget();
      return snapshot;
    } catch (...) {
      // What an exception interrupts is half known.
      Forget();
      throw;
    }
  }

 private:
  // Purpose: one thread at a time.
  class Turn {
   public:
    Turn(Remembered* memory, const store::Deadline& deadline)
        : memory_(*memory) {
      std::unique_lock<std::mutex> lock(memory_.mutex_);
      const auto is_free = [this] { return !memory_.is_taken_; };
      if (deadline) {
        has_come_ = memory_.freed_.wait_until(lock, *deadline, is_free);
      } else {
        memory_.freed_.wait(lock, is_free);
        has_come_ = true;
      }
      memory_.is_taken_ = memory_.is_taken_ || has_come_;
    }

    ~Turn() {
      if (!has_come_) return;
      {
        const std::lock_guard<std::mutex> lock(memory_.mutex_);
        memory_.is_taken_ = false;
      }
      memory_.freed_.notify_one();
    }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    bool has_come() const { return has_come_; }

   private:
    Remembered& memory_;
    bool has_come_ = false;
  };

  void Pass(const store::Deadline& deadline) {
    ++passes_begun_;
    status_ = scrape_.Pass(deadline);
    was_cut_short_ =
        deadline.has_value() && status_.kind() == StatusKind::kBusy;
    is_forgotten_ = false;
  }

  void Forget() noexcept {
    is_forgotten_ = true;
    scrape_.Reset();
    all_.reset();
    some_.reset();
    reports_ = {};
  }

  collect::View& ViewOf(const std::vector<std::string>& names) {
    std::optional<collect::View>& view = names.empty() ? all_ : some_;
    if (!view || view->names() != names) view.emplace(names);
    return *view;
  }

  const std::uint32_t generation_ = store::EnterProcess();
  std::atomic<std::uint64_t> passes_begun_{0};
  std::mutex mutex_;
  std::condition_variable freed_;
  bool is_taken_ = false;  // under the mutex; what follows: by whose turn it is
  collect::Scrape scrape_;
  bool is_forgotten_ = true;  // what the last pass found
  Status status_;
  bool was_cut_short_ = false;
  std::optional<collect::View> all_;
  // Of the names that were asked for last.
  std::optional<collect::View> some_;
  collect::ProcessReports reports_;
};

CollectorOptions OptionsFor(std::vector<std::string> sources,
                            bool directories_only) {
  CollectorOptions options;
  options.sources = std::move(sources);
  options.directories_only = directories_only;
  return options;
}

}  // namespace

// What this process remembers. What its parent remembered stays as it was when
// the process was forked, perhaps in the middle of a pass, and is not touched.
class Collector::Memory {
 public:
  explicit Memory(CollectorOptions options)
      : options_(std::move(options)), here_(new Remembered(options_)) {}

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
    auto own = std::make_unique<Remembered>(options_);
    Remembered* here = parents;
    // Another thread may have been faster.
    return here_.compare_exchange_strong(here, own.get()) ? own.release()
                                                          : here;
  }

  const CollectorOptions options_;
  std::atomic<Remembered*> here_;
};

Collector::Collector(std::string directory)
    : Collector(OptionsFor({std::move(directory)}, /*directories_only=*/true)) {
}

Collector::Collector(const std::vector<std::string>& sources)
    : Collector(OptionsFor(sources, /*directories_only=*/false)) {}

Collector::Collector(CollectorOptions options)
    : memory_(std::make_unique<Memory>(std::move(options))) {}

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
