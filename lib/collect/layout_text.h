#ifndef PROMSHM_COLLECT_LAYOUT_TEXT_H_
#define PROMSHM_COLLECT_LAYOUT_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "promshm/exposition.h"
#include "promshm/issue.h"
#include "promshm/snapshot.h"

namespace promshm::collect {

// What decides the text of a layout: formats of one style show the same.
struct TextStyle {
  bool open_metrics = false;
  Escaping escaping = Escaping::kUnderscores;  // one that the format can follow
};

TextStyle StyleOf(const ExpositionFormat& format);

// Purpose: an exposition without its numbers.
//
// A value. Thread safety: const members may be read by several threads.
struct LayoutText {
  struct Gap {
    std::size_t at = 0;       // the number stands before text[at]
    std::uint32_t value = 0;  // as Sample::value
  };

  std::string text;
  std::vector<Gap> gaps;      // in the order of the text
  std::vector<Issue> issues;  // what is left out of it, and why
};

LayoutText MakeLayoutText(const std::vector<MetricFamily>& families,
                          TextStyle style);

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_LAYOUT_TEXT_H_
