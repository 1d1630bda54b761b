#ifndef PROMSHM_TESTS_STRESS_STRESS_CHILD_H_
#define PROMSHM_TESTS_STRESS_STRESS_CHILD_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

namespace promshm::testing {

inline constexpr bool kSanitized = !std::string_view(PROMSHM_SANITIZE).empty();

inline constexpr const char* kSanitizersAndFork =
    "a sanitizer's malloc() may hang in a child that was forked beside threads";

// Forks a child that runs `body` and then ends with status 0, without what
// exit() would do. An exception that leaves `body` aborts the child.
pid_t ForkChild(const std::function<void()>& body);

// Waits until the child has ended, for a minute at most; after that it is
// killed. Calls `meanwhile` again and again, which sleeps for an instant.
// Empty when it ended with status 0, otherwise what became of it.
void SleepBriefly();
std::string FateOfChild(pid_t pid,
                        const std::function<void()>& meanwhile = SleepBriefly);

// Ends the process with status 1 unless `condition` holds: a child has no other
// way to fail its parent's test.
void RequireInChild(bool condition, const char* what);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_STRESS_STRESS_CHILD_H_
