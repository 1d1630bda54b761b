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
  const EntryRef* entries;
  const char* file;

  double Value(std::size_t i) const { return Load(file + entries[i].offset); }
  double Time(std::size_t i) const {
    return Load(file + entries[i].offset + sizeof(double));
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
  const InFile source{entries.data(), file};
  if (merge == Merge::kMostRecent) {
    AddMostRecent(entries, source);
  } else {
    AddValues(merge, entries, source);
  }
}

void CellSums::Add(Merge merge, const EntryList& entries,
                   const KeptValues& values) {
  if (merge == Merge::kMostRecent) {
    AddMostRecent(entries, KeptWithTimes{values.data()});
  } else {
    AddValues(merge, entries, Kept{values.data()});
  }
}

KeptValues CellSums::Keep(Merge merge, const EntryList& entries,
                          const char* file) {
  const InFile source{entries.data(), file};
  const bool with_times = merge == Merge::kMostRecent;
  KeptValues values;
  values.reserve(entries.size() * (with_times ? 2 : 1));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    values.push_back(source.Value(i));
    if (with_times) values.push_back(source.Time(i));
  }
  return values;
}

template <typename Source>
void CellSums::AddValues(Merge merge, const EntryList& entries,
                         const Source& source) {
  const EntryRef* const refs = entries.data();
  const std::uint32_t* const cells = cell_of_key_.data();
  double* const values = values_.data();
  const std::size_t size = entries.size();
  switch (merge) {
    case Merge::kSum:
      for (std::size_t i = 0; i < size; ++i) {
        values[cells[refs[i].key]] += source.Value(i);
      }
      break;
    case Merge::kMin:
      for (std::size_t i = 0; i < size; ++i) {
        double& least = values[cells[refs[i].key]];
        const double value = source.Value(i);
        // NaN loses to every number.
        if (value < least || std::isnan(least)) least = value;
      }
      break;
    case Merge::kMax:
      for (std::size_t i = 0; i < size; ++i) {
        double& most = values[cells[refs[i].key]];
        const double value = source.Value(i);
        if (value > most || std::isnan(most)) most = value;
      }
      break;
    case Merge::kMostRecent:
    case Merge::kLast:
      for (std::size_t i = 0; i < size; ++i) {
        values[cells[refs[i].key]] = source.Value(i);
      }
      break;
  }
}

// A gauge never set has no timestamp, and no sample.
template <typename Source>
void CellSums::AddMostRecent(const EntryList& entries, const Source& source) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::uint32_t cell = cell_of_key_[entries[i].key];
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
