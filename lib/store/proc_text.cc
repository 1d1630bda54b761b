#include "store/proc_text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace promshm::store {

std::string_view TakeLine(std::string_view* text) {
  const std::size_t end = std::min(text->find('\n'), text->size());
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return line;
}

std::string_view TakeWord(std::string_view* text) {
  constexpr std::string_view kSpace = " \t";
  const std::size_t begin = text->find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return *text = {};
  text->remove_prefix(begin);
  const std::size_t end = std::min(text->find_first_of(kSpace), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

std::optional<std::uint64_t> Number(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, base);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace promshm::store
