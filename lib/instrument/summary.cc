#include "promshm/summary.h"

#include <cmath>
#include <utility>

#include "instrument/entries.h"
#include "instrument/mapped_value.h"

namespace promshm {

Summary::Summary(std::unique_ptr<instrument::Entries> entries)
    : entries_(std::move(entries)) {}

Summary::~Summary() = default;

void Summary::Observe(double value) noexcept {
  if (std::isnan(value)) return;
  if (const instrument::MappedValue* values = entries_->ForUpdate()) {
    instrument::AddTo(values[0], 1.0);
    instrument::AddTo(values[1], value);
  }
}

}  // namespace promshm
