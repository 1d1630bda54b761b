#ifndef PROMSHM_INSTRUMENT_ATTRIBUTE_POINTS_H_
#define PROMSHM_INSTRUMENT_ATTRIBUTE_POINTS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "instrument/attribute_sequence.h"
#include "instrument/attribute_set.h"
#include "instrument/meter_context.h"
#include "instrument/meter_instrument.h"
#include "instrument/series_map.h"
#include "promshm/family.h"
#include "promshm/histogram.h"
#include "promshm/labels.h"
#include "promshm/meter_provider_options.h"
#include "promshm/otel/attribute.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {

// What an instrument keeps for one of its attribute sets.
template <typename T>
struct Point {
  const std::string set_text;

  // Null until it is first written.
  std::atomic<T*> series{nullptr};

  // Of an observable instrument: what the pass of that number has observed.
  double observed = 0;
  std::uint64_t pass = 0;
};

// Purpose: the points of an instrument, as many as the cardinality limit allows
// and one more, which takes what has other attributes.
//
// Lifetime: `instrument`, `family` and `context` must outlive it. Thread
// safety: every method may be called from several threads.
template <typename T>
class AttributePoints {
 public:
  AttributePoints(MeterInstrument* instrument, Family<T>* family,
                  MeterContext* context)
      : instrument_(*instrument), family_(*family), context_(*context) {}

  // Null when there was no memory, and then the measurement counts as lost.
  Point<T>* FindOrAdd(const Attribute* attributes, std::size_t count) noexcept {
    try {
      const auto& kept = instrument_.traits().kept_keys;
      if (!kept) return FindOrAdd(AttributeSpan{attributes, count});
      std::vector<Attribute> left;
      left.reserve(count);
      std::copy_if(attributes, attributes + count, std::back_inserter(left),
                   [&kept](const Attribute& attribute) {
                     return std::find(kept->begin(), kept->end(),
                                      attribute.key) != kept->end();
                   });
      return FindOrAdd(AttributeSpan{left.data(), left.size()});
    } catch (const std::exception&) {
      context_.CountLoss();
      return nullptr;
    }
  }

  // The series of a point, which is made if need be. Null as above.
  T* SeriesOf(Point<T>* point) noexcept {
    T* series = point->series.load(std::memory_order_acquire);
    if (series != nullptr) return series;
    try {
      const Labels labels = instrument_.MakeLabels(point->set_text);
      if constexpr (std::is_same_v<T, Histogram>) {
        series = &family_.Add(labels, instrument_.traits().bounds);
      } else {
        series = &family_.Add(labels);
      }
      point->series.store(series, std::memory_order_release);
    } catch (const std::exception&) {
      context_.CountLoss();
    }
    return series;
  }

  template <typename Function>
  void ForEach(const Function& function) const {
    points_.ForEach(function);
  }

 private:
  static constexpr std::size_t kFreeAliases = 64;

  struct Alias {
    Point<T>* point;
  };

  Point<T>* FindOrAdd(AttributeSpan span) {
    const std::size_t hash = AttributeSequence::HashOf(span);
    if (const Alias* alias = aliases_.Find(span, hash)) return alias->point;
    const AttributeSet set(span, context_.options().attribute_spelling);
    Point<T>* point = points_.Find(set, set.Hash());
    if (point == nullptr && IsFull()) {
      instrument_.ReportOverflow();
      return Overflow();
    }
    if (point == nullptr) point = Insert(set, true);
    if (point == nullptr) return Overflow();
    // As many as are useful. Somebody may state them in ever new ways.
    if (aliases_.size() < 2 * points_.size() + kFreeAliases &&
        AttributeSequence::CanHold(span)) {
      auto alias = std::make_unique<Alias>(Alias{point});
      AttributeSequence sequence(span);
      const store::ForkSafeLock::Guard guard(context_.lock());
      if (guard.holds()) {
        aliases_.Insert(std::move(sequence), hash, std::move(alias));
      }
    }
    return point;
  }

  bool IsFull() const {
    const std::size_t limit = context_.options().cardinality_limit;
    return limit != 0 && points_.size() >= limit;
  }

  Point<T>* Overflow() {
    static constexpr Attribute kOverflow{"otel.metric.overflow",
                                         std::string_view("true")};
    const AttributeSet set({&kOverflow, 1}, AttributeSpelling::kSpec);
    Point<T>* point = points_.Find(set, set.Hash());
    return point == nullptr ? Insert(set, false) : point;
  }

  // Null when there are too many.
  Point<T>* Insert(const AttributeSet& set, bool limited) {
    auto point = std::make_unique<Point<T>>(set.Text());
    const std::string_view key = point->set_text;
    const store::ForkSafeLock::Guard guard(context_.lock());
    if (!guard.holds()) throw std::bad_alloc();
    if (Point<T>* found = points_.Find(set, set.Hash())) return found;
    if (limited && IsFull()) return nullptr;
    return points_.Insert(key, set.Hash(), std::move(point));
  }

  MeterInstrument& instrument_;
  Family<T>& family_;
  MeterContext& context_;
  // By the ways in which measurements state them.
  instrument::SeriesMap<AttributeSequence, Alias> aliases_;
  // By the points' own texts.
  instrument::SeriesMap<std::string_view, Point<T>> points_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_ATTRIBUTE_POINTS_H_
