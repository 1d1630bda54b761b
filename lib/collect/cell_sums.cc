#include "collect/cell_sums.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

namespace promshm::collect {
namespace {

// Of an aligned double that a writer may store to.
double Load(const char* place) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const auto* bits = reinterpret_cast<const std::uint64_t*>(place);
  return std::bit_cast<double>(__atomic_load_n(bits, __ATOMIC_RELAXED));
}

struct InFile {
  const std::uint32_t* offsets;
  const char* file;

  double Value(std::size_t i) const { return Load(file + offsets[i]); }
  double Time(std::size_t i) const {
    return Load(file + offsets[i] + sizeof(double));
  }
};

struct Kept {
  const double* values;

  double Value(std::size_t i) const { return values[i]; }
};

struct KeptWithTimes {
  const double* values;

  double Value(std::size_t i) const { return values[2 * i]; }
  double Time(std::size_t i) const { return values[2 * i + 1]; }
};

}  // namespace

void CellSums::Begin() {
  Grow();
  values_ = first_values_;
  std::fill(times_.begin(), times_.end(), 0.0);
}

void CellSums::Add(Merge merge, const EntryList& entries, const char* file) {
  Grow();
  const InFile source{entries.offsets->data(), file};
  if (merge == Merge::kMostRecent) {
    AddMostRecent(*entries.keys, source);
  } else {
    AddValues(merge, *entries.keys, source);
  }
}

void CellSums::Add(Merge merge, const EntryList& entries,
                   const KeptValues& values) {
  if (merge == Merge::kMostRecent) {
    AddMostRecent(*entries.keys, KeptWithTimes{values.data()});
  } else {
    AddValues(merge, *entries.keys, Kept{values.data()});
  }
}

KeptValues CellSums::Keep(Merge merge, const EntryList& entries,
                          const char* file) {
  const InFile source{entries.offsets->data(), file};
  const std::size_t size = entries.keys->size();
  const bool with_times = merge == Merge::kMostRecent;
  KeptValues values;
  values.reserve(size * (with_times ? 2 : 1));
  for (std::size_t i = 0; i < size; ++i) {
    values.push_back(source.Value(i));
    if (with_times) values.push_back(source.Time(i));
  }
  return values;
}

template <typename Source>
void CellSums::AddValues(Merge merge, const NumberList& keys,
                         const Source& source) {
  const std::uint32_t* const cells = cell_of_key_.data();
  double* const values = values_.data();
  const std::size_t size = keys.size();
  switch (merge) {
    case Merge::kSum:
      for (std::size_t i = 0; i < size; ++i) {
        values[cells[keys[i]]] += source.Value(i);
      }
      break;
    case Merge::kMin:
      for (std::size_t i = 0; i < size; ++i) {
        double& least = values[cells[keys[i]]];
        const double value = source.Value(i);
        // NaN loses to every number.
        if (value < least || std::isnan(least)) least = value;
      }
      break;
    case Merge::kMax:
      for (std::size_t i = 0; i < size; ++i) {
        double& most = values[cells[keys[i]]];
        const double value = source.Value(i);
        if (value > most || std::isnan(most)) most = value;
      }
      break;
    case Merge::kMostRecent:
    case Merge::kLast:
      for (std::size_t i = 0; i < size; ++i) {
        values[cells[keys[i]]] = source.Value(i);
      }
      break;
  }
}

// A gauge never set has no timestamp, and no sample.
template <typename Source>
void CellSums::AddMostRecent(const NumberList& keys, const Source& source) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t cell = cell_of_key_[keys[i]];
    const double time = source.Time(i);
    if (time > times_[cell]) {
      times_[cell] = time;
      values_[cell] = source.Value(i);
    }
  }
}

// By what was learnt since.
void CellSums::Grow() {
  for (std::size_t key = cell_of_key_.size(); key < index_.keys().size();
       ++key) {
    cell_of_key_.push_back(index_.keys()[key].cell);
  }
  for (std::size_t cell = first_values_.size(); cell < index_.cells().size();
       ++cell) {
    first_values_.push_back(cell == kNoCell ? 0.0 : FirstValue(cell));
    values_.push_back(first_values_.back());
    times_.push_back(0.0);
  }
}

double CellSums::FirstValue(std::uint32_t cell) const {
  const Group& group = index_.groups()[index_.cells()[cell].group];
  const Merge merge = MergeOf(group.kind);
  return merge == Merge::kMin || merge == Merge::kMax
             ? std::numeric_limits<double>::quiet_NaN()
             : 0.0;
}

}  // namespace promshm::collect
