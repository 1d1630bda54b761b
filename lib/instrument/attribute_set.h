#ifndef PROMSHM_INSTRUMENT_ATTRIBUTE_SET_H_
#define PROMSHM_INSTRUMENT_ATTRIBUTE_SET_H_

#include <array>
#include <cstddef>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>

#include "instrument/attribute_sequence.h"
#include "promshm/labels.h"
#include "promshm/meter_provider_options.h"
#include "promshm/otel/attribute.h"

namespace promshm::otel {

// Purpose: the attributes of a measurement, in the order of their keys, with
// the last of a repeated key, and with their values spelled as labels are. A
// few take no memory, unless they are floating-point numbers or arrays.
//
// Sets that mean the same have the same text, which no other set has.
//
// Lifetime: keeps views of the attributes, which must outlive it. Thread
// safety: belongs to one thread.
class AttributeSet {
 public:
  AttributeSet(AttributeSpan attributes, AttributeSpelling spelling);

  AttributeSet(const AttributeSet&) = delete;
  AttributeSet& operator=(const AttributeSet&) = delete;

  std::string Text() const;

  // Of the values alone: the sets of an instrument rarely differ in their keys.
  std::size_t Hash() const noexcept;

  // Whether this is the set of that text.
  friend bool operator==(std::string_view text,
                         const AttributeSet& set) noexcept {
    return set.IsOf(text);
  }

 private:
  struct Part {
    std::string_view key;
    std::string_view value;
  };

  void Insert(const Part& part);
  std::string_view Spell(const AttributeValue& value,
                         AttributeSpelling spelling);
  bool IsOf(std::string_view text) const noexcept;

  std::array<Part, 12> first_;
  std::unique_ptr<Part[]> more_;  // all of them, when they are more
  Part* parts_ = first_.data();
  std::size_t size_ = 0;

  // What the values' views are of, where the application has no text.
  std::array<char, 96> digits_;
  std::size_t digits_used_ = 0;
  std::forward_list<std::string> spelled_;
};

// What was special about a set's labels.
struct LabelRemarks {
  std::string renamed;  // a key whose label would have been the file's own
  std::string joined;   // a label that several keys share
  bool empty_key = false;
};

// The labels of the set with that text, beside `fixed` ones. `own` is the label
// that the file gives its series, or empty.
Labels LabelsOf(std::string_view set_text, const Labels& fixed,
                std::string_view own, LabelRemarks* remarks);

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_ATTRIBUTE_SET_H_
