#ifndef PROMSHM_BUILDER_H_
#define PROMSHM_BUILDER_H_

#include <string>
#include <type_traits>

#include "promshm/export.h"
#include "promshm/gauge_mode.h"
#include "promshm/labels.h"

namespace promshm {

class Gauge;
class Registry;
template <typename T>
class Family;

/// What a family is, before it has a series.
struct FamilyDescription {
  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, not starting with `__`.
  std::string name;

  std::string help;

  /// Labels that every series of the family carries.
  promshm::Labels labels;

  /// Of a family of gauges; otherwise without meaning.
  GaugeMode mode = GaugeMode::kAll;
};

/// Purpose: describes a family, step by step, and registers it. Started by
/// BuildCounter(), BuildGauge(), BuildHistogram(), BuildSummary(), BuildInfo().
///
/// A value. Thread safety: needs external locking.
template <typename T>
class Builder {
 public:
  Builder& Name(const std::string& name) {
    description_.name = name;
    return *this;
  }

  Builder& Help(const std::string& help) {
    description_.help = help;
    return *this;
  }

  Builder& Labels(const promshm::Labels& labels) {
    description_.labels = labels;
    return *this;
  }

  /// Of gauges only.
  Builder& Mode(GaugeMode mode) {
    static_assert(std::is_same_v<T, Gauge>, "only a gauge has a mode");
    description_.mode = mode;
    return *this;
  }

  /// The family, which lives as long as the registry. When it is registered
  /// already, with the same type, mode and labels, that one.
  ///
  /// Throws std::invalid_argument when the name or a label's name is none, or
  /// when the name, or a sample's name that follows from it, is taken by a
  /// family of another type, mode or other labels.
  Family<T>& Register(Registry& registry) const;

 private:
  FamilyDescription description_;
};

}  // namespace promshm

#endif  // PROMSHM_BUILDER_H_
