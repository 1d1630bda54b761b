#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "promshm/running_process.h"
#include "store/liveness.h"
#include "store/mapped_numbers.h"
#include "store/mapping_scan.h"
#include "store/process_table.h"

namespace promshm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kBetweenScans{5};
constexpr std::chrono::seconds kLongestDelay{300};

// So long, one scan serves the directories that are asked for in turn.
constexpr std::chrono::seconds kScanIsFresh{1};

// A directory that nobody has asked for so long is forgotten.
constexpr std::chrono::minutes kForgetAfter{10};

// What is remembered of an identifier that somebody writes under.
struct Known {
  std::optional<RunningProcess> process;
  bool is_exact = false;   // the identifier is the process's ID
  bool is_others = false;  // only others have its files

  // Without a process: when to look again.
  Clock::time_point next_try;
  std::chrono::seconds delay{0};
};

using KnownByIdentifier = std::map<std::string, Known>;

struct KnownDirectory {
  KnownByIdentifier writers;
  Clock::time_point asked_for;
};

// An identifier that is to be explained.
struct Sought {
  std::string identifier;
  std::optional<std::uint64_t> id;  // where the identifier is one
  std::vector<store::MappedFile> files;
  std::vector<store::FileMapper> mappers;
  Known* known = nullptr;
};

bool MayLive(const ProcessReport& report) {
  return !report.is_merged && report.liveness != Liveness::kDead;
}

}  // namespace

class ProcessFinder::Memory {
 public:
  explicit Memory(std::string proc)
      : table_(std::move(proc)), boot_time_(table_.BootTime()) {}

  std::vector<FoundProcess> Find(const std::vector<std::string>& directories,
                                 const std::vector<ProcessReport>& reports) {
    const std::lock_guard<std::mutex> lock(mutex_);
    now_ = Clock::now();
    for (std::size_t i = 0; i < directories.size(); ++i) {
      Update(directories[i], i, reports);
    }
    std::erase_if(directories_, [this](const auto& entry) {
      return now_ - entry.second.asked_for > kForgetAfter;
    });
    std::vector<FoundProcess> found;
    found.reserve(reports.size());
    for (const ProcessReport& report : reports) {
      found.push_back(Answer(directories[report.source], report));
    }
    return found;
  }

 private:
  FoundProcess Answer(const std::string& directory,
                      const ProcessReport& report) const {
    if (!MayLive(report)) return {};
    const Known& known =
        directories_.at(directory).writers.at(report.identifier);
    return {known.process, !known.process && !known.is_others &&
                               report.liveness == Liveness::kAlive};
  }

  // Drops from the directory's memory what has ended, and looks for what is
  // new.
  void Update(const std::string& directory, std::size_t source,
              const std::vector<ProcessReport>& reports) {
    KnownDirectory& known = directories_[directory];
    known.asked_for = now_;
    const KnownByIdentifier before = std::exchange(known.writers, {});
    std::vector<const ProcessReport*> unexplained;
    for (const ProcessReport& report : reports) {
      if (report.source != source || !MayLive(report)) continue;
      Known& writer = known.writers[report.identifier];
      const auto old = before.find(report.identifier);
      if (old != before.end()) writer = old->second;
      if (writer.process && !IsThere(*writer.process)) writer = {};
      if (!writer.process && writer.next_try <= now_) {
        unexplained.push_back(&report);
      }
    }
    if (unexplained.empty()) return;
    std::vector<Sought> sought = Seek(directory, unexplained, &known.writers);
    std::erase_if(sought, [this](const Sought& one) { return TakeById(one); });
    if (!sought.empty()) Scan(&sought, &known.writers);
  }

  bool IsThere(const RunningProcess& process) const {
    return table_.StatOf(process.id, process.start_ticks).has_value();
  }

  std::vector<Sought> Seek(const std::string& directory,
                           const std::vector<const ProcessReport*>& reports,
                           KnownByIdentifier* writers) const {
    std::vector<std::string> names;
    for (const ProcessReport* report : reports) {
      for (const FileReport& file : report->files) names.push_back(file.name);
    }
    const auto numbers = store::NumbersInMaps(directory, names, table_);
    std::vector<Sought> sought;
    auto number = numbers.begin();
    for (const ProcessReport* report : reports) {
      Sought& one = sought.emplace_back();
      one.identifier = report->identifier;
      one.id = store::ProcessIdOf(report->identifier);
      one.known = &writers->at(report->identifier);
      for (std::size_t i = 0; i < report->files.size(); ++i, ++number) {
        if (*number) one.files.push_back(**number);
      }
    }
    return sought;
  }

  // Whether the process of that ID, in this namespace and its own, has one of
  // the files.
  bool TakeById(const Sought& sought) const {
    if (!sought.id) return false;
    const auto stat = table_.StatOf(*sought.id);
    if (!stat || stat->has_ended) return false;
    const std::vector<store::MappedFile> mapped =
        store::FilesMappedBy(*sought.id, table_);
    const bool has_one = std::any_of(sought.files.begin(), sought.files.end(),
                                     [&mapped](const store::MappedFile& file) {
                                       return std::binary_search(
                                           mapped.begin(), mapped.end(), file);
                                     });
    if (!has_one || table_.OwnIdOf(*sought.id) != *sought.id) return false;
    Take({*sought.id, *sought.id, stat->start_ticks}, true, sought.known);
    return true;
  }

  void Take(const store::FileMapper& mapper, bool is_exact,
            Known* known) const {
    RunningProcess process{mapper.pid, mapper.start_ticks, std::nullopt};
    if (boot_time_) {
      process.started =
          static_cast<double>(*boot_time_) +
          static_cast<double>(mapper.start_ticks) / store::TicksPerSecond();
    }
    *known = {};
    known->process = process;
    known->is_exact = is_exact;
  }

  // Explains what it can from all processes, as they are now or were just now.
  void Scan(std::vector<Sought>* sought, KnownByIdentifier* writers) {
    if (!scanned_ || now_ - *scanned_ >= kBetweenScans) {
      scan_ = store::MappingScan(table_);
      scanned_ = now_;
    }
    const bool is_fresh = now_ - *scanned_ <= kScanIsFresh;
    if (is_fresh) Explain(sought, writers);
    for (Sought& one : *sought) {
      Known& known = *one.known;
      if (known.process) continue;
      known.next_try = *scanned_ + kBetweenScans;
      if (is_fresh) {
        known.delay = std::clamp(known.delay * 2, kBetweenScans, kLongestDelay);
        known.next_try = now_ + known.delay;
      }
    }
  }

  void Explain(std::vector<Sought>* sought, KnownByIdentifier* writers) const {
    for (Sought& one : *sought) {
      one.mappers = scan_.MappersOf(one.files);
      const auto exact = std::find_if(one.mappers.begin(), one.mappers.end(),
                                      [&one](const store::FileMapper& mapper) {
                                        return mapper.own_id == one.id;
                                      });
      if (exact != one.mappers.end()) Take(*exact, true, one.known);
    }
    // A child has its own files and its parent's: who has the fewest mappers
    // chooses first.
    std::stable_sort(sought->begin(), sought->end(),
                     [](const Sought& a, const Sought& b) {
                       return a.mappers.size() < b.mappers.size();
                     });
    const bool are_ids =
        std::any_of(writers->begin(), writers->end(),
                    [](const auto& entry) { return entry.second.is_exact; });
    std::set<std::uint64_t> taken;
    for (const auto& [identifier, known] : *writers) {
      if (known.process) taken.insert(known.process->id);
    }
    for (Sought& one : *sought) {
      if (one.known->process) continue;
      one.known->is_others = !one.mappers.empty();
      if (one.mappers.empty()) continue;
      const store::FileMapper* mapper =
          one.id && are_ids ? nullptr : Choose(one.mappers, taken);
      if (mapper == nullptr) continue;
      taken.insert(mapper->pid);
      Take(*mapper, false, one.known);
    }
  }

  // The only one, or the oldest that is not taken.
  static const store::FileMapper* Choose(
      const std::vector<store::FileMapper>& mappers,
      const std::set<std::uint64_t>& taken) {
    if (mappers.size() == 1) return &mappers.front();
    const auto free = std::find_if(mappers.begin(), mappers.end(),
                                   [&taken](const store::FileMapper& mapper) {
                                     return !taken.contains(mapper.pid);
                                   });
    return free == mappers.end() ? nullptr : &*free;
  }

  const store::ProcessTable table_;
  const std::optional<std::uint64_t> boot_time_;

  std::mutex mutex_;
  Clock::time_point now_;
  std::map<std::string, KnownDirectory> directories_;
  store::MappingScan scan_;
  std::optional<Clock::time_point> scanned_;  // when scan_ was made
};

ProcessFinder::ProcessFinder(std::string proc)
    : memory_(std::make_unique<Memory>(std::move(proc))) {}

ProcessFinder::~ProcessFinder() = default;

std::vector<FoundProcess> ProcessFinder::Find(
    const std::vector<std::string>& directories,
    const std::vector<ProcessReport>& reports) {
  return memory_->Find(directories, reports);
}

}  // namespace promshm
