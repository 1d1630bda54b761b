#include "collect/name_owners.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace promshm::collect {

NameOwners::NameOwners(const std::vector<FamilySpelling>& families) {
  Owners owners;
  for (const bool unescaped : {true, false}) {
    for (std::size_t i = 0; i < families.size(); ++i) {
      if (families[i].unescaped != unescaped) continue;
      owners.try_emplace(families[i].family, i);
      for (const std::string& sample : families[i].samples) {
        owners.try_emplace(sample, i);
      }
    }
  }
  for (std::size_t i = 0; i < families.size(); ++i) {
    admitted_.push_back(HasAll(families[i], i, owners));
  }
}

bool NameOwners::HasAll(const FamilySpelling& family, std::size_t index,
                        const Owners& owners) {
  std::unordered_set<std::string_view> distinct;
  return owners.at(family.family) == index &&
         std::all_of(family.samples.begin(), family.samples.end(),
                     [&](const std::string& sample) {
                       return owners.at(sample) == index &&
                              distinct.insert(sample).second;
                     });
}

}  // namespace promshm::collect
