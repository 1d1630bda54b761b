#include "promshm/gauge.h"

#include <chrono>
#include <utility>

#include "format/metric_file_name.h"
#include "instrument/entries.h"
#include "instrument/mapped_value.h"

namespace promshm {
namespace {

double UnixTime() noexcept {
  return std::chrono::duration<double>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void StoreTime(const instrument::MappedValue& value, double time) noexcept {
  std::atomic_ref<double>(instrument::AddressOf(value)[1])
      .store(time, std::memory_order_release);
}

// The value comes first: an old one must not look new.
void Stamp(const instrument::MappedValue& value) noexcept {
  StoreTime(value, UnixTime());
}

}  // namespace

Gauge::Gauge(std::unique_ptr<instrument::Entries> entries, GaugeMode mode)
    : entries_(std::move(entries)),
      mode_(mode),
      stamped_(format::IsMostRecent(mode)) {}

Gauge::~Gauge() = default;

void Gauge::Set(double value) noexcept {
  if (const instrument::MappedValue* mapped = entries_->ForUpdate()) {
    instrument::Store(*mapped, value);
    if (stamped_) Stamp(*mapped);
  }
}

void Gauge::Increment() noexcept { Change(1.0); }

void Gauge::Increment(double amount) noexcept { Change(amount); }

void Gauge::Decrement() noexcept { Change(-1.0); }

void Gauge::Decrement(double amount) noexcept { Change(-amount); }

void Gauge::SetToCurrentTime() noexcept { Set(UnixTime()); }

void Gauge::Withdraw() noexcept {
  const instrument::MappedValue* value = entries_->ForReading();
  if (value == nullptr) return;
  if (stamped_) StoreTime(*value, 0.0);
  if (mode_ == GaugeMode::kSum || mode_ == GaugeMode::kLiveSum) {
    instrument::Store(*value, 0.0);
  }
}

double Gauge::Value() const noexcept {
  const instrument::MappedValue* value = entries_->ForReading();
  return value == nullptr ? 0.0 : instrument::Load(*value);
}

void Gauge::Change(double amount) noexcept {
  if (const instrument::MappedValue* mapped = entries_->ForUpdate()) {
    instrument::AddTo(*mapped, amount);
    if (stamped_) Stamp(*mapped);
  }
}

}  // namespace promshm
