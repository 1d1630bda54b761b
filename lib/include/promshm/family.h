#ifndef PROMSHM_FAMILY_H_
#define PROMSHM_FAMILY_H_

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "promshm/counter.h"
#include "promshm/export.h"
#include "promshm/gauge.h"
#include "promshm/histogram.h"
#include "promshm/info.h"
#include "promshm/labels.h"
#include "promshm/summary.h"

namespace promshm {

namespace instrument {
class FamilyCore;
}

/// Purpose: the series of one name, of type T: Counter, Gauge, Histogram,
/// Summary or Info. Made by Builder::Register().
///
/// A series stays for ever: the file format knows no removal, so there is none
/// here. Keep what Add() gives where it is used often.
///
/// Lifetime: as long as its Registry. Thread safety: every method may be called
/// from several threads.
template <typename T>
class PROMSHM_EXPORT Family {
 public:
  ~Family();

  /// As it was given.
  const std::string& GetName() const;

  const Labels& GetConstantLabels() const;

  /// The series with these labels, beside the constant ones. It is made, with
  /// the value 0, when it is not there; that locks briefly and writes to this
  /// process's file. Finding one takes no lock.
  ///
  /// Throws std::invalid_argument when a label's name is not
  /// `[a-zA-Z_][a-zA-Z0-9_]*`, starts with `__`, is a constant label's, or is
  /// one that the readers add: `pid` in the modes all and liveall. A failing
  /// file system is no reason to throw; see registry.h.
  template <typename U = T,
            std::enable_if_t<!std::is_same_v<U, Histogram>, int> = 0>
  T& Add(const Labels& labels) {
    return FindOrAdd(labels, {});
  }

  /// The same of a histogram, whose label sets may differ in their bounds; a
  /// histogram that is there keeps its own. Throws std::invalid_argument also
  /// when the bounds are not rising, or for a label `le`.
  template <typename U = T,
            std::enable_if_t<std::is_same_v<U, Histogram>, int> = 0>
  T& Add(const Labels& labels, const std::vector<double>& bounds) {
    return FindOrAdd(labels, bounds);
  }

  bool Has(const Labels& labels) const;

 private:
  friend class Registry;
  class Series;

  explicit Family(const instrument::FamilyCore& core);

  T& FindOrAdd(const Labels& labels, const std::vector<double>& bounds);
  std::unique_ptr<T> Make(const Labels& labels,
                          const std::vector<double>& bounds) const;

  const instrument::FamilyCore& core_;
  const std::unique_ptr<Series> series_;
};

extern template class Family<Counter>;
extern template class Family<Gauge>;
extern template class Family<Histogram>;
extern template class Family<Summary>;
extern template class Family<Info>;

}  // namespace promshm

#endif  // PROMSHM_FAMILY_H_
