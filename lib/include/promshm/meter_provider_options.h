#ifndef PROMSHM_METER_PROVIDER_OPTIONS_H_
#define PROMSHM_METER_PROVIDER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/export.h"
#include "promshm/gauge_mode.h"
#include "promshm/labels.h"
#include "promshm/process_identifier.h"

namespace promshm {

/// How instrument names and units become metric names. In both, the units
/// `kBy` and `KBy` are kilobytes.
enum class Naming {
  /// As the Python package opentelemetry-sdk-extension-prometheus-multiprocess
  /// makes them, so that C++ and Python workers share series.
  kPython,
  /// As the OpenTelemetry specification has them ("Prometheus and OpenMetrics
  /// Compatibility"). Differs for few: TiBy, units such as `m/min` or `By/{x}`,
  /// names that end in the unit's word or in a separator.
  kSpec
};

/// How attribute values that are no strings become label values.
enum class AttributeSpelling {
  /// As the OpenTelemetry specification says: `true`, `1.5`, `Infinity`, JSON
  /// arrays, base64 for bytes; nothing for the empty value.
  kSpec,
  /// As Python's str() does: `True`, `1.5`, `inf`, `[1, 2]`, `('a', 'b')`,
  /// `b'x'`, `None`.
  kPython
};

/// Purpose: what is special about some instruments. Of the views that match an
/// instrument, the first that states a property decides it.
///
/// A value. Thread safety: const methods may be called from several threads;
/// anything else needs external locking.
struct View {
  /// The instrument's name, in which `*` stands for any text and `?` for one
  /// character. Case does not count, as in instrument names.
  std::string instrument = "*";

  /// The instrument's unit, to the letter. None: any.
  std::optional<std::string> unit;

  /// A histogram's upper bounds, inclusive, rising.
  std::optional<std::vector<double>> bounds;

  /// The attributes to keep; others are left out, and what then has the same
  /// attributes is one series.
  std::optional<std::vector<std::string>> attribute_keys;

  /// Of gauges and up-down counters.
  std::optional<GaugeMode> mode;
};

struct MeterProviderOptions {
  /// As in RegistryOptions: empty is what PROMETHEUS_MULTIPROC_DIR says.
  std::string directory;

  /// As in RegistryOptions.
  ProcessIdentifier identifier;

  Naming naming = Naming::kPython;
  AttributeSpelling attribute_spelling = AttributeSpelling::kSpec;

  /// What the values of several processes become; see GaugeMode. The
  /// observable kinds have the same modes.
  GaugeMode gauge_mode = GaugeMode::kLiveMostRecent;
  GaugeMode up_down_counter_mode = GaugeMode::kLiveSum;

  /// Bounds of the histograms of which no view says otherwise. None:
  /// OpenTelemetry's 0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500,
  /// 5000, 7500, 10000, and a thousandth of these for the unit `s`.
  std::optional<std::vector<double>> bounds;

  std::vector<View> views;

  /// How many attribute sets an instrument may have in a process, those counted
  /// that it inherits by fork. Measurements with further ones go to a single
  /// series, `otel_metric_overflow="true"`. 0: no limit.
  std::size_t cardinality_limit = 2000;

  /// Whether every series tells its meter, in the labels otel_scope_name,
  /// otel_scope_version, otel_scope_schema_url and otel_scope_KEY for each of
  /// the meter's attributes. Off, since Python's workers write none, and series
  /// with other labels are other series.
  bool scope_labels = false;

  /// The resource's attributes, told in a family `target_info`. Empty: none.
  Labels resource;

  /// How often observable instruments are asked, by a thread that starts with
  /// the first callback. 0: only by Collect() and ForceFlush().
  std::chrono::milliseconds observe_interval{10000};

  /// Told, in the form `name: what: detail`, of what was not done as asked:
  /// an invalid name, instruments that contradict one another, measurements
  /// that were refused (once an instrument), a file that cannot be had (as in
  /// RegistryOptions). Called from the thread that met it, with no lock held.
  /// What it throws is swallowed.
  std::function<void(std::string_view message)> on_error;

  /// Options under which files and keys are those of the Python package to the
  /// byte: mode `all` for gauges and up-down counters, prometheus_client's
  /// default bounds, attribute values as Python spells them.
  PROMSHM_EXPORT static MeterProviderOptions PythonCompatible();
};

}  // namespace promshm

#endif  // PROMSHM_METER_PROVIDER_OPTIONS_H_
