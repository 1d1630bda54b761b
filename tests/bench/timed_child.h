#ifndef PROMSHM_TESTS_BENCH_TIMED_CHILD_H_
#define PROMSHM_TESTS_BENCH_TIMED_CHILD_H_

#include <sys/types.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace promshm::bench {

// How often what is short is done before it is timed: it takes some times until
// the processor's caches hold what they will hold.
inline constexpr int kUntimed = 5;

// Purpose: a child process that does something when it is asked, and says how
// long that took. It ends with the object, or with the program.
//
// Thread safety: needs external locking.
class TimedChild {
 public:
  struct Answer {
    double result = 0;
    std::vector<double> seconds;
  };
  using Work = std::function<double()>;

  // Forks. `prepare` runs in the child, at once, and gives what is done. A
  // request is the number of times to do it in a row, after kUntimed.
  explicit TimedChild(const std::function<Work()>& prepare);

  // Runs a program. It answers each line on its standard input with a line: a
  // result and seconds, as decimal numbers. Its first line is `ready`, or why
  // it cannot.
  explicit TimedChild(const std::vector<std::string>& command);

  ~TimedChild();
  TimedChild(const TimedChild&) = delete;
  TimedChild& operator=(const TimedChild&) = delete;

  // Why there is nobody to ask; empty when there is.
  const std::string& refusal() const { return refusal_; }

  // Trouble is thrown.
  Answer Ask(const std::string& request);

 private:
  void Start(const std::function<pid_t(int input, int output)>& start);

  pid_t child_ = 0;
  FILE* requests_ = nullptr;
  FILE* answers_ = nullptr;
  std::string refusal_;
};

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_TIMED_CHILD_H_
