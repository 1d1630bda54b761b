#ifndef PROMSHM_INSTRUMENT_ATTRIBUTE_POINTS_H_
#define PROMSHM_INSTRUMENT_ATTRIBUTE_POINTS_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instrument/attribute_sequence.h"
#include "instrument/attribute_set.h"
#include "instrument/meter_context.h"
#include "instrument/meter_instrument.h"
#include "instrument/series_map.h"
#include "promshm/labels.h"
#include "promshm/meter_provider_options.h"
#include "promshm/otel/attribute.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {

// Purpose: finds what an instrument keeps for the attributes of a measurement,
// a T for each set of labels: for as many attribute sets as the cardinality
// limit allows, and one more for whatever has others.
//
// Lifetime: `instrument` and `context` must outlive it, and every T that `make`
// gives. Thread safety: every method may be called from several threads.
template <typename T>
class AttributePoints {
 public:
  // Finds or makes what belongs to the labels. May throw std::exception.
  using Make = std::function<T*(const Labels&)>;

  // One attribute set.
  struct Point {
    explicit Point(std::string text) : set_text(std::move(text)) {}

    const std::string set_text;
    // Null until it is first asked for.
    std::atomic<T*> value{nullptr};
  };

  AttributePoints(MeterInstrument* instrument, MeterContext* context, Make make)
      : instrument_(*instrument), context_(*context), make_(std::move(make)) {}

  // What belongs to the attributes. Null as below.
  T* Find(const Attribute* attributes, std::size_t count) noexcept {
    Point* point = FindPoint(attributes, count);
    return point == nullptr ? nullptr : ValueOf(point);
  }

  // Makes it if need be. Null as below.
  T* ValueOf(Point* point) noexcept {
    T* value = point->value.load(std::memory_order_acquire);
    if (value != nullptr) return value;
    try {
      value = make_(instrument_.MakeLabels(point->set_text));
      point->value.store(value, std::memory_order_release);
    } catch (const std::exception&) {
      context_.lost()->Increment();
    }
    return value;
  }

  // Null when there was no memory, and then the measurement counts as lost.
  Point* FindPoint(const Attribute* attributes, std::size_t count) noexcept {
    try {
      const auto& kept = instrument_.traits().kept_keys;
      if (!kept) return FindPoint(AttributeSpan{attributes, count});
      std::array<Attribute, 12> few;
      std::vector<Attribute> many;
      if (count > few.size()) many.resize(count);
      Attribute* const left = count > few.size() ? many.data() : few.data();
      Attribute* const end =
          std::copy_if(attributes, attributes + count, left,
                       [&kept](const Attribute& attribute) {
                         return std::find(kept->begin(), kept->end(),
                                          attribute.key) != kept->end();
                       });
      return FindPoint(
          AttributeSpan{left, static_cast<std::size_t>(end - left)});
    } catch (const std::exception&) {
      context_.lost()->Increment();
      return nullptr;
    }
  }

 private:
  static constexpr std::size_t kFreeAliases = 64;

  struct Alias {
    Point* point;
  };

  Point* FindPoint(AttributeSpan span) {
    const std::size_t hash = AttributeSequence::HashOf(span);
    if (const Alias* alias = aliases_.Find(span, hash)) return alias->point;
    const AttributeSet set(span, context_.options().attribute_spelling);
    Point* point = points_.Find(set, set.Hash());
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

  Point* Overflow() {
    static constexpr Attribute kOverflow{"otel.metric.overflow",
                                         std::string_view("true")};
    const AttributeSet set({&kOverflow, 1}, AttributeSpelling::kSpec);
    Point* point = points_.Find(set, set.Hash());
    return point == nullptr ? Insert(set, false) : point;
  }

  // Null when there are too many.
  Point* Insert(const AttributeSet& set, bool limited) {
    auto point = std::make_unique<Point>(set.Text());
    const std::string_view key = point->set_text;
    const store::ForkSafeLock::Guard guard(context_.lock());
    if (!guard.holds()) throw std::bad_alloc();
    if (Point* found = points_.Find(set, set.Hash())) return found;
    if (limited && IsFull()) return nullptr;
    return points_.Insert(key, set.Hash(), std::move(point));
  }

  MeterInstrument& instrument_;
  MeterContext& context_;
  const Make make_;
  // By the ways in which measurements state them.
  instrument::SeriesMap<AttributeSequence, Alias> aliases_;
  // By the points' own texts.
  instrument::SeriesMap<std::string_view, Point> points_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_ATTRIBUTE_POINTS_H_
