#ifndef PROMSHM_INSTRUMENT_METER_SCOPE_H_
#define PROMSHM_INSTRUMENT_METER_SCOPE_H_

#include <atomic>
#include <string>
#include <string_view>

#include "promshm/labels.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

// Purpose: what identifies a meter.
//
// Thread safety: const methods may be called from several threads.
class Scope {
 public:
  explicit Scope(const ScopeDescription& description);

  bool IsSame(const Scope& other) const;
  bool IsNamed(std::string_view name, std::string_view version,
               std::string_view schema_url) const;

  // otel_scope_name and so on.
  const Labels& labels() const { return labels_; }

  // Whether its meter was removed.
  std::atomic<bool> removed{false};

  // The next of the core's.
  Scope* next = nullptr;

 private:
  std::string name_;
  std::string version_;
  std::string schema_url_;
  std::string attributes_;  // as AttributeSet::text()
  Labels labels_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_METER_SCOPE_H_
