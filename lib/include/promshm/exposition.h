#ifndef PROMSHM_EXPOSITION_H_
#define PROMSHM_EXPOSITION_H_

#include <string>
#include <string_view>
#include <vector>

#include "promshm/export.h"
#include "promshm/issue.h"
#include "promshm/snapshot.h"

namespace promshm {

/// The text formats a Prometheus server asks for.
enum class TextFormat {
  kPrometheus004,   ///< text/plain; version=0.0.4
  kPrometheus100,   ///< text/plain; version=1.0.0
  kOpenMetrics001,  ///< application/openmetrics-text; version=0.0.1
  kOpenMetrics100,  ///< application/openmetrics-text; version=1.0.0
};

/// How a metric or label name outside `[a-zA-Z_:][a-zA-Z0-9_:]*` is written
/// (label names: without the colon). Values of labels are never changed.
enum class Escaping {
  kUnderscores,  ///< Each character that is not allowed becomes `_`.
  kAllowUtf8,    ///< The name is quoted: `{"http.requests"} 1.0`.
  kDots,         ///< `_` doubled, `.` as `_dot_`, others as `__`.
  kValues,       ///< `U__`, then each character as `_HEX_`, `_` doubled.
};

/// A text format with its escaping scheme.
struct ExpositionFormat {
  TextFormat text = TextFormat::kPrometheus004;
  Escaping escaping = Escaping::kUnderscores;
};

/// The format a client gets for its HTTP Accept header: of those we write, the
/// one with the highest q-value, the more specific range deciding, the first
/// in the header among equals; text 0.0.4 for an empty header, for `*/*`, and
/// where nothing fits. An OpenMetrics range without a version means 0.0.1, a
/// text/plain range without one 0.0.4. `escaping=` of the chosen range is
/// followed; the formats before 1.0.0 cannot quote names and answer allow-utf-8
/// with underscores. Never throws on odd input.
PROMSHM_EXPORT ExpositionFormat ChooseFormat(std::string_view accept);

/// The HTTP Content-Type of a format, for example
/// `text/plain; version=1.0.0; charset=utf-8; escaping=underscores`.
PROMSHM_EXPORT std::string ContentType(const ExpositionFormat& format);

/// Appends the snapshot to `out` in the given format.
///
/// Families are sorted by name, series by labels; each family stands in one
/// block and each series once. Numbers are spelled as prometheus_client spells
/// them. Returns what could not be written: a family whose escaped name
/// another family already has, or a series whose escaped labels another one
/// has (never with kAllowUtf8).
///
/// All but the numbers is kept in the snapshot's layout, so that the snapshots
/// that share it are written quickly after the first. Threads may write at the
/// same time, even one snapshot.
[[nodiscard]] PROMSHM_EXPORT std::vector<Issue> WriteExposition(
    const Snapshot& snapshot, const ExpositionFormat& format, std::string* out);

/// A metric's name as a scheme spells it; with kAllowUtf8 quoted where it is
/// not
/// `[a-zA-Z_:][a-zA-Z0-9_:]*`.
[[nodiscard]] PROMSHM_EXPORT std::string EscapedName(std::string_view metric,
                                                     Escaping escaping);

/// The snapshot with all names as Escaping::kUnderscores spells them, for
/// whoever knows no others. A family or series that escaping has made equal to
/// another is left out and appended to `issues`, by the rules of
/// WriteExposition().
[[nodiscard]] PROMSHM_EXPORT Snapshot
WithLegacyNames(const Snapshot& snapshot, std::vector<Issue>* issues);

/// Appends the snapshot to `out` as one JSON object and a newline:
/// `{"schema": 1, "families": [...]}`, each family in the shape of prom2json
/// (`name`, `help`, `type` in capitals, `metrics` with `labels` and `value`,
/// or `buckets`, `count` and `sum`), a gauge with its `mode`. Numbers are JSON
/// numbers with all their digits; `"NaN"`, `"+Inf"` and `"-Inf"` are strings.
PROMSHM_EXPORT void WriteJson(const Snapshot& snapshot, std::string* out);

/// A number as prometheus_client's floatToGoString spells it: `1.0`, `0.1`,
/// `1e+06`, `+Inf`, `NaN`. Independent of the locale.
PROMSHM_EXPORT std::string NumberText(double value);

}  // namespace promshm

#endif  // PROMSHM_EXPOSITION_H_
