#ifndef PROMSHM_COLLECT_TEXT_STORE_H_
#define PROMSHM_COLLECT_TEXT_STORE_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace promshm::collect {

// Purpose: keeps texts, many in one piece of memory, as long as it lives.
//
// Thread safety: needs external locking.
class TextStore {
 public:
  // A copy, valid as long as the store.
  std::string_view Keep(std::string_view text) {
    if (text.size() > left_) {
      constexpr std::size_t kPiece = 65536;
      const std::size_t size = std::max(kPiece, text.size());
      pieces_.push_back(std::make_unique_for_overwrite<char[]>(size));
      next_ = pieces_.back().get();
      left_ = size;
    }
    char* const copy = next_;
    std::copy(text.begin(), text.end(), copy);
    next_ += text.size();
    left_ -= text.size();
    return {copy, text.size()};
  }

 private:
  std::vector<std::unique_ptr<char[]>> pieces_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_TEXT_STORE_H_
