#include "maintain/uncumulate.h"

#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace promshm::maintain {

void Uncumulate(const collect::SeriesIndex& index, std::vector<double>* values,
                std::vector<bool>* are_last) {
  using Place = std::tuple<std::uint32_t, std::uint32_t, double>;
  std::map<Place, std::uint32_t> buckets;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> counts;
  for (std::uint32_t number = collect::kNoCell + 1;
       number < index.cells().size(); ++number) {
    const collect::Cell& cell = index.cells()[number];
    if (!index.groups()[cell.group].kind.cumulated) continue;
    if (cell.bound) {
      buckets.emplace(Place(cell.group, cell.label_set, *cell.bound), number);
    } else if (index.Name(cell.sample).ends_with("_count")) {
      counts.emplace(std::pair(cell.group, cell.label_set), number);
    }
  }
  double before = 0;
  for (auto bucket = buckets.begin(); bucket != buckets.end(); ++bucket) {
    const auto [group, label_set, bound] = bucket->first;
    const double cumulated = (*values)[bucket->second];
    (*values)[bucket->second] = cumulated - before;
    before = cumulated;
    const auto next = std::next(bucket);
    if (next != buckets.end() && std::get<0>(next->first) == group &&
        std::get<1>(next->first) == label_set) {
      continue;
    }
    const auto count = counts.find(std::pair(group, label_set));
    if (count != counts.end() && !std::isinf(bound)) {
      (*values)[count->second] -= before;
      (*are_last)[count->second] = true;
    }
    before = 0;
  }
}

}  // namespace promshm::maintain
