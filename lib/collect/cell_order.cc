#include "collect/cell_order.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>

namespace promshm::collect {
namespace {

int RankOfSample(std::string_view name) {
  if (name.ends_with("_sum")) return 1;
  if (name.ends_with("_count")) return 2;
  return 0;
}

// As `a < b`, with one look at each text.
bool AreBefore(const std::vector<Label>& a, const std::vector<Label>& b) {
  const std::size_t size = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < size; ++i) {
    if (const int order = a[i].name.compare(b[i].name)) return order < 0;
    if (const int order = a[i].value.compare(b[i].value)) return order < 0;
  }
  return a.size() < b.size();
}

// A label set, and a number by which most of them are told apart: of two that
// differ in it, the smaller comes first.
struct RankedSet {
  std::uint64_t rank = 0;
  std::uint32_t set = 0;
};

std::string_view FirstValue(const std::vector<Label>& labels) {
  return labels.empty() ? std::string_view() : labels.front().value;
}

// Eight bytes as a number that is ordered as they are.
std::uint64_t RankOf(std::string_view text) {
  std::uint64_t rank = 0;
  for (std::size_t i = 0; i < sizeof(rank); ++i) {
    rank = rank << 8U | (i < text.size() ? static_cast<unsigned char>(text[i])
                                         : std::uint64_t{0});
  }
  return rank;
}

// Ranks by the first label's value, from where the values begin to differ.
void RankSets(const SeriesIndex& index, std::vector<RankedSet>* sets) {
  const std::vector<Label>& first = index.LabelSet(sets->front().set);
  const std::string_view value = FirstValue(first);
  std::size_t common = value.size();
  for (const RankedSet& ranked : *sets) {
    const std::vector<Label>& labels = index.LabelSet(ranked.set);
    if (labels.empty() || labels.front().name != first.front().name) return;
    const std::string_view other = labels.front().value;
    common = static_cast<std::size_t>(
        std::mismatch(value.begin(),
                      value.begin() + static_cast<std::ptrdiff_t>(
                                          std::min(common, other.size())),
                      other.begin())
            .first -
        value.begin());
  }
  for (RankedSet& ranked : *sets) {
    ranked.rank = RankOf(FirstValue(index.LabelSet(ranked.set)).substr(common));
  }
}

std::vector<RankedSet> SortedSets(const SeriesIndex& index,
                                  const std::vector<std::uint32_t>& cells) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(cells.size());
  for (const std::uint32_t cell : cells) {
    const std::uint32_t set = index.cells()[cell].label_set;
    if (numbers.empty() || numbers.back() != set) numbers.push_back(set);
  }
  if (!std::is_sorted(numbers.begin(), numbers.end())) {
    std::sort(numbers.begin(), numbers.end());
  }
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<RankedSet> sets;
  sets.reserve(numbers.size());
  for (const std::uint32_t set : numbers) sets.push_back({0, set});
  if (!sets.empty()) RankSets(index, &sets);
  std::sort(sets.begin(), sets.end(),
            [&index](const RankedSet& a, const RankedSet& b) {
              return a.rank != b.rank ? a.rank < b.rank
                                      : AreBefore(index.LabelSet(a.set),
                                                  index.LabelSet(b.set));
            });
  return sets;
}

// Buckets by their bounds, then the other samples.
bool IsBefore(const SeriesIndex& index, std::uint32_t a, std::uint32_t b) {
  const Cell& x = index.cells()[a];
  const Cell& y = index.cells()[b];
  if (x.bound || y.bound) {
    return x.bound && (!y.bound || *x.bound < *y.bound);
  }
  const std::string_view name = index.Name(x.sample);
  const std::string_view other = index.Name(y.sample);
  const int rank = RankOfSample(name);
  const int other_rank = RankOfSample(other);
  return rank != other_rank ? rank < other_rank : name < other;
}

}  // namespace

void SortCells(const SeriesIndex& index, std::vector<std::uint32_t>* places,
               std::vector<std::uint32_t>* cells) {
  const std::vector<RankedSet> sets = SortedSets(index, *cells);
  for (std::size_t place = 0; place < sets.size(); ++place) {
    (*places)[sets[place].set] = static_cast<std::uint32_t>(place);
  }
  const auto place_of = [&](std::uint32_t cell) {
    return (*places)[index.cells()[cell].label_set];
  };
  std::vector<std::size_t> begins(sets.size() + 1);
  for (const std::uint32_t cell : *cells) ++begins[place_of(cell) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<std::size_t> next = begins;
  std::vector<std::uint32_t> sorted(cells->size());
  for (const std::uint32_t cell : *cells) sorted[next[place_of(cell)]++] = cell;
  for (std::size_t place = 0; place < sets.size(); ++place) {
    const auto begin =
        sorted.begin() + static_cast<std::ptrdiff_t>(begins[place]);
    const auto end =
        sorted.begin() + static_cast<std::ptrdiff_t>(begins[place + 1]);
    std::sort(begin, end, [&index](std::uint32_t a, std::uint32_t b) {
      return IsBefore(index, a, b);
    });
  }
  *cells = std::move(sorted);
}

}  // namespace promshm::collect
