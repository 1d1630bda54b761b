#ifndef PROMSHM_STORE_HELPER_THREAD_H_
#define PROMSHM_STORE_HELPER_THREAD_H_

#include <cstddef>
#include <functional>
#include <thread>

namespace promshm::store {

// Starts a thread on another processor, which gets none of the application's
// signals. Not joinable where there is no other processor, or no thread to be
// had. `work` must not throw.
std::thread StartHelper(std::function<void()> work);

// Calls work(i) for each i below `size`, in any order, from two threads where
// that pays: for system calls on files. What `work` throws first is thrown here
// when both have ended.
void ShareWork(std::size_t size, const std::function<void(std::size_t)>& work);

// Fewer files take no longer than a thread to start.
inline constexpr std::size_t kFewFiles = 32;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_HELPER_THREAD_H_
