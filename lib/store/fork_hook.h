#ifndef PROMSHM_STORE_FORK_HOOK_H_
#define PROMSHM_STORE_FORK_HOOK_H_

namespace promshm::store {

// Has `function` called in every child of fork(), before fork() returns there,
// until the process ends. It finds the memory as it was in the parent, and no
// thread but its own.
void CallInChildren(void (*function)()) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FORK_HOOK_H_
