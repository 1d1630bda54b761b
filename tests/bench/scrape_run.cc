#include "tests/bench/scrape_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "promshm/collector.h"
#include "promshm/exposition.h"
#include "tests/bench/exposition_comparison.h"
#include "tests/bench/scrape_floors.h"
#include "tests/bench/spawned_program.h"
#include "tests/bench/timed_child.h"
#include "tests/support/temporary_directory.h"

namespace promshm::bench {
namespace {

// What is short is timed so often in a row.
constexpr int kInRow = 5;

template <typename Work>
double SecondsOf(const Work& work) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Snapshot Collect(Collector* collector) {
  Result<Snapshot> snapshot = collector->Collect();
  if (!snapshot.ok()) throw std::runtime_error(snapshot.status().message());
  if (!snapshot->issues().empty()) {
    throw std::runtime_error(snapshot->issues().front().ToString());
  }
  return *std::move(snapshot);
}

void Render(const Snapshot& snapshot, std::string* text) {
  text->clear();
  if (!WriteExposition(snapshot, {}, text).empty()) {
    throw std::runtime_error("exposition: not all could be written");
  }
}

// The sum of all values in the files: of buckets, which are cumulated, the last
// stands for all, and the count repeats it.
double SumOf(const Snapshot& snapshot) {
  long double sum = 0;
  for (const MetricFamily& family : snapshot.families()) {
    for (const Series& series : family.series) {
      double last_bucket = 0;
      for (const Sample& sample : series.samples) {
        const std::string_view name = family.sample_names[sample.name];
        if (!sample.le.empty()) {
          last_bucket = snapshot.value(sample);
        } else if (family.type != FamilyType::kHistogram ||
                   !name.ends_with("_count")) {
          sum += snapshot.value(sample);
        }
      }
      sum += last_bucket;
    }
  }
  return static_cast<double>(sum);
}

// Purpose: the rounds of a directory.
//
// Thread safety: needs external locking.
class ScrapeRun {
 public:
  ScrapeRun(const std::string& directory, const RunOptions& options)
      : directory_(directory),
        options_(options),
        // Before the library may start threads.
        value_floor_([&directory] {
          auto floor = std::make_shared<ValueFloor>(directory);
          return [floor] { return floor->Run(); };
        }),
        read_floor_(directory) {
    if (!value_floor_.refusal().empty()) {
      throw std::runtime_error(value_floor_.refusal());
    }
    if (options.peers) {
      python_ = std::make_unique<TimedChild>(std::vector<std::string>{
          PROMSHM_PYTHON, "-B", PROMSHM_BENCH_PYTHON_SCRAPE, options.clients,
          directory});
      result_.no_python = python_->refusal();
      if (!result_.no_python.empty()) python_.reset();
    }
  }

  ~ScrapeRun() { close(nowhere_); }

  ScrapeRun(const ScrapeRun&) = delete;
  ScrapeRun& operator=(const ScrapeRun&) = delete;

  RunResult Run() {
    Compare();
    for (int round = 0; round < options_.rounds; ++round) {
      if (IsPythonDue(round)) TimePython();
      if (options_.peers) {
        // A virtual machine has to get back memory that nobody had for a while.
        Dump();
        Add(Row::kDump, [this] { Dump(); });
      }
      Add(Row::kReadFloor, [this] { read_floor_.Run(); });
      CountFiles(directory_);
      for (int i = 0; i < kInRow; ++i) {
        Add(Row::kListing, [this] { CountFiles(directory_); });
      }
      TimeCollector();
    }
    return std::move(result_);
  }

 private:
  template <typename Work>
  void Add(Row row, const Work& work) {
    result_.times.Add(row, SecondsOf(work));
  }

  void Add(Row row, const TimedChild::Answer& answer) {
    for (const double one : answer.seconds) result_.times.Add(row, one);
  }

  void Dump() {
    WaitForSuccess(
        Spawn({options_.dump, "-o", "prometheus", directory_}, nowhere_),
        options_.dump);
  }

  // Python's repetitions are spread over the rounds.
  bool IsPythonDue(int round) const {
    if (python_ == nullptr) return false;
    const double affordable = options_.python_seconds / (2 * python_seconds_);
    const int times = std::max(3, static_cast<int>(affordable));
    return round == 0 || round * times / options_.rounds !=
                             (round - 1) * times / options_.rounds;
  }

  void TimePython() {
    Add(Row::kPythonCollect, python_->Ask("collect"));
    Add(Row::kPythonScrape, python_->Ask("scrape"));
  }

  // A Collector's life. While it is idle nobody opens a file: it may be told of
  // each open.
  void TimeCollector() {
    Snapshot snapshot;
    std::unique_ptr<Collector> collector;
    Add(Row::kFirst, [&] {
      collector = std::make_unique<Collector>(directory_);
      snapshot = Collect(collector.get());
    });
    const auto collect = [&] { snapshot = Collect(collector.get()); };
    const auto collect_and_render = [&] {
      collect();
      Render(snapshot, &text_);
    };
    Add(Row::kSecond, collect);
    for (int i = 0; i < kUntimed; ++i) collect();
    for (int i = 0; i < kInRow; ++i) Add(Row::kAgain, collect);
    collect_and_render();
    for (int i = 0; i < kInRow; ++i) {
      Add(Row::kAgainText, collect_and_render);
    }
    Add(Row::kValueFloor, value_floor_.Ask(std::to_string(kInRow)));
  }

  // Values do not change in a run: each scrape has to say the same.
  void Compare() {
    Collector collector(directory_);
    Snapshot snapshot = Collect(&collector);
    std::string first;
    Render(snapshot, &first);
    const int kScrapes = 3;
    for (int i = 1; i < kScrapes; ++i) snapshot = Collect(&collector);
    Render(snapshot, &text_);
    result_.text_bytes = text_.size();
    result_.bytes_read = read_floor_.Run();
    if (text_ != first) Mismatch("first and later scrape differ");
    const double floor = value_floor_.Ask("0").result;
    if (!SameSum(floor, SumOf(snapshot))) {
      Mismatch("floor and scrape differ in the sum of all values");
    }
    if (python_ != nullptr) CompareWithPython();
  }

  void CompareWithPython() {
    const testing::TemporaryDirectory place;
    const std::string path = place.PathOf("text");
    python_seconds_ = python_->Ask("write " + path).seconds.at(0);
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::string difference = FirstDifference(text_, text);
    if (!difference.empty()) Mismatch("promshm and Python: " + difference);
  }

  void Mismatch(std::string what) {
    result_.mismatches.push_back(std::move(what));
  }

  const std::string directory_;
  const RunOptions options_;
  const int nowhere_ = open("/dev/null", O_WRONLY | O_CLOEXEC);
  TimedChild value_floor_;
  ReadFloor read_floor_;
  std::unique_ptr<TimedChild> python_;
  double python_seconds_ = 0;
  std::string text_;
  RunResult result_;
};

}  // namespace

const char* NameOf(Row row) {
  static constexpr std::array<const char*, kRows> kNames = {
      "Python, collect", "Python, scrape",    "reading floor", "listing",
      "promshm-dump",    "first scrape",      "second scrape", "values floor",
      "scrape again",    "scrape again, text"};
  return kNames[static_cast<std::size_t>(row)];
}

double Times::Median(Row row) const {
  std::vector<double> seconds = seconds_[static_cast<std::size_t>(row)];
  if (seconds.empty()) return std::nan("");
  const auto middle =
      seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

double Times::Fastest(Row row) const {
  const std::vector<double>& seconds = seconds_[static_cast<std::size_t>(row)];
  return seconds.empty() ? std::nan("")
                         : *std::min_element(seconds.begin(), seconds.end());
}

RunResult TimeScrapes(const std::string& directory, const RunOptions& options) {
  return ScrapeRun(directory, options).Run();
}

}  // namespace promshm::bench
