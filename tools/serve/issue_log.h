#ifndef PROMSHM_TOOLS_SERVE_ISSUE_LOG_H_
#define PROMSHM_TOOLS_SERVE_ISSUE_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace promshm::tools {

// Purpose: tells of each issue once, however many scrapes meet it, and again
// when it was gone in between.
//
// Scrapes look at the directory in different ways: two names may clash in one
// text format and not in the other. Each way is a view; a line is forgotten
// when no view that found it finds it any more.
//
// Remembers kCapacity lines at most; says once that there are more.
//
// Thread safety: every method may be called from several threads.
class IssueLog {
 public:
  using Sink = std::function<void(const std::string& line)>;
  using View = unsigned;  // 0 to 31

  // A scrape of a few families only cannot say what is gone.
  enum class Coverage { kWhole, kPart };

  static constexpr std::size_t kCapacity = 1000;

  // What a collection itself meets, before it is written in any format.
  static constexpr View kCollectionView = 0;

  // What cleaning up meets.
  static constexpr View kCleaningView = 31;

  // `sink` gets the lines to tell, one call at a time.
  explicit IssueLog(Sink sink);

  // What `view` has found just now.
  void Report(View view, Coverage coverage,
              const std::vector<std::string>& lines);

 private:
  void Forget(std::uint32_t view_bit, const std::vector<std::string>& lines);

  const Sink sink_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> view_bits_by_line_;
  bool overflow_told_ = false;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_ISSUE_LOG_H_
