#ifndef PROMSHM_TESTS_SUPPORT_FILE_HOLDER_H_
#define PROMSHM_TESTS_SUPPORT_FILE_HOLDER_H_

#include <sys/types.h>

#include <functional>
#include <string>

namespace promshm::testing {

// Maps the file for writing, as a writer does, until the process ends. It is
// made where it is missing. False, with errno, where that fails.
bool MapForWriting(const std::string& path);

// Purpose: a child process that runs a function and then waits for its end:
// that of the object, or of the parent. The constructor returns when the
// function has; one that gives false, or dies, is thrown. No handler of
// pthread_atfork runs.
//
// Thread safety: needs external locking.
class WaitingChild {
 public:
  explicit WaitingChild(const std::function<bool()>& body);
  ~WaitingChild() { End(); }
  WaitingChild(const WaitingChild&) = delete;
  WaitingChild& operator=(const WaitingChild&) = delete;

  // 0 when it has ended.
  pid_t pid() const { return pid_; }

  // Kills it, and waits for its end.
  void End();

 private:
  pid_t pid_ = 0;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_FILE_HOLDER_H_
