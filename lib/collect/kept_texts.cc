#include "collect/kept_texts.h"

#include <memory>

namespace promshm::collect {

KeptTexts::~KeptTexts() {
  for (const std::atomic<const LayoutText*>& text : texts_) delete text.load();
}

const LayoutText& KeptTexts::Get(TextStyle style) {
  const auto escaping = static_cast<std::size_t>(style.escaping);
  std::atomic<const LayoutText*>& place =
      texts_[2 * escaping + (style.open_metrics ? 1 : 0)];
  const LayoutText* text = place;
  if (text != nullptr) return *text;
  auto made =
      std::make_unique<const LayoutText>(MakeLayoutText(families_, style));
  if (place.compare_exchange_strong(text, made.get())) text = made.release();
  return *text;
}

}  // namespace promshm::collect
