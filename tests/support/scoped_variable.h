#ifndef PROMSHM_TESTS_SUPPORT_SCOPED_VARIABLE_H_
#define PROMSHM_TESTS_SUPPORT_SCOPED_VARIABLE_H_

#include <stdlib.h>

#include <string>

namespace promshm::testing {

// Purpose: a variable of the environment that is set as long as the object
// lives.
//
// Thread safety: needs external locking against all uses of the environment.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() { unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* const name_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_SCOPED_VARIABLE_H_
