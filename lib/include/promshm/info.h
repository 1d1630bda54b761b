#ifndef PROMSHM_INFO_H_
#define PROMSHM_INFO_H_

#include <atomic>
#include <memory>

#include "promshm/builder.h"
#include "promshm/export.h"

namespace promshm {

namespace instrument {
class Entries;
}

/// Purpose: facts told in labels, such as a version: a gauge of mode max whose
/// value is 1 from Family<Info>::Add() on. A forked child, which has nothing to
/// add, writes none. Where there was no file, Add() once more tries again.
///
/// Lifetime: as long as its Registry.
class PROMSHM_EXPORT Info {
 public:
  ~Info();

 private:
  template <typename T>
  friend class Family;
  explicit Info(std::unique_ptr<instrument::Entries> entries);

  // Stores the 1, unless that was done.
  void Tell() noexcept;

  std::unique_ptr<instrument::Entries> entries_;
  std::atomic<bool> told_{false};
};

/// Starts the description of a family of facts. Its sample is called
/// `NAME_info`, whether the name is given with the suffix or without.
inline Builder<Info> BuildInfo() { return {}; }

}  // namespace promshm

#endif  // PROMSHM_INFO_H_
