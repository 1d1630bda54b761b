#include "promshm/counter.h"

#include <utility>

#include "instrument/entries.h"
#include "instrument/mapped_value.h"

namespace promshm {

Counter::Counter(std::unique_ptr<instrument::Entries> entries)
    : entries_(std::move(entries)) {}

Counter::~Counter() = default;

void Counter::Increment() noexcept {
  if (const instrument::MappedValue* value = entries_->ForUpdate()) {
    instrument::AddTo(*value, 1.0);
  }
}

void Counter::Increment(double amount) noexcept {
  if (!(amount >= 0.0)) return;
  if (const instrument::MappedValue* value = entries_->ForUpdate()) {
    instrument::AddTo(*value, amount);
  }
}

void Counter::SetTotal(double total) noexcept {
  if (!(total >= 0.0)) return;
  const instrument::MappedValue* value = entries_->ForUpdate();
  if (value == nullptr) return;
  const instrument::Binding file = entries_->binding();
  if (found_in_ != file) {
    found_ = instrument::Load(*value);
    found_in_ = file;
  }
  instrument::Store(*value, found_ + total);
}

double Counter::Value() const noexcept {
  const instrument::MappedValue* value = entries_->ForReading();
  return value == nullptr ? 0.0 : instrument::Load(*value);
}

}  // namespace promshm
