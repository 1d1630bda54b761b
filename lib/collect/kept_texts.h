#ifndef PROMSHM_COLLECT_KEPT_TEXTS_H_
#define PROMSHM_COLLECT_KEPT_TEXTS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <vector>

#include "collect/layout_text.h"
#include "promshm/snapshot.h"

namespace promshm::collect {

// Purpose: one layout's texts, each made when it is first asked for and kept
// until the layout goes.
//
// Lifetime: keeps a view of the families, which must outlive it and not change
// once a text is made. Thread safety: safe, also in a child that is forked
// meanwhile. Of two that make a text at the same time one is kept.
class KeptTexts {
 public:
  explicit KeptTexts(const std::vector<MetricFamily>& families)
      : families_(families) {}
  ~KeptTexts();

  KeptTexts(const KeptTexts&) = delete;
  KeptTexts& operator=(const KeptTexts&) = delete;

  // Valid as long as this object.
  const LayoutText& Get(TextStyle style);

 private:
  // Open metrics or not, in four schemes of escaping.
  static constexpr std::size_t kStyles = 8;

  const std::vector<MetricFamily>& families_;
  std::array<std::atomic<const LayoutText*>, kStyles> texts_{};
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_KEPT_TEXTS_H_
