#ifndef PROMSHM_INSTRUMENT_ENTRIES_H_
#define PROMSHM_INSTRUMENT_ENTRIES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "instrument/mapped_value.h"
#include "instrument/process_files.h"

namespace promshm::instrument {

// Purpose: the entries of one label set, in the file of whatever process this
// is. Knows the addresses of the values; after a fork they are of no use, and
// the first update puts the entries into the child's file.
//
// Lifetime: `files` must outlive the object. Thread safety: every method may be
// called from several threads, and in signal handlers with the exception of
// registry.h.
class Entries {
 public:
  Entries(ProcessFiles* files, FileKind kind, std::vector<std::string> keys);

  // Puts the entries into this process's file, if that can be had.
  void Create() noexcept;

  // The addresses of the values, in the order of the keys, for an update; null
  // when there is no file, and then the update counts as dropped.
  const MappedValue* ForUpdate() noexcept {
    return IsBound() ? values_.get() : BindForUpdate();
  }

  // Null where this process has no file, or not these entries in it.
  const MappedValue* ForReading() const noexcept {
    return IsBound() ? values_.get() : nullptr;
  }

  // Which process's file the addresses are of.
  Binding binding() const noexcept {
    return bound_.load(std::memory_order_relaxed);
  }

 private:
  // Pairs with the store in ProcessFiles::FindOrAdd.
  bool IsBound() const noexcept {
    return bound_.load(std::memory_order_acquire) ==
           BindingOf(generation_.load(std::memory_order_relaxed),
                     epoch_.load(std::memory_order_relaxed));
  }

  const MappedValue* BindForUpdate() noexcept;

  std::atomic<Binding> bound_{kUnbound};
  const std::atomic<std::uint32_t>& generation_;
  const std::atomic<std::uint32_t>& epoch_;
  // Atomic, since a file that was lost is replaced under running threads.
  const std::unique_ptr<MappedValue[]> values_;
  ProcessFiles* const files_;
  const FileKind kind_;
  const std::vector<std::string> keys_;
};

}  // namespace promshm::instrument

#endif  // PROMSHM_INSTRUMENT_ENTRIES_H_
