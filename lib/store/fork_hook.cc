#include "store/fork_hook.h"

#include <pthread.h>

namespace promshm::store {

void CallInChildren(void (*function)()) noexcept {
  pthread_atfork(nullptr, nullptr, function);
}

}  // namespace promshm::store
