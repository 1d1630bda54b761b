#ifndef PROMSHM_TESTS_SUPPORT_DICE_H_
#define PROMSHM_TESTS_SUPPORT_DICE_H_

#include <cstddef>
#include <cstdint>
#include <random>

namespace promshm::testing {

// Purpose: chance that is the same on every machine for a seed.
//
// Thread safety: needs external locking.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  // From 0; `size` is not 0.
  std::size_t Below(std::size_t size) { return engine_() % size; }

  bool OneIn(std::size_t size) { return Below(size) == 0; }

  template <typename List>
  const auto& Pick(const List& list) {
    return list[Below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_DICE_H_
