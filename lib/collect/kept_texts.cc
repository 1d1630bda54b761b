#include "collect/kept_texts.h"

namespace promshm::collect {

const LayoutText& KeptTexts::Get(TextStyle style) {
  const auto escaping = static_cast<std::size_t>(style.escaping);
  Place& place = places_[2 * escaping + (style.open_metrics ? 1 : 0)];
  const std::lock_guard<std::mutex> lock(place.mutex);
  if (place.text == nullptr) {
    place.text =
        std::make_unique<const LayoutText>(MakeLayoutText(families_, style));
  }
  return *place.text;
}

}  // namespace promshm::collect
