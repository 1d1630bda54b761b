#ifndef PROMSHM_COLLECT_KEY_RULES_H_
#define PROMSHM_COLLECT_KEY_RULES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "promshm/collector.h"
#include "promshm/snapshot.h"

namespace promshm::collect {

// What tells series of gauges apart that are kept for each process.
inline constexpr char kPidLabel[] = "pid";
inline constexpr char kSourceLabel[] = "directory";

// Whether any name that a client may know a family by is one `is_wanted` says
// yes to: the family's, its samples', and those as underscores escape them.
bool HasName(std::string_view family, FamilyType type,
             const std::function<bool(const std::string&)>& is_wanted);

// Purpose: what becomes of keys before they are merged, as CollectorOptions
// says.
//
// A value. Thread safety: const methods may be called from several threads.
class KeyRules {
 public:
  KeyRules() = default;
  explicit KeyRules(const CollectorOptions& options)
      : modes_(options.gauge_modes),
        dropped_labels_(options.drop_labels),
        keep_(options.keep),
        drop_(options.drop),
        source_labels_(options.source_labels) {}

  bool IsKept(std::string_view family, FamilyType type) const;

  // The mode in which a gauge is merged whose file is of the given one.
  GaugeMode ModeOf(std::string_view family, GaugeMode mode) const;

  // Whether entries may be merged otherwise than their file's kind says.
  bool changes_modes() const { return !modes_.empty(); }
  bool drops_labels() const { return !dropped_labels_.empty(); }

  bool IsDropped(std::string_view label) const;

  // Null where sources are not told apart.
  const std::string* SourceLabel(std::size_t source) const {
    return source < source_labels_.size() ? &source_labels_[source] : nullptr;
  }

 private:
  std::map<std::string, GaugeMode> modes_;
  std::vector<std::string> dropped_labels_;
  std::vector<std::string> keep_;
  std::vector<std::string> drop_;
  std::vector<std::string> source_labels_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_KEY_RULES_H_
