#include "tools/serve/metrics/process_metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "promshm/issue.h"
#include "promshm/process_report.h"

namespace promshm::tools {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

// The scope of all directories; none has that name.
constexpr char kAll[] = "";

struct Figure {
  const char* name;
  const char* help;
  std::optional<double> (*of)(const RunningProcess&, const ProcessUsage&);
};

std::optional<double> ToDouble(const std::optional<std::uint64_t>& number) {
  if (!number) return std::nullopt;
  return static_cast<double>(*number);
}

constexpr Figure kCpu = {
    "process_cpu_seconds_total",
    "User and system CPU time of the workers in seconds; where they are added "
    "up, also of those that have ended.",
    [](const RunningProcess&, const ProcessUsage& usage)
        -> std::optional<double> { return usage.cpu_seconds; }};

constexpr Figure kStart = {
    "process_start_time_seconds",
    "Start time of the living workers in seconds since the Unix epoch; where "
    "they are added up, the earliest.",
    [](const RunningProcess& process, const ProcessUsage&) {
      return process.started;
    }};

// What can be added up.
constexpr std::array kAmounts = {
    Figure{"process_resident_memory_bytes",
           "Resident memory of the living workers in bytes.",
           [](const RunningProcess&, const ProcessUsage& usage) {
             return ToDouble(usage.resident_bytes);
           }},
    Figure{"process_virtual_memory_bytes",
           "Virtual memory of the living workers in bytes.",
           [](const RunningProcess&, const ProcessUsage& usage) {
             return ToDouble(usage.virtual_bytes);
           }},
    Figure{"process_open_fds", "Open file descriptors of the living workers.",
           [](const RunningProcess&, const ProcessUsage& usage) {
             return ToDouble(usage.open_fds);
           }},
    Figure{"process_max_fds",
           "Most file descriptors that the living workers may open.",
           [](const RunningProcess&, const ProcessUsage& usage) {
             return ToDouble(usage.max_fds);
           }},
    Figure{"process_threads", "Threads of the living workers.",
           [](const RunningProcess&, const ProcessUsage& usage) {
             return ToDouble(usage.threads);
           }}};

prometheus::MetricFamily FamilyOf(const Figure& figure, MetricType type) {
  return {figure.name, figure.help, type, {}};
}

ClientMetric MetricOf(MetricType type, double value) {
  ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return metric;
}

}  // namespace

std::optional<ProcessMetricsMode> ParseProcessMetricsMode(
    const std::string& text) {
  if (text == "off") return ProcessMetricsMode::kOff;
  if (text == "sum") return ProcessMetricsMode::kSum;
  if (text == "pid") return ProcessMetricsMode::kPid;
  return std::nullopt;
}

ProcessMetrics::ProcessMetrics(ProcessMetricsMode mode, ProcessFinder* finder,
                               std::string proc)
    : mode_(mode), finder_(*finder), proc_(std::move(proc)) {}

ProcessFamilies ProcessMetrics::OfOne(const ObservedDirectory& directory) {
  if (mode_ == ProcessMetricsMode::kOff) return {};
  // What was read before another scrape's look must not be counted after it.
  const std::lock_guard<std::mutex> lock(mutex_);
  Sight sight;
  Look(directory, &sight);
  return Families(sight, directory.name);
}

ProcessFamilies ProcessMetrics::OfAll(
    const std::vector<ObservedDirectory>& directories) {
  if (mode_ == ProcessMetricsMode::kOff) return {};
  const std::lock_guard<std::mutex> lock(mutex_);
  Sight sight;
  for (const ObservedDirectory& directory : directories) {
    Look(directory, &sight);
  }
  return Families(sight, kAll);
}

void ProcessMetrics::Look(const ObservedDirectory& directory,
                          Sight* sight) const {
  if (!directory.snapshot.ok()) {
    sight->is_whole = false;
    return;
  }
  const std::vector<ProcessReport>& reports =
      directory.snapshot->process_reports();
  const std::vector<FoundProcess> found =
      finder_.Find({directory.path}, reports);
  bool is_whole = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].is_missing) is_whole = false;
    if (!found[i].process) continue;
    const RunningProcess& process = *found[i].process;
    if (const auto usage = ReadProcessUsage(process, proc_)) {
      sight->workers.push_back(
          {directory.name, reports[i].identifier, process, *usage});
    } else if (!HasEnded(process, proc_)) {
      is_whole = false;
    }
  }
  if (is_whole) return;
  sight->is_whole = false;
  sight->problems.push_back(
      directory.path + ": process metrics " +
      (mode_ == ProcessMetricsMode::kSum ? "left out" : "incomplete") +
      ": a living worker is not to be seen in " + proc_);
}

ProcessFamilies ProcessMetrics::Families(const Sight& sight,
                                         const std::string& scope) {
  if (mode_ == ProcessMetricsMode::kSum) {
    return {Sum(sight, scope), sight.problems};
  }
  ProcessFamilies result{{}, sight.problems};
  const auto append = [&](const Figure& figure, MetricType type) {
    prometheus::MetricFamily family = FamilyOf(figure, type);
    for (const Worker& worker : sight.workers) {
      const auto value = figure.of(worker.process, worker.usage);
      if (!value) continue;
      ClientMetric metric = MetricOf(type, *value);
      metric.label.push_back({"pid", PrintableText(worker.identifier)});
      if (scope == kAll)
        metric.label.push_back({"directory", worker.directory});
      family.metric.push_back(std::move(metric));
    }
    if (!family.metric.empty()) result.families.push_back(std::move(family));
  };
  append(kCpu, MetricType::Counter);
  for (const Figure& figure : kAmounts) append(figure, MetricType::Gauge);
  append(kStart, MetricType::Gauge);
  return result;
}

std::vector<prometheus::MetricFamily> ProcessMetrics::Sum(
    const Sight& sight, const std::string& scope) {
  CpuTally& tally = tallies_[scope];
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  std::vector<const Worker*> processes;  // each once
  for (const Worker& worker : sight.workers) {
    const RunningProcess& process = worker.process;
    if (!seen.emplace(process.id, process.start_ticks).second) continue;
    processes.push_back(&worker);
    tally.See(process, worker.usage.cpu_seconds);
  }
  tally.Settle([&](const RunningProcess& process) {
    return !seen.contains({process.id, process.start_ticks}) &&
           HasEnded(process, proc_);
  });
  std::vector<prometheus::MetricFamily> families;
  if (!sight.is_whole) return families;
  const auto append = [&](const Figure& figure, MetricType type, double value) {
    families.push_back(FamilyOf(figure, type));
    families.back().metric.push_back(MetricOf(type, value));
  };
  // The figure of all, by what is made of two; nothing where one has none.
  const auto append_all = [&](const Figure& figure, auto join) {
    std::optional<double> all;
    for (const Worker* worker : processes) {
      const auto one = figure.of(worker->process, worker->usage);
      if (!one) return;
      all = all ? join(*all, *one) : *one;
    }
    if (all) append(figure, MetricType::Gauge, *all);
  };
  if (!tally.empty()) append(kCpu, MetricType::Counter, tally.seconds());
  for (const Figure& figure : kAmounts) {
    append_all(figure, [](double a, double b) { return a + b; });
  }
  append_all(kStart, [](double a, double b) { return std::min(a, b); });
  return families;
}

}  // namespace promshm::tools
