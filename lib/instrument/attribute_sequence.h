#ifndef PROMSHM_INSTRUMENT_ATTRIBUTE_SEQUENCE_H_
#define PROMSHM_INSTRUMENT_ATTRIBUTE_SEQUENCE_H_

#include <cstddef>
#include <vector>

#include "promshm/otel/attribute.h"

namespace promshm::otel {

// Attributes as a measurement states them: in its order, with its types.
//
// Lifetime: a view.
struct AttributeSpan {
  const Attribute* data = nullptr;
  std::size_t size = 0;
};

// Whether both state the same attributes in the same way. Arrays are not looked
// into.
bool operator==(AttributeSpan a, AttributeSpan b) noexcept;

// Purpose: a copy of an AttributeSpan without arrays, to know it again. The
// same place in a program mostly states its attributes in the same way, which
// is then quickly found to be the same: nothing has to be sorted or spelled.
//
// Thread safety: const methods may be called from several threads.
class AttributeSequence {
 public:
  // False for a span that has arrays.
  static bool CanHold(AttributeSpan span) noexcept;

  static std::size_t HashOf(AttributeSpan span) noexcept;

  explicit AttributeSequence(AttributeSpan span);

  AttributeSpan span() const noexcept {
    return {attributes_.data(), attributes_.size()};
  }

 private:
  // Of keys and values, one after the other. Not a string, whose short texts
  // would move with it.
  std::vector<char> text_;
  std::vector<Attribute> attributes_;
};

inline bool operator==(const AttributeSequence& a,
                       const AttributeSequence& b) noexcept {
  return a.span() == b.span();
}

inline bool operator==(const AttributeSequence& a, AttributeSpan b) noexcept {
  return a.span() == b;
}

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_ATTRIBUTE_SEQUENCE_H_
