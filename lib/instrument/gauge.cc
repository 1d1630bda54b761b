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

// A reader must not see the new time with the old value.
void Stamp(double* value) noexcept {
  std::atomic_ref<double>(value[1]).store(UnixTime(),
                                          std::memory_order_release);
}

}  // namespace

Gauge::Gauge(std::unique_ptr<instrument::Entries> entries, GaugeMode mode)
    : entries_(std::move(entries)), stamped_(format::IsMostRecent(mode)) {}

Gauge::~Gauge() = default;

void Gauge::Set(double value) noexcept {
  if (double* const* mapped = entries_->ForUpdate()) {
    instrument::Store(*mapped, value);
    if (stamped_) Stamp(*mapped);
  }
}

void Gauge::Increment() noexcept { Change(1.0); }

void Gauge::Increment(double amount) noexcept { Change(amount); }

void Gauge::Decrement() noexcept { Change(-1.0); }

void Gauge::Decrement(double amount) noexcept { Change(-amount); }

void Gauge::SetToCurrentTime() noexcept { Set(UnixTime()); }

double Gauge::Value() const noexcept {
  double* const* value = entries_->ForReading();
  return value == nullptr ? 0.0 : instrument::Load(*value);
}

void Gauge::Change(double amount) noexcept {
  if (double* const* mapped = entries_->ForUpdate()) {
    instrument::AddTo(*mapped, amount);
    if (stamped_) Stamp(*mapped);
  }
}

}  // namespace promshm
