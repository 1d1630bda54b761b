#ifndef PROMSHM_TESTS_BENCH_LIVE_WRITERS_H_
#define PROMSHM_TESTS_BENCH_LIVE_WRITERS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace promshm::bench {

// Purpose: a child process that holds files open for writing, as living
// processes do: mapped, the descriptors closed. It ends with the object, or
// with the program.
//
// Thread safety: needs external locking.
class LiveWriters {
 public:
  // Returns once all are held. Trouble is thrown.
  explicit LiveWriters(const std::vector<std::string>& paths);
  ~LiveWriters();
  LiveWriters(const LiveWriters&) = delete;
  LiveWriters& operator=(const LiveWriters&) = delete;

 private:
  pid_t child_ = 0;
  int stop_ = -1;
};

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_LIVE_WRITERS_H_
