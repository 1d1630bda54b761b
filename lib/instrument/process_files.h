#ifndef PROMSHM_INSTRUMENT_PROCESS_FILES_H_
#define PROMSHM_INSTRUMENT_PROCESS_FILES_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "instrument/process_count.h"
#include "promshm/gauge_mode.h"
#include "promshm/process_identifier.h"
#include "promshm/snapshot.h"
#include "store/fork_safe_lock.h"
#include "store/metric_file_writer.h"
#include "store/slot_claim.h"

namespace promshm::instrument {

// One of the 13 kinds of metric files; an index.
using FileKind = std::size_t;
inline constexpr FileKind kFileKinds = 13;

// `mode` counts for gauges only.
FileKind KindOf(FamilyType type, GaugeMode mode);

// What an address in a file belongs to: the generation of the process, and the
// epoch of the file, which ends when somebody takes the file away.
using Binding = std::uint64_t;
inline constexpr Binding kUnbound = UINT64_MAX;

constexpr Binding BindingOf(std::uint32_t generation, std::uint32_t epoch) {
  return Binding{generation} << 32 | epoch;
}

// Purpose: the files that this process writes for one registry, one a kind,
// each opened when it is first needed, and opened anew in a forked child. A
// file that cannot be had is reported once and tried again once a second.
//
// Thread safety: every method may be called from several threads, and in signal
// handlers with the exceptions of registry.h.
class ProcessFiles {
 public:
  using ErrorHandler = std::function<void(std::string_view)>;

  ProcessFiles(std::string directory, ProcessIdentifier identifier,
               ErrorHandler on_error);

  const std::string& directory() const { return directory_; }

  // Guards registration and what FindOrAdd() does.
  store::ForkSafeLock* lock() { return &lock_; }

  // Looks whether Python is in the process. Not in signal handlers.
  void LookForPython() noexcept;

  const std::atomic<std::uint32_t>& epoch(FileKind kind) const {
    return files_[kind].epoch;
  }

  // Stores the addresses of the keys' values in this process's file, then in
  // `bound` what they belong to. False when there is no file, or no room in it.
  bool FindOrAdd(FileKind kind, const std::vector<std::string>& keys,
                 std::atomic<double*>* values,
                 std::atomic<Binding>* bound) noexcept;

  // Whether there was no room for keys like these less than a second ago.
  bool IsWaiting(FileKind kind,
                 const std::vector<std::string>& keys) const noexcept;

  ProcessCount* dropped() { return &dropped_; }

 private:
  struct File {
    store::MetricFileWriter writer;
    std::atomic<std::uint32_t> epoch{1};

    // Of the process whose try failed: what did not fit, from what size on,
    // and when it may try again, in nanoseconds of the monotonic clock.
    std::atomic<std::uint32_t> failed_generation{0};
    std::atomic<std::size_t> failed_size{0};
    std::atomic<std::int64_t> retry_at{0};
    std::uint32_t reported_generation = 0;  // of the process that told
  };

  using IdentifierText = store::FixedText<store::kLongestIdentifier>;
  using Message = store::FixedText<1000>;
  using Notices = std::vector<std::string>;
  using Keys = std::vector<std::string>;

  IdentifierText CallFunction() const noexcept;
  store::WriteFailure Identify(const IdentifierText& from_function) noexcept;
  store::WriteFailure Bind(FileKind kind, const Keys& keys,
                           const IdentifierText& from_function,
                           std::atomic<double*>* values,
                           Notices* notices) noexcept;
  store::WriteFailure OpenFile(FileKind kind,
                               const IdentifierText& from_function,
                               Notices* notices);
  void NoteSuccess(FileKind kind, const Keys& keys) noexcept;
  void NoteFailure(FileKind kind, const Keys& keys, store::WriteFailure failure,
                   Message* report) noexcept;
  void Report(std::string_view message) const noexcept;

  const std::string directory_;
  const ProcessIdentifier identifier_;
  const ErrorHandler on_error_;
  const std::atomic<std::uint32_t>& generation_;
  std::atomic<bool> python_is_loaded_{false};

  store::ForkSafeLock lock_;
  // Before the files: a slot is free only when they are closed.
  store::SlotClaim slot_;
  std::array<File, kFileKinds> files_;
  IdentifierText identifier_text_;
  std::uint32_t reported_generation_ = 0;  // of the process that told
  std::atomic<std::uint32_t> identified_generation_{0};

  ProcessCount dropped_;
};

}  // namespace promshm::instrument

#endif  // PROMSHM_INSTRUMENT_PROCESS_FILES_H_
