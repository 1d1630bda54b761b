#include "promshm/info.h"

#include <utility>

#include "instrument/entries.h"
#include "instrument/mapped_value.h"

namespace promshm {

Info::Info(std::unique_ptr<instrument::Entries> entries)
    : entries_(std::move(entries)) {
  if (double* const* value = entries_->ForUpdate()) {
    instrument::Store(*value, 1.0);
  }
}

Info::~Info() = default;

}  // namespace promshm
