#include "promshm/collector.h"

#include <cstdint>
#include <mutex>
#include <utility>

#include "collect/scrape.h"
#include "store/metric_directory.h"
#include "store/metric_file_reader.h"
#include "store/multiprocess_directory.h"

namespace promshm {

class Collector::Memory {
 public:
  using Opener = Result<store::MetricDirectory> (*)(const std::string& path);

  Memory(std::vector<std::string> sources, Opener open)
      : sources_(std::move(sources)), open_(open) {}

  Result<Snapshot> Collect(const CollectOptions& options) {
    // Outside the lock: who waits for a directory does not make others wait.
    std::vector<store::MetricDirectory> directories;
    for (const std::string& source : sources_) {
      Result<store::MetricDirectory> directory = open_(source);
      if (!directory.ok()) return directory.status();
      directories.push_back(*std::move(directory));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    // What an exception interrupts is half known.
    collect::Knowledge known = std::exchange(known_, {});
    collect::Scrape scrape(++scrapes_, options, &known);
    for (store::MetricDirectory& directory : directories) {
      Status status = scrape.Read(&directory, &reader_);
      if (!status.ok()) {
        known_ = std::move(known);
        return status;
      }
    }
    Snapshot snapshot = scrape.Finish();
    if (!scrape.IsOutgrown()) known_ = std::move(known);
    return snapshot;
  }

 private:
  std::mutex mutex_;
  const std::vector<std::string> sources_;
  const Opener open_;
  store::MetricFileReader reader_;
  collect::Knowledge known_;
  std::uint64_t scrapes_ = 0;
};

Collector::Collector(std::string directory)
    : memory_(std::make_unique<Memory>(
          std::vector<std::string>{std::move(directory)},
          &store::MetricDirectory::Open)) {}

Collector::Collector(std::vector<std::string> sources)
    : memory_(std::make_unique<Memory>(std::move(sources),
                                       &store::MetricDirectory::OpenSource)) {}

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
