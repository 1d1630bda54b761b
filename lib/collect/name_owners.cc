#include "collect/name_owners.h"

#include <algorithm>
#include <optional>
#include <utility>

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
  if (owners.at(family.family) != index) return false;
  for (auto sample = family.samples.begin(); sample != family.samples.end();
       ++sample) {
    if (owners.at(*sample) != index) return false;
    if (std::find(family.samples.begin(), sample, *sample) != sample) {
      return false;
    }
  }
  return true;
}

Issue NameConflict(std::string message) {
  return {IssueKind::kNameConflict,
          {},
          std::nullopt,
          "name conflict: " + std::move(message)};
}

Issue NotAdmitted(const std::string& family, const FamilySpelling& spelling) {
  return NameConflict("family " + family + " is " + spelling.family +
                      " once escaped, and has a name twice or another one's; "
                      "left out");
}

}  // namespace promshm::collect
