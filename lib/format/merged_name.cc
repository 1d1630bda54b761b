#include "format/merged_name.h"

#include <charconv>

namespace promshm::format {
namespace {

constexpr std::string_view kMerged = "promshm";

}  // namespace

std::optional<std::uint64_t> MergedNumber(std::string_view identifier) {
  if (identifier == kMerged) return 1;
  if (!identifier.starts_with(kMerged)) return std::nullopt;
  return NumberBehindDash(identifier.substr(kMerged.size()));
}

std::string MergedIdentifier(std::uint64_t number) {
  std::string identifier(kMerged);
  if (number > 1) identifier += '-' + std::to_string(number);
  return identifier;
}

std::optional<std::uint64_t> NumberBehindDash(std::string_view text) {
  if (text.size() < 2 || text.front() != '-') return std::nullopt;
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 1, end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace promshm::format
