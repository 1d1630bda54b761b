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

// Values lie apart, each in another cache line: while some are added, memory
// can already send so many that come.
constexpr std::size_t kAhead = 64;

double FirstValue(Merge merge) {
  return merge == Merge::kMin || merge == Merge::kMax
             ? std::numeric_limits<double>::quiet_NaN()
             : 0.0;
}

class InFile {
 public:
  InFile(const NumberList& offsets, const char* file)
      : offsets_(offsets.data()), last_(offsets.size() - 1), file_(file) {}

  double Value(std::size_t i) const {
    __builtin_prefetch(Place(std::min(i + kAhead, last_)));
    return Load(Place(i));
  }
  double Time(std::size_t i) const { return Load(Place(i) + sizeof(double)); }

 private:
  const char* Place(std::size_t i) const { return file_ + offsets_[i]; }

  const std::uint32_t* offsets_;
  std::size_t last_;  // without meaning when there is no value
  const char* file_;
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

void CellSums::Expect(const EntryList& entries, const char* file) {
  __builtin_prefetch(file);
  const std::size_t size = std::min(entries.offsets->size(), kAhead);
  for (std::size_t i = 0; i < size; ++i) {
    __builtin_prefetch(file + (*entries.offsets)[i]);
  }
}

void CellSums::Add(Merge merge, const EntryList& entries, const char* file) {
  Grow();
  AddFrom(merge, *entries.keys, InFile(*entries.offsets, file));
}

void CellSums::Add(Merge merge, const EntryList& entries,
                   const KeptValues& values) {
  Grow();
  if (merge == Merge::kMostRecent) {
    AddFrom(merge, *entries.keys, KeptWithTimes{values.get()});
  } else {
    AddFrom(merge, *entries.keys, Kept{values.get()});
  }
}

void CellSums::Add(const std::vector<double>& by_cell) {
  Grow();
  for (std::size_t cell = 0; cell < by_cell.size(); ++cell) {
    values_[cell] += by_cell[cell];
  }
}

KeptValues CellSums::Keep(Merge merge, const EntryList& entries,
                          const char* file) {
  const InFile source(*entries.offsets, file);
  const std::size_t size = entries.keys->size();
  const bool with_times = merge == Merge::kMostRecent;
  auto values = std::make_unique<double[]>(size * (with_times ? 2 : 1));
  double* next = values.get();
  for (std::size_t i = 0; i < size; ++i) {
    *next++ = source.Value(i);
    if (with_times) *next++ = source.Time(i);
  }
  return values;
}

template <typename Source>
void CellSums::AddFrom(Merge merge, const NumberList& keys,
                       const Source& source) {
  if constexpr (requires { source.Time(0); }) {
    if (merge == Merge::kMostRecent) {
      merges_each_ ? AddEach(keys, source) : AddMostRecent(keys, source);
      return;
    }
  }
  merges_each_ ? AddEach(keys, source) : AddValues(merge, keys, source);
}

// Only a file with times has entries that are merged by them.
template <typename Source>
void CellSums::AddEach(const NumberList& keys, const Source& source) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t cell = cell_of_key_[keys[i]];
    double& merged = values_[cell];
    const double value = source.Value(i);
    switch (merge_of_cell_[cell]) {
      case Merge::kSum:
        merged += value;
        break;
      case Merge::kMin:
        if (value < merged || std::isnan(merged)) merged = value;
        break;
      case Merge::kMax:
        if (value > merged || std::isnan(merged)) merged = value;
        break;
      case Merge::kMostRecent:
        if constexpr (requires { source.Time(0); }) {
          if (source.Time(i) <= times_[cell]) break;
          times_[cell] = source.Time(i);
          merged = value;
        }
        break;
      case Merge::kLast:
        merged = value;
        break;
    }
  }
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
    const Merge merge = cell == kNoCell
                            ? Merge::kSum
                            : index_.groups()[index_.cells()[cell].group].merge;
    merge_of_cell_.push_back(merge);
    first_values_.push_back(FirstValue(merge));
    values_.push_back(first_values_.back());
    times_.push_back(0.0);
  }
}

}  // namespace promshm::collect
