#ifndef PROMSHM_TESTS_SUPPORT_FILE_HOLDER_H_
#define PROMSHM_TESTS_SUPPORT_FILE_HOLDER_H_

#include <sys/types.h>

#include <functional>
#include <string>

namespace promshm::testing {

// Maps the file for writing, as a writer does, until the process ends. It is
// made where it is missing. False, with errno, where that fails.
bool MapForWriting(const std::string& path);

// Purpose: a child process that runs a function and then waits until the object
// goes. The constructor returns when the function has; one that gives false, or
// dies, is thrown. The child is forked by the bare system call.
//
// Thread safety: needs external locking.
class WaitingChild {
 public:
  explicit WaitingChild(const std::function<bool()>& body);
  ~WaitingChild() { End(); }
  WaitingChild(const WaitingChild&) = delete;
  WaitingChild& operator=(const WaitingChild&) = delete;

  pid_t pid() const { return pid_; }

  // Lets it end, and waits for that.
  void End();

 private:
  pid_t pid_ = 0;
  int stop_ = -1;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_FILE_HOLDER_H_
