#ifndef PROMSHM_COLLECT_NAME_OWNERS_H_
#define PROMSHM_COLLECT_NAME_OWNERS_H_

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "promshm/issue.h"

namespace promshm::collect {

// How an exposition spells the names of a family.
struct FamilySpelling {
  std::string family;
  std::vector<std::string> samples;
  bool unescaped = false;  // they are the names themselves
};

// Purpose: which families may stand in one exposition. Escaping can make one
// name of two: it belongs to the family that has it unescaped, else to the
// first. A family that has not all its names, or one of them twice, is out.
//
// Thread safety: const methods may be called from several threads.
class NameOwners {
 public:
  explicit NameOwners(const std::vector<FamilySpelling>& families);

  // Whether the family at `index` may stand there.
  bool Admits(std::size_t index) const { return admitted_[index]; }

 private:
  using Owners = std::unordered_map<std::string, std::size_t>;

  static bool HasAll(const FamilySpelling& family, std::size_t index,
                     const Owners& owners);

  std::vector<bool> admitted_;
};

// Two names that cannot stand side by side.
Issue NameConflict(std::string message);

// Why `family`, so spelled, is left out.
Issue NotAdmitted(const std::string& family, const FamilySpelling& spelling);

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_NAME_OWNERS_H_
