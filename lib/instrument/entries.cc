#include "instrument/entries.h"

#include <utility>

#include "store/process_generation.h"

namespace promshm::instrument {
Entries::Entries(ProcessFiles* files, FileKind kind,
                 std::vector<std::string> keys)
    : generation_(store::ProcessGeneration()),
      epoch_(files->epoch(kind)),
      values_(std::make_unique<MappedValue[]>(keys.size())),
      files_(files),
      kind_(kind),
      keys_(std::move(keys)) {}

void Entries::Create() noexcept {
  if (!IsBound()) files_->FindOrAdd(kind_, keys_, values_.get(), &bound_);
}

const MappedValue* Entries::BindForUpdate() noexcept {
  if (!files_->IsWaiting(kind_, keys_) &&
      files_->FindOrAdd(kind_, keys_, values_.get(), &bound_)) {
    return values_.get();
  }
  files_->dropped()->Increment();
  return nullptr;
}

}  // namespace promshm::instrument
