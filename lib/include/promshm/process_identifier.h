#ifndef PROMSHM_PROCESS_IDENTIFIER_H_
#define PROMSHM_PROCESS_IDENTIFIER_H_

#include <functional>
#include <string>
#include <utility>

namespace promshm {

/// Purpose: what stands for a process in the names of its files
/// (`counter_ID.db`) and in the label `pid`. A process that comes after another
/// with the same identifier continues that one's files.
///
/// A value. Thread safety: const methods may be called from several threads;
/// anything else needs external locking.
class ProcessIdentifier {
 public:
  /// The process ID, as prometheus_client does.
  ProcessIdentifier() = default;

  /// A text of the application's own: a worker's number, a task's name. The
  /// function is called in every process, at its first series or, in a forked
  /// child, by the thread of its first increment; by several threads, where
  /// they come at once, and the first answer counts. It must not count in the
  /// registry that it names. It gives 1 to 100 bytes of `[a-zA-Z0-9.-]`; not
  /// `_`, at which prometheus_client splits the file's name.
  explicit ProcessIdentifier(std::function<std::string()> function)
      : function_(std::move(function)) {}

  /// A slot: `slot0`, `slot1` and so on, the lowest that no living process has
  /// claimed in the directory. The kernel frees the claim when the process
  /// ends, however it ends, so that the workers that follow one another share
  /// a few files instead of leaving a set each.
  static ProcessIdentifier Slot() {
    ProcessIdentifier identifier;
    identifier.slot_ = true;
    return identifier;
  }

  /// Null for the other two kinds.
  const std::function<std::string()>& function() const { return function_; }
  bool is_slot() const { return slot_; }

 private:
  std::function<std::string()> function_;
  bool slot_ = false;
};

}  // namespace promshm

#endif  // PROMSHM_PROCESS_IDENTIFIER_H_
