#ifndef PROMSHM_STORE_CALLER_STATE_H_
#define PROMSHM_STORE_CALLER_STATE_H_

#include <pthread.h>

#include <cerrno>

namespace promshm::store {

// Purpose: keeps from the caller what it did not ask for. Errno is left as it
// was, and the thread is not cancelled meanwhile: a cancellation would unwind
// through what must not throw.
//
// Thread safety: belongs to one thread. May be used in signal handlers.
class CallerState {
 public:
  CallerState() noexcept : errno_(errno) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
  }

  ~CallerState() {
    pthread_setcancelstate(cancel_state_, nullptr);
    errno = errno_;
  }

  CallerState(const CallerState&) = delete;
  CallerState& operator=(const CallerState&) = delete;

 private:
  const int errno_;
  int cancel_state_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_CALLER_STATE_H_
