#ifndef PROMSHM_FORMAT_METRIC_FILE_NAME_H_
#define PROMSHM_FORMAT_METRIC_FILE_NAME_H_

#include <optional>
#include <string>
#include <string_view>

#include "promshm/gauge_mode.h"
#include "promshm/snapshot.h"

namespace promshm::format {

// `all`, `livesum`, ... as they stand in file names.
std::string_view ToString(GaugeMode mode);

// True for the modes that count only while their process lives.
bool IsLive(GaugeMode mode);

// True for the modes that exist only with timestamps.
bool IsMostRecent(GaugeMode mode);

// Purpose: a metric file's name, taken apart: `counter_ID.db`,
// `histogram_ID.db`, `summary_ID.db`, `gauge_MODE_ID.db`. The identifier is
// any text, a PID by default; it may hold `_` and `-`.
//
// A value. Thread safety: const methods may be called from several threads;
// anything else needs external locking.
struct MetricFileName {
  FamilyType type = FamilyType::kCounter;
  GaugeMode mode = GaugeMode::kAll;  // of a gauge; otherwise meaningless
  std::string identifier;

  // Ruby's clients write several files a process and append `-N`. The name
  // alone does not tell (`host-3` is a fine identifier), so Parse leaves it in
  // the identifier; SplitPart takes it off once the dialect is known.
  std::optional<std::string> part;

  // Refuses whatever is not exactly of the form above.
  static std::optional<MetricFileName> Parse(std::string_view name);

  void SplitPart();

  // The name it was parsed from.
  std::string ToString() const;
};

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_METRIC_FILE_NAME_H_
