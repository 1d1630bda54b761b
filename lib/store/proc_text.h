#ifndef PROMSHM_STORE_PROC_TEXT_H_
#define PROMSHM_STORE_PROC_TEXT_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace promshm::store {

// Takes the first line off `text`, without its end; empty when none is left.
std::string_view TakeLine(std::string_view* text);

// Takes the next word, between spaces or tabs, off `text`; empty when none is
// left.
std::string_view TakeWord(std::string_view* text);

// A number that is all of `text`.
std::optional<std::uint64_t> Number(std::string_view text, int base = 10);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_PROC_TEXT_H_
