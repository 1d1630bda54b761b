#include "instrument/process_files.h"

#include <chrono>
#include <exception>
#include <utility>

#include "format/metric_file_name.h"
#include "store/process_generation.h"
#include "store/system_error.h"

namespace promshm::instrument {
namespace {

using store::WriteFailure;

constexpr FileKind kFirstGauge = 3;
constexpr int kDropBits = 40;
constexpr std::uint64_t kDropMask = (std::uint64_t{1} << kDropBits) - 1;
constexpr std::int64_t kRetryAfter = 1'000'000'000;  // nanoseconds

struct KindTraits {
  std::string stem;
  bool live = false;
  bool needs_timestamps = false;
};

std::array<KindTraits, kFileKinds> MakeTraits() {
  std::array<KindTraits, kFileKinds> traits;
  traits[0].stem = "counter_";
  traits[1].stem = "histogram_";
  traits[2].stem = "summary_";
  for (FileKind kind = kFirstGauge; kind < kFileKinds; ++kind) {
    const auto mode = static_cast<GaugeMode>(kind - kFirstGauge);
    traits[kind] = {"gauge_" + std::string(format::ToString(mode)) + "_",
                    format::IsLive(mode), format::IsMostRecent(mode)};
  }
  return traits;
}

const KindTraits& TraitsOf(FileKind kind) {
  static const std::array<KindTraits, kFileKinds> traits = MakeTraits();
  return traits[kind];
}

std::int64_t MonotonicNanoseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool IsIdentifier(std::string_view text) {
  return !text.empty() && text.size() <= store::kLongestIdentifier &&
         text.find_first_not_of(
             "0123456789.-"
             "abcdefghijklmnopqrstuvwxyz"
             "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

}  // namespace

FileKind KindOf(FamilyType type, GaugeMode mode) {
  switch (type) {
    case FamilyType::kCounter:
      return 0;
    case FamilyType::kHistogram:
      return 1;
    case FamilyType::kSummary:
      return 2;
    case FamilyType::kGauge:
      break;
  }
  return kFirstGauge + static_cast<FileKind>(mode);
}

ProcessFiles::ProcessFiles(std::string directory, ProcessIdentifier identifier,
                           ErrorHandler on_error)
    : directory_(std::move(directory)),
      identifier_(std::move(identifier)),
      on_error_(std::move(on_error)),
      generation_(store::ProcessGeneration()) {
  store::EnterProcess();
  TraitsOf(0);  // built here, not in a signal handler
  if (directory_.empty()) Report("PROMETHEUS_MULTIPROC_DIR: not set");
}

bool ProcessFiles::FindOrAdd(FileKind kind,
                             const std::vector<std::string>& keys,
                             double** values,
                             std::atomic<std::uint32_t>* bound) noexcept {
  const IdentifierText from_function = CallFunction();
  Notices notices;
  Message report;
  bool found = false;
  {
    store::ForkSafeLock::Guard guard(&lock_);
    const std::uint32_t generation = store::EnterProcess();
    // Another thread may have come first.
    if (bound->load(std::memory_order_relaxed) == generation) return true;
    const WriteFailure failure =
        Bind(kind, keys, from_function, values, &notices);
    found = !failure.failed();
    if (found) {
      files_[kind].reported_generation = 0;
      // Pairs with the load in Entries: the values' addresses come before.
      bound->store(generation, std::memory_order_release);
    } else {
      NoteFailure(kind, failure, &report);
    }
  }
  for (const std::string& notice : notices) Report(notice);
  if (!report.empty()) Report(report.view());
  return found;
}

bool ProcessFiles::IsWaiting(FileKind kind) const noexcept {
  const File& file = files_[kind];
  return file.failed_generation.load(std::memory_order_acquire) ==
             generation_.load(std::memory_order_relaxed) &&
         MonotonicNanoseconds() < file.retry_at.load(std::memory_order_relaxed);
}

void ProcessFiles::CountDrop() noexcept {
  const std::uint64_t start = std::uint64_t{store::EnterProcess()} << kDropBits;
  std::uint64_t seen = dropped_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    const bool ours = (seen & ~kDropMask) == start;
    next = (ours ? seen : start) + 1;
  } while (
      !dropped_.compare_exchange_weak(seen, next, std::memory_order_relaxed));
}

std::uint64_t ProcessFiles::dropped() const noexcept {
  const std::uint64_t start = std::uint64_t{store::EnterProcess()} << kDropBits;
  const std::uint64_t seen = dropped_.load(std::memory_order_relaxed);
  return (seen & ~kDropMask) == start ? seen & kDropMask : 0;
}

// The function may do what it likes, take this registry's lock too; so it is
// called before we do. Empty where it is not needed or of no use.
ProcessFiles::IdentifierText ProcessFiles::CallFunction() const noexcept {
  IdentifierText text;
  if (!identifier_.function() ||
      identified_generation_.load(std::memory_order_acquire) ==
          store::EnterProcess()) {
    return text;
  }
  try {
    const std::string given = identifier_.function()();
    if (IsIdentifier(given)) text.Append(given);
  } catch (...) {
    text.Clear();
  }
  return text;
}

WriteFailure ProcessFiles::Bind(FileKind kind,
                                const std::vector<std::string>& keys,
                                const IdentifierText& from_function,
                                double** values, Notices* notices) noexcept {
  if (directory_.empty()) return {"no directory", 0};
  store::MetricFileWriter& writer = files_[kind].writer;
  try {
    if (!writer.is_open()) {
      writer.Close();
      const WriteFailure failure = OpenFile(kind, from_function, notices);
      if (failure.failed()) return failure;
    }
    const bool was_lost = writer.lost();
    WriteFailure failure = writer.FindOrAdd(keys, values);
    if (!failure.failed() || !writer.lost()) return failure;
    if (!was_lost) {
      notices->push_back(directory_ + '/' + std::string(writer.name().view()) +
                         ": " + failure.what + "; left to itself");
    }
    failure = OpenFile(kind, from_function, notices);
    return failure.failed() ? failure : writer.FindOrAdd(keys, values);
  } catch (const std::exception&) {
    return {"out of memory", 0};
  }
}

WriteFailure ProcessFiles::OpenFile(FileKind kind,
                                    const IdentifierText& from_function,
                                    Notices* notices) {
  WriteFailure failure = Identify(from_function);
  if (failure.failed()) return failure;
  const KindTraits& traits = TraitsOf(kind);
  store::FileTarget target;
  target.directory = directory_.c_str();
  target.stem = traits.stem;
  target.identifier = identifier_text_.view();
  target.live = traits.live;
  target.needs_timestamps = traits.needs_timestamps;
  target.identifier_is_claimed = identifier_.is_slot();
  std::string notice;
  failure = files_[kind].writer.Open(target, &notice);
  if (!notice.empty()) notices->push_back(std::move(notice));
  if (!failure.failed()) reported_generation_ = 0;
  return failure;
}

WriteFailure ProcessFiles::Identify(
    const IdentifierText& from_function) noexcept {
  const std::uint32_t generation = store::EnterProcess();
  if (identified_generation_.load(std::memory_order_relaxed) == generation) {
    return {};
  }
  identifier_text_.Clear();
  if (identifier_.is_slot()) {
    const WriteFailure failure = slot_.Claim(directory_.c_str());
    if (failure.failed()) return failure;
    identifier_text_.Append("slot").Append(std::uint64_t{slot_.number()});
  } else if (!identifier_.function()) {
    identifier_text_.Append(static_cast<std::uint64_t>(store::ProcessId()));
  } else if (from_function.empty()) {
    return {"the identifier is not 1 to 100 bytes of [a-zA-Z0-9.-]", 0};
  } else {
    identifier_text_ = from_function;
  }
  identified_generation_.store(generation, std::memory_order_release);
  return {};
}

void ProcessFiles::NoteFailure(FileKind kind, WriteFailure failure,
                               Message* report) noexcept {
  File& file = files_[kind];
  const std::uint32_t generation = store::EnterProcess();
  file.retry_at.store(MonotonicNanoseconds() + kRetryAfter,
                      std::memory_order_relaxed);
  file.failed_generation.store(generation, std::memory_order_release);
  // What names no file concerns them all.
  std::uint32_t& reported = file.writer.name().empty()
                                ? reported_generation_
                                : file.reported_generation;
  if (directory_.empty() || reported == generation) return;
  reported = generation;
  report->Append(directory_);
  if (!file.writer.name().empty()) {
    report->Append("/").Append(file.writer.name().view());
  }
  report->Append(": ").Append(failure.what);
  if (failure.error != 0) {
    report->Append(": ").Append(store::SystemReasonText(failure.error).view());
  }
}

void ProcessFiles::Report(std::string_view message) const noexcept {
  if (!on_error_) return;
  try {
    on_error_(message);
  } catch (...) {
    return;
  }
}

}  // namespace promshm::instrument
