#ifndef PROMSHM_COLLECT_SCRAPE_H_
#define PROMSHM_COLLECT_SCRAPE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collect/layout_builder.h"
#include "collect/series_index.h"
#include "format/entry_cursor.h"
#include "format/metric_file_name.h"
#include "promshm/collector.h"
#include "promshm/issue.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"
#include "store/metric_directory.h"
#include "store/metric_file_reader.h"

namespace promshm::collect {

// What one scrape finds out about the keys, groups and cells that the index
// knows for good. It is void unless `scrape` is the present one's number, so
// nothing is ever cleared.
struct KeyState {
  std::uint64_t scrape = 0;
};

struct GroupState {
  std::uint64_t scrape = 0;
  bool wanted = true;
  bool has_help = false;
  // Reported once for a family.
  bool help_conflict = false;
  bool bound_invalid = false;
  bool pid_dropped = false;
  std::uint32_t seen = 0;     // index into the seen groups
  std::uint32_t process = 0;  // that was counted last
};

struct CellState {
  std::uint64_t scrape = 0;
  double timestamp = 0;
};

// Two scrapes with the same signature have the same layout.
struct LayoutSignature {
  std::vector<std::uint32_t> cells;
  // Group, processes, help.
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::string>> groups;

  bool operator==(const LayoutSignature&) const = default;
};

// Everything learnt from scrape to scrape.
struct Knowledge {
  SeriesIndex index;
  std::vector<KeyState> keys;
  std::vector<GroupState> groups;
  std::vector<CellState> cells;
  std::vector<double> values;  // by cell
  Layout layout;
  LayoutSignature layout_signature;
};

// Purpose: one pass over the directories. Read() each of them, then Finish().
//
// Lifetime: keeps a view of the knowledge, which must outlive it. Thread
// safety: needs external locking.
class Scrape {
 public:
  // `number` must be larger than that of every scrape with this knowledge.
  Scrape(std::uint64_t number, const CollectOptions& options,
         Knowledge* knowledge);

  // Fails when the process has run out of descriptors or memory.
  Status Read(store::MetricDirectory* directory,
              store::MetricFileReader* reader);
  Snapshot Finish();

  // True when more than half of what is known belongs to files that this scrape
  // has not met.
  bool IsOutgrown() const;

 private:
  void ReadFile(format::MetricFileName name,
                const store::FileContents& contents);
  void Add(std::uint32_t key_number, const format::Entry& entry);
  void MergeInto(std::uint32_t cell, const format::Entry& entry);
  void MeetKey(const KnownKey& key);
  void MeetHelp(const KnownKey& key, const std::string& family,
                GroupState* group);
  bool IsWanted(const Group& group) const;
  void GrowStates();
  std::uint32_t ProcessNumber(const std::string& identifier);
  LayoutSignature Signature() const;

  const std::uint64_t number_;
  const std::unordered_set<std::string> names_;
  Knowledge& known_;
  std::unordered_map<std::string, std::uint32_t> processes_;
  std::vector<SeenGroup> seen_groups_;
  std::vector<Issue> issues_;
  std::size_t keys_seen_ = 0;
  std::size_t files_read_ = 0;

  // Of the file that is being read.
  std::string path_;
  Merge merge_ = Merge::kSum;
  std::uint32_t process_ = 0;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_SCRAPE_H_
