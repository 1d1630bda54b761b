#ifndef PROMSHM_STORE_WRITE_FAILURE_H_
#define PROMSHM_STORE_WRITE_FAILURE_H_

namespace promshm::store {

// Why a file could not be written: a Status that needs no allocation.
struct [[nodiscard]] WriteFailure {
  const char* what = nullptr;  // "cannot create", a literal; null: none
  int error = 0;               // an errno, or 0 where `what` says it all

  bool failed() const { return what != nullptr; }
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_WRITE_FAILURE_H_
