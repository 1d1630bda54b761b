#ifndef PROMSHM_COLLECT_SCRAPE_H_
#define PROMSHM_COLLECT_SCRAPE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collect/cell_sums.h"
#include "collect/entry_finder.h"
#include "collect/key_rules.h"
#include "collect/known_directory.h"
#include "collect/process_judge.h"
#include "collect/series_index.h"
#include "promshm/collector.h"
#include "promshm/status.h"
#include "store/directory_lock.h"
#include "store/fault_guard.h"
#include "store/metric_file_reader.h"

namespace promshm::collect {

// What scraping has cost so far.
struct ScrapeCosts {
  std::uint64_t files_read = 0;
  std::uint64_t bytes_read = 0;      // without values read in place
  std::uint64_t keys_looked_up = 0;  // others were told by comparing
};

// Purpose: adds up the files of some sources, again and again. The first pass
// reads every file. From the second on the sources are watched, and a file is
// read when something is told of it: between that its values are added up in
// place, or from a copy when nobody can write to it.
//
// Thread safety: needs external locking.
class Scrape {
 public:
  explicit Scrape(const CollectorOptions& options);

  // Fails when a source cannot be read, a cleaner keeps one locked until the
  // deadline, or the process has run out of descriptors or memory.
  Status Pass(const store::Deadline& deadline = std::nullopt);

  // Judges the processes that left files, by what the last pass found.
  const ProcessJudge& Judge();

  // Of the last pass, since which nothing was reset.
  const SeriesIndex& index() const { return memory_->index; }
  const CellSums& sums() const { return memory_->sums; }
  const std::deque<KnownDirectory>& directories() const { return directories_; }

  // Another number whenever something other than the values has changed.
  std::uint64_t version() const;

  // Whether most of what is known is of no use any more: `keys_in_use` occur.
  bool IsOutgrown(std::size_t keys_in_use) const;

  // Drops all that is known. Numbers have another meaning afterwards.
  void Reset() noexcept;

  ScrapeCosts costs() const;

 private:
  // Everything that grows with the keys that were met.
  struct Memory {
    explicit Memory(const KeyRules& rules) : index(rules) {}

    SeriesIndex index;
    CellSums sums{&index};
    EntryFinder finder{&index};
    std::map<std::pair<std::size_t, std::string>, std::uint32_t> processes;
  };

  // How a pass ended.
  enum class Outcome {
    kDone,
    kUnsettled,  // something was changed under it
  };

  Status PassOnce(const store::Deadline& deadline);
  Result<Outcome> TryPass(bool watch, const store::Deadline& deadline);
  Result<Outcome> AddDirectory(KnownDirectory* directory);
  Result<Outcome> ReadAll(KnownDirectory* directory);
  Status ReadOne(KnownDirectory* directory, std::size_t opened,
                 KnownFile* file);
  void AddContents(const store::FileContents& contents, const std::string& path,
                   KnownFile* file);
  void SetContents(const store::FileContents& contents, const std::string& path,
                   KnownFile* file);
  void Retain(const store::FileDescriptor& fd, const char* bytes,
              KnownFile* file);
  bool AddInPlace(const KnownDirectory& directory, KnownFile* file);
  bool IsAsKnown(const KnownFile& file) const;
  bool FindTail(std::uint64_t used, const std::string& path, KnownFile* file);
  bool IsLeftOut(KnownFile* file);
  std::uint32_t ProcessNumber(const KnownFile& file);

  const KeyRules rules_;
  const bool leaves_out_dead_;
  std::deque<KnownDirectory> directories_;
  std::unique_ptr<Memory> memory_;  // null: nothing is known
  ProcessJudge judge_;
  std::optional<store::FaultHandler> fault_handler_;
  store::MetricFileReader reader_;
  std::vector<char> tail_;
  std::uint64_t passes_ = 0;
  std::uint64_t version_ = 0;
  ScrapeCosts costs_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_SCRAPE_H_
