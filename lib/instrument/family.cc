#include "promshm/family.h"

#include <utility>

#include "instrument/entries.h"
#include "instrument/family_core.h"
#include "instrument/series_map.h"
#include "store/fork_safe_lock.h"

namespace promshm {

template <typename T>
class Family<T>::Series : public instrument::SeriesMap<Labels, T> {};

template <typename T>
Family<T>::Family(const instrument::FamilyCore& core)
    : core_(core), series_(std::make_unique<Series>()) {}

template <typename T>
Family<T>::~Family() = default;

template <typename T>
const std::string& Family<T>::GetName() const {
  return core_.description().name;
}

template <typename T>
const Labels& Family<T>::GetConstantLabels() const {
  return core_.description().labels;
}

template <typename T>
bool Family<T>::Has(const Labels& labels) const {
  return series_->Find(labels, instrument::HashOf(labels)) != nullptr;
}

template <typename T>
T& Family<T>::FindOrAdd(const Labels& labels,
                        const std::vector<double>& bounds) {
  const std::size_t hash = instrument::HashOf(labels);
  T* series = series_->Find(labels, hash);
  if (series == nullptr) {
    std::unique_ptr<T> made = Make(labels, bounds);
    {
      const store::ForkSafeLock::Guard guard(core_.files()->lock());
      series = series_->Insert(labels, hash, std::move(made));
    }
    series->entries_->Create();
  }
  if constexpr (std::is_same_v<T, Info>) series->Tell();
  return *series;
}

template <typename T>
std::unique_ptr<T> Family<T>::Make(const Labels& labels,
                                   const std::vector<double>& bounds) const {
  std::vector<double> checked = instrument::CheckBounds(bounds);
  auto entries = core_.MakeEntries(labels, checked);
  if constexpr (std::is_same_v<T, Histogram>) {
    return std::unique_ptr<T>(new T(std::move(entries), std::move(checked)));
  } else if constexpr (std::is_same_v<T, Gauge>) {
    return std::unique_ptr<T>(
        new T(std::move(entries), core_.description().mode));
  } else {
    return std::unique_ptr<T>(new T(std::move(entries)));
  }
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;
template class Family<Summary>;
template class Family<Info>;

}  // namespace promshm
