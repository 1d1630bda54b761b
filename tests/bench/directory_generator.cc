#include "tests/bench/directory_generator.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

#include "tests/support/file_builder.h"

namespace promshm::bench {
namespace {

enum class Value { kCount, kSeconds, kBucket };

struct Family {
  const char* name;
  const char* help;
  Value value;
};

// One file of each process.
struct Kind {
  const char* file;  // up to the identifier
  int labels;        // at most
  std::span<const Family> families;
};

constexpr Family kCounterFamilies[] = {
    {"http_requests", "HTTP requests answered", Value::kCount},
    {"http_response_bytes", "Bytes sent in answers to HTTP requests",
     Value::kCount},
    {"cache_lookups", "Lookups in the cache, found or not", Value::kCount},
    {"db_queries", "Queries sent to the database", Value::kCount},
    {"db_busy_seconds", "Seconds spent in waiting for the database",
     Value::kSeconds},
    {"jobs_started", "Jobs taken from the queue", Value::kCount},
    {"cpu_seconds", "Processor time spent on requests, in seconds",
     Value::kSeconds},
    {"retries", "Calls of other services that were repeated", Value::kCount},
};
constexpr Family kGaugeFamilies[] = {
    {"inprogress_requests", "Requests that are being answered", Value::kCount},
    {"open_connections", "Connections to other services", Value::kCount},
};
constexpr Family kHistogramFamilies[] = {
    {"http_request_seconds", "Time until an answer was sent, in seconds",
     Value::kSeconds},
    {"db_query_seconds", "Time that a query took, in seconds", Value::kSeconds},
};
constexpr Family kSummaryFamilies[] = {
    {"job_seconds", "Time that a job took, in seconds", Value::kSeconds},
    {"upload_seconds", "Time that an upload took, in seconds", Value::kSeconds},
};
constexpr Kind kCounters = {"counter_", 3, kCounterFamilies};
constexpr Kind kGauges = {"gauge_sum_", 2, kGaugeFamilies};
constexpr Kind kHistograms = {"histogram_", 2, kHistogramFamilies};
constexpr Kind kSummaries = {"summary_", 2, kSummaryFamilies};

// The Python client's own.
constexpr const char* kBounds[] = {"0.005", "0.01", "0.025", "0.05", "0.075",
                                   "0.1",   "0.25", "0.5",   "0.75", "1.0",
                                   "2.5",   "5.0",  "7.5",   "10.0", "+Inf"};
constexpr std::size_t kHistogramEntries = std::size(kBounds) + 1;
constexpr std::size_t kSummaryEntries = 2;

constexpr const char* kMethods[] = {"GET", "POST", "PUT", "DELETE"};
constexpr const char* kStatuses[] = {"200", "201", "302", "404", "500"};

struct Entry {
  std::string key;
  Value value;
};
using LabelSet = std::vector<Entry>;

// Label names come sorted: handler, le, method, status.
struct Labels {
  std::string handler;
  const char* method = nullptr;
  const char* status = nullptr;
};

Labels LabelsOf(int number, int labels) {
  Labels result;
  if (labels >= 3) {
    result.status = kStatuses[number % std::size(kStatuses)];
    number /= static_cast<int>(std::size(kStatuses));
  }
  if (labels >= 2) {
    result.method = kMethods[number % std::size(kMethods)];
    number /= static_cast<int>(std::size(kMethods));
    result.handler = "/api/v1/items/" + std::to_string(number);
  } else {
    result.handler = "/i/" + std::to_string(number);
  }
  return result;
}

std::string Quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string Key(const Family& family, std::string_view suffix,
                const Labels& labels, const char* bound = nullptr) {
  std::string key = "[" + Quoted(family.name) + ", " +
                    Quoted(std::string(family.name) + std::string(suffix)) +
                    ", {\"handler\": " + Quoted(labels.handler);
  if (bound != nullptr) key += ", \"le\": " + Quoted(bound);
  if (labels.method != nullptr) key += ", \"method\": " + Quoted(labels.method);
  if (labels.status != nullptr) key += ", \"status\": " + Quoted(labels.status);
  return key + "}, " + Quoted(family.help) + "]";
}

// Entries in the order in which the client makes them.
LabelSet Entries(const Kind& kind, const Family& family, const Labels& labels) {
  if (&kind == &kGauges) return {{Key(family, "", labels), family.value}};
  if (&kind == &kCounters) {
    return {{Key(family, "_total", labels), family.value}};
  }
  LabelSet entries;
  if (&kind == &kSummaries) {
    entries.push_back({Key(family, "_count", labels), Value::kCount});
  }
  entries.push_back({Key(family, "_sum", labels), family.value});
  if (&kind == &kHistograms) {
    for (const char* bound : kBounds) {
      entries.push_back(
          {Key(family, "_bucket", labels, bound), Value::kBucket});
    }
  }
  return entries;
}

std::vector<LabelSet> MakeLabelSets(const Kind& kind, int count,
                                    int most_labels) {
  std::vector<LabelSet> sets;
  sets.reserve(static_cast<std::size_t>(count));
  const int families = static_cast<int>(kind.families.size());
  const int labels = std::min(kind.labels, most_labels);
  for (int i = 0; i < count; ++i) {
    sets.push_back(Entries(kind, kind.families[i % families],
                           LabelsOf(i / families, labels)));
  }
  return sets;
}

// Well mixed, and the same everywhere.
std::uint64_t Mix(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

// Purpose: makes up the values of one process.
//
// Thread safety: needs external locking.
class Values {
 public:
  explicit Values(int process)
      : state_(static_cast<std::uint64_t>(process) << 32) {}

  double Next(Value kind) {
    const std::uint64_t mixed = Mix(++state_);
    switch (kind) {
      case Value::kSeconds:
        return static_cast<double>(mixed % 100'000'000) / 1000;
      case Value::kBucket:
        return static_cast<double>(mixed % 4 == 0 ? 0 : mixed % 5000);
      case Value::kCount:
        break;
    }
    return static_cast<double>(mixed % 100'000);
  }

 private:
  std::uint64_t state_;
};

void Check(bool ok, const std::string& path) {
  if (!ok) throw std::system_error(errno, std::generic_category(), path);
}

void WriteSparse(const std::string& path, const std::string& bytes) {
  off_t size = 65536;
  while (size < static_cast<off_t>(bytes.size())) size *= 2;
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  Check(fd >= 0, path);
  const bool written = write(fd, bytes.data(), bytes.size()) ==
                           static_cast<ssize_t>(bytes.size()) &&
                       ftruncate(fd, size) == 0;
  Check(close(fd) == 0 && written, path);
}

void Add(const LabelSet& set, Values* values, testing::FileBuilder* file) {
  for (const Entry& entry : set) {
    file->Add(entry.key, values->Next(entry.value));
  }
}

// Counters of one process alone.
std::vector<LabelSet> OwnCounters(int process, int count) {
  std::vector<LabelSet> sets;
  sets.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    sets.push_back(
        Entries(kCounters, kCounterFamilies[0],
                {"/own/" + std::to_string(process) + '/' + std::to_string(i)}));
  }
  return sets;
}

}  // namespace

std::size_t EntriesOfProcess(const DirectoryShape& shape) {
  return static_cast<std::size_t>(shape.counters + shape.own_counters +
                                  shape.gauges) +
         kHistogramEntries * static_cast<std::size_t>(shape.histograms) +
         kSummaryEntries * static_cast<std::size_t>(shape.summaries);
}

std::vector<ProcessFiles> WriteDirectory(const DirectoryShape& shape,
                                         const std::string& path) {
  struct Part {
    const Kind& kind;
    std::vector<LabelSet> sets;
  };
  const auto part = [&shape](const Kind& kind, int count) {
    return Part{kind, MakeLabelSets(kind, count, shape.labels)};
  };
  const std::array<Part, kFilesOfProcess> parts = {
      part(kCounters, shape.counters), part(kGauges, shape.gauges),
      part(kHistograms, shape.histograms), part(kSummaries, shape.summaries)};
  std::vector<ProcessFiles> processes;
  processes.reserve(static_cast<std::size_t>(shape.processes));
  for (int process = 0; process < shape.processes; ++process) {
    Values values(process);
    ProcessFiles files;
    for (const Part& each : parts) {
      testing::FileBuilder file;
      const std::size_t sets = each.sets.size();
      const std::size_t first =
          shape.rotated ? static_cast<std::size_t>(process) : 0;
      for (std::size_t i = 0; i < sets; ++i) {
        Add(each.sets[(first + i) % sets], &values, &file);
      }
      if (&each.kind == &kCounters) {
        for (const LabelSet& set : OwnCounters(process, shape.own_counters)) {
          Add(set, &values, &file);
        }
      }
      const std::string name =
          each.kind.file + std::to_string(10'007 + 13 * process) + ".db";
      WriteSparse(path + '/' + name, file.Bytes());
      files.push_back(name);
    }
    processes.push_back(files);
  }
  return processes;
}

}  // namespace promshm::bench
