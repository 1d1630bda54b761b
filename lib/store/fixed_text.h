#ifndef PROMSHM_STORE_FIXED_TEXT_H_
#define PROMSHM_STORE_FIXED_TEXT_H_

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace promshm::store {

// Purpose: text of bounded size that needs no allocation, for what may run in
// a signal handler. What does not fit is cut off and remembered as such.
//
// A value. Thread safety: const methods may be called from several threads;
// anything else needs external locking.
template <std::size_t kCapacity>
class FixedText {
 public:
  FixedText& Append(std::string_view text) {
    const std::size_t count = std::min(text.size(), kCapacity - size_);
    std::copy_n(text.data(), count, text_.data() + size_);
    size_ += count;
    text_[size_] = '\0';
    cut_ = cut_ || count < text.size();
    return *this;
  }

  FixedText& Append(std::uint64_t number) {
    std::array<char, 20> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return Append(
        {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
  }

  void Clear() { *this = {}; }

  std::string_view view() const { return {text_.data(), size_}; }
  const char* c_str() const { return text_.data(); }
  bool empty() const { return size_ == 0; }
  bool cut() const { return cut_; }

 private:
  std::array<char, kCapacity + 1> text_{};
  std::size_t size_ = 0;
  bool cut_ = false;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FIXED_TEXT_H_
