#ifndef PROMSHM_COLLECT_KEPT_TEXTS_H_
#define PROMSHM_COLLECT_KEPT_TEXTS_H_

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "collect/layout_text.h"
#include "promshm/snapshot.h"

namespace promshm::collect {

// Purpose: one layout's texts, each made when it is first asked for and kept
// until the layout goes.
//
// Lifetime: keeps a view of the families, which must outlive it and not change
// once a text is made. Thread safety: safe. Who asks for a text that is being
// made waits for it, not for one of another style.
class KeptTexts {
 public:
  explicit KeptTexts(const std::vector<MetricFamily>& families)
      : families_(families) {}

  // Valid as long as this object.
  const LayoutText& Get(TextStyle style);

 private:
  struct Place {
    std::mutex mutex;
    std::unique_ptr<const LayoutText> text;
  };

  // Open metrics or not, in four schemes of escaping.
  static constexpr std::size_t kStyles = 8;

  const std::vector<MetricFamily>& families_;
  std::array<Place, kStyles> places_;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_KEPT_TEXTS_H_
