#ifndef PROMSHM_PROMETHEUS_CPP_H_
#define PROMSHM_PROMETHEUS_CPP_H_

#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/exposition.h"
#include "promshm/issue.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm {

namespace prometheus_cpp {

// Purpose: puts one snapshot, whose names are legacy ones, into
// prometheus-cpp's types. An application has no use for it.
//
// Lifetime: keeps views of the snapshot and of `problems`, which must outlive
// it. Thread safety: needs external locking.
class Translator {
 public:
  // What cannot be put so is told to `problems`.
  Translator(const Snapshot& snapshot, std::vector<std::string>* problems)
      : snapshot_(snapshot), problems_(*problems) {}

  std::vector<::prometheus::MetricFamily> Translate() {
    for (const MetricFamily& family : snapshot_.families()) {
      if (family.type == FamilyType::kCounter) {
        AppendSamples(family, MetricType::Counter);
      } else if (family.type == FamilyType::kGauge) {
        AppendSamples(family, MetricType::Gauge);
      } else if (!AppendWhole(family)) {
        problems_.push_back("type not kept: family " + family.name + " is no " +
                            ToString(family.type) +
                            " that prometheus-cpp can hold; its samples are "
                            "left untyped");
        AppendSamples(family, MetricType::Untyped);
      }
    }
    return std::move(translated_);
  }

 private:
  using ClientMetric = ::prometheus::ClientMetric;
  using MetricType = ::prometheus::MetricType;

  static std::vector<ClientMetric::Label> LabelsOf(const Series& series) {
    std::vector<ClientMetric::Label> labels;
    labels.reserve(series.labels.size());
    for (const Label& label : series.labels) {
      labels.push_back({label.name, label.value});
    }
    return labels;
  }

  // A family for each sample name.
  void AppendSamples(const MetricFamily& family, MetricType type) {
    const std::size_t first = translated_.size();
    for (const std::string& name : family.sample_names) {
      translated_.push_back({name, HelpText(family), type, {}});
    }
    for (const Series& series : family.series) {
      for (const Sample& sample : series.samples) {
        ClientMetric metric;
        metric.label = LabelsOf(series);
        if (!sample.le.empty()) metric.label.push_back({"le", sample.le});
        const double value = snapshot_.value(sample);
        if (type == MetricType::Counter) metric.counter.value = value;
        if (type == MetricType::Gauge) metric.gauge.value = value;
        if (type == MetricType::Untyped) metric.untyped.value = value;
        translated_[first + sample.name].metric.push_back(std::move(metric));
      }
    }
  }

  // A histogram or summary as one family. False, and nothing is changed, where
  // that would add, leave out or change a sample.
  bool AppendWhole(const MetricFamily& family) {
    std::vector<ClientMetric> metrics;
    metrics.reserve(family.series.size());
    for (const Series& series : family.series) {
      std::optional<ClientMetric> metric = Whole(family, series);
      if (!metric) return false;
      metric->label = LabelsOf(series);
      metrics.push_back(*std::move(metric));
    }
    translated_.push_back({family.name, HelpText(family),
                           family.type == FamilyType::kHistogram
                               ? MetricType::Histogram
                               : MetricType::Summary,
                           std::move(metrics)});
    return true;
  }

  std::optional<ClientMetric> Whole(const MetricFamily& family,
                                    const Series& series) const {
    std::optional<double> sum;
    std::optional<std::uint64_t> count;
    std::vector<ClientMetric::Bucket> buckets;
    for (const Sample& sample : series.samples) {
      const std::string& name = family.sample_names[sample.name];
      const double value = snapshot_.value(sample);
      const bool is_bucket = !sample.le.empty();
      if (!is_bucket && name == family.name + "_sum") {
        sum = value;
        continue;
      }
      const std::optional<std::uint64_t> whole = WholeNumber(value);
      if (!whole) return std::nullopt;
      if (is_bucket) {
        const std::optional<double> bound = Bound(sample.le);
        if (!bound) return std::nullopt;
        buckets.push_back({*whole, *bound});
      } else if (name == family.name + "_count") {
        count = whole;
      } else {
        return std::nullopt;
      }
    }
    if (!sum || !count) return std::nullopt;
    ClientMetric metric;
    if (family.type == FamilyType::kHistogram) {
      metric.histogram = {*count, *sum, std::move(buckets)};
    } else {
      metric.summary = {*count, *sum, {}};
    }
    return metric;
  }

  // prometheus-cpp counts in integers.
  static std::optional<std::uint64_t> WholeNumber(double value) {
    constexpr double kEnd = 18446744073709551616.0;
    if (!(value >= 0 && value < kEnd)) return std::nullopt;
    if (value != std::trunc(value)) return std::nullopt;
    return static_cast<std::uint64_t>(value);
  }

  static std::optional<double> Bound(std::string_view le) {
    if (le == "+Inf") return std::numeric_limits<double>::infinity();
    double bound = 0;
    const auto [end, error] =
        std::from_chars(le.data(), le.data() + le.size(), bound);
    if (error != std::errc() || end != le.data() + le.size()) {
      return std::nullopt;
    }
    return bound;
  }

  // prometheus-cpp's serializer writes it as it is, and a line break in it
  // would make the whole text unreadable.
  static std::string HelpText(const MetricFamily& family) {
    std::string text;
    for (const char c : family.help) {
      if (c == '\\' || c == '\n') text.push_back('\\');
      text.push_back(c == '\n' ? 'n' : c);
    }
    return text;
  }

  const Snapshot& snapshot_;
  std::vector<std::string>& problems_;
  std::vector<::prometheus::MetricFamily> translated_;
};

}  // namespace prometheus_cpp

/// Purpose: lets an application's prometheus::Exposer or prometheus::Gateway
/// serve the sums of a multiprocess directory:
///
///     auto workers = std::make_shared<promshm::PrometheusCppCollectable>(
///         promshm::Collector("/run/myapp/metrics"));
///     exposer.RegisterCollectable(workers);  // keeps a weak_ptr: so keep it
///
/// Named for the library whose Collectable it is; it collects what a Collector
/// does. Header-only, so that it is compiled with the application's
/// prometheus-cpp; the CMake target promshm::prometheus_cpp brings both.
///
/// What a family becomes:
///
/// * A counter or gauge: a family for each of its sample names, most often one;
///   a counter's is `x_total`.
/// * A histogram or summary: one family. Where that cannot be exact (a count
///   that is negative, fractional or NaN, no `_sum`, a sample of another name),
///   an untyped family for each of its sample names, with a label `le` for the
///   bound, so that the same samples reach Prometheus.
/// * Names outside `[a-zA-Z_:][a-zA-Z0-9_:]*` have underscores, as with
///   Escaping::kUnderscores. What then clashes is left out.
/// * Help is escaped for the text format, which prometheus-cpp does not do.
///
/// The families have every digit of the snapshot's values. The text that
/// prometheus-cpp makes of them has not (prometheus::TextSerializer of 1.0.1 to
/// 1.3.0), compared with WriteExposition():
///
/// * Values are rounded to 16 significant digits: 0.1 + 0.2 becomes `0.3`,
///   123456789012345678 becomes `1.234567890123457e+17`. Whole numbers below
///   1e16 and all counts of histograms and summaries are exact. DBL_MAX becomes
///   larger than a double can be, and Prometheus refuses the whole text.
/// * Bounds are rounded as well, and spelled another way: `le="1"` and
///   `le="1000000"` for `le="1.0"` and `le="1e+06"`. To a Prometheus before 3.0
///   these are other series.
///
/// Nothing merges families of one name: what another Collectable of the same
/// Exposer has must not be in the directory.
///
/// Thread safety: Collect() may be called from several threads.
class PrometheusCppCollectable : public ::prometheus::Collectable {
 public:
  using OnError = std::function<void(const std::string& message)>;

  /// `on_error` is told, in the form `path: what: detail`, why nothing could be
  /// collected, of each of the snapshot's issues, and of what could not be
  /// passed on as it is: once, and again when it was gone in between. It is
  /// called from the thread that collects, with no lock of this class held.
  /// What it throws is swallowed.
  explicit PrometheusCppCollectable(Collector collector, OnError on_error = {})
      : collector_(std::move(collector)), on_error_(std::move(on_error)) {}

  /// The directory as it is now; no families where that fails. Never throws.
  std::vector<::prometheus::MetricFamily> Collect() const noexcept override {
    std::vector<::prometheus::MetricFamily> families;
    try {
      std::vector<std::string> problems;
      const Result<Snapshot> snapshot = collector_.Collect();
      if (snapshot.ok()) {
        std::vector<Issue> issues = snapshot->issues();
        const Snapshot named = WithLegacyNames(*snapshot, &issues);
        for (const Issue& issue : issues) problems.push_back(issue.ToString());
        families = prometheus_cpp::Translator(named, &problems).Translate();
      } else {
        problems.push_back(snapshot.status().message());
      }
      TellNew(problems);
    } catch (const std::exception& error) {
      Tell(error.what());
    }
    return families;
  }

 private:
  void TellNew(const std::vector<std::string>& problems) const {
    std::set<std::string> before(problems.begin(), problems.end());
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      told_.swap(before);
    }
    for (const std::string& problem : problems) {
      if (before.insert(problem).second) Tell(problem);
    }
  }

  void Tell(std::string_view problem) const {
    if (!on_error_) return;
    try {
      on_error_(std::string(problem));
    } catch (...) {
      // Trouble with the telling must not cost the numbers.
    }
  }

  mutable Collector collector_;  // Collect() of it is thread-safe
  const OnError on_error_;
  mutable std::mutex mutex_;
  mutable std::set<std::string> told_;  // by the last collection
};

}  // namespace promshm

#endif  // PROMSHM_PROMETHEUS_CPP_H_
