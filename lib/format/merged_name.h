#ifndef PROMSHM_FORMAT_MERGED_NAME_H_
#define PROMSHM_FORMAT_MERGED_NAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace promshm::format {

// Of the identifiers of merged files, `promshm` and `promshm-N`, the number; 1
// without one; none of any other identifier.
std::optional<std::uint64_t> MergedNumber(std::string_view identifier);

std::string MergedIdentifier(std::uint64_t number);

// The N of `-N`; none of anything else.
std::optional<std::uint64_t> NumberBehindDash(std::string_view text);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_MERGED_NAME_H_
