#include "tools/serve/issue_log.h"

#include <string_view>
#include <unordered_set>
#include <utility>

namespace promshm::tools {

IssueLog::IssueLog(Sink sink) : sink_(std::move(sink)) {}

void IssueLog::Report(View view, Coverage coverage,
                      const std::vector<std::string>& lines) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::uint32_t view_bit = std::uint32_t{1} << view;
  if (coverage == Coverage::kWhole) Forget(view_bit, lines);
  for (const std::string& line : lines) {
    const auto known = view_bits_by_line_.find(line);
    if (known != view_bits_by_line_.end()) {
      known->second |= view_bit;
    } else if (view_bits_by_line_.size() < kCapacity) {
      view_bits_by_line_.emplace(line, view_bit);
      sink_(line);
    } else if (!overflow_told_) {
      overflow_told_ = true;
      sink_("more than " + std::to_string(kCapacity) +
            " issues: the others are not shown");
    }
  }
}

void IssueLog::Forget(std::uint32_t view_bit,
                      const std::vector<std::string>& lines) {
  const std::unordered_set<std::string_view> found(lines.begin(), lines.end());
  for (auto& [line, view_bits] : view_bits_by_line_) {
    if (!found.contains(line)) view_bits &= ~view_bit;
  }
  std::erase_if(view_bits_by_line_,
                [](const auto& entry) { return entry.second == 0; });
  if (view_bits_by_line_.size() < kCapacity) overflow_told_ = false;
}

}  // namespace promshm::tools
