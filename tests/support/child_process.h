#ifndef PROMSHM_TESTS_SUPPORT_CHILD_PROCESS_H_
#define PROMSHM_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <functional>

namespace promshm::testing {

// Forks a child that runs `body` and exits with what it returns. Returns its
// PID.
pid_t StartChild(const std::function<int()>& body);

// As StartChild(), by the bare system call: no handler of pthread_atfork runs.
pid_t StartChildRaw(const std::function<int()>& body);

// The exit status of a child, or 256 plus the signal that ended it. One that
// has not ended in a minute is killed.
int WaitForChild(pid_t pid);

// Runs `body` in a child to its end.
int RunInChild(const std::function<int()>& body);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_CHILD_PROCESS_H_
