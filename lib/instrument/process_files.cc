#include "instrument/process_files.h"

#include <chrono>
#include <exception>
#include <utility>

#include "format/metric_file_name.h"
#include "store/caller_state.h"
#include "store/process_generation.h"
#include "store/system_error.h"

namespace promshm::instrument {
namespace {

using store::WriteFailure;

constexpr FileKind kFirstGauge = 3;
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
  // Never gone: who counts while the program ends may come to need a file.
  static const auto& traits =
      *new std::array<KindTraits, kFileKinds>(MakeTraits());
  return traits[kind];
}

std::int64_t MonotonicNanoseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::size_t SizeOf(const std::vector<std::string>& keys) noexcept {
  std::size_t size = 0;
  for (const std::string& key : keys) size += key.size();
  return size;
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
  LookForPython();
  if (directory_.empty()) Report("PROMETHEUS_MULTIPROC_DIR: not set");
}

void ProcessFiles::LookForPython() noexcept {
  python_is_loaded_.store(store::PythonIsLoaded(), std::memory_order_relaxed);
}

bool ProcessFiles::FindOrAdd(FileKind kind, const Keys& keys,
                             std::atomic<double*>* values,
                             std::atomic<Binding>* bound) noexcept {
  const store::CallerState caller;
  const IdentifierText from_function = CallFunction();
  Notices notices;
  Message report;
  bool found = false;
  {
    store::ForkSafeLock::Guard guard(&lock_);
    if (!guard.holds()) return false;
    File& file = files_[kind];
    const std::uint32_t generation = store::EnterProcess();
    // Another thread may have come first.
    if (bound->load(std::memory_order_relaxed) ==
        BindingOf(generation, file.epoch.load(std::memory_order_relaxed))) {
      return true;
    }
    const WriteFailure failure =
        Bind(kind, keys, from_function, values, &notices);
    found = !failure.failed();
    if (found) {
      NoteSuccess(kind, keys);
      // Pairs with the load in Entries: the values' addresses come before.
      bound->store(
          BindingOf(generation, file.epoch.load(std::memory_order_relaxed)),
          std::memory_order_release);
    } else {
      NoteFailure(kind, keys, failure, &report);
    }
  }
  for (const std::string& notice : notices) Report(notice);
  if (!report.empty()) Report(report.view());
  return found;
}

bool ProcessFiles::IsWaiting(FileKind kind, const Keys& keys) const noexcept {
  const File& file = files_[kind];
  return file.failed_generation.load(std::memory_order_acquire) ==
             generation_.load(std::memory_order_relaxed) &&
         SizeOf(keys) >= file.failed_size.load(std::memory_order_relaxed) &&
         MonotonicNanoseconds() < file.retry_at.load(std::memory_order_relaxed);
}

// Called before the lock is taken, since nobody knows what it does. Empty where
// it is not needed or of no use.
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

WriteFailure ProcessFiles::Bind(FileKind kind, const Keys& keys,
                                const IdentifierText& from_function,
                                std::atomic<double*>* values,
                                Notices* notices) noexcept {
  if (directory_.empty()) return {"no directory", 0};
  File& file = files_[kind];
  store::MetricFileWriter& writer = file.writer;
  try {
    if (!writer.is_open()) writer.Close();
    if (!writer.is_open() || writer.loss() == store::Loss::kGone) {
      const WriteFailure failure = OpenFile(kind, from_function, notices);
      if (failure.failed()) return failure;
    }
    const store::Loss before = writer.loss();
    WriteFailure failure = writer.FindOrAdd(keys, values);
    const store::Loss loss = writer.loss();
    if (!failure.failed() || loss == store::Loss::kNone) return failure;
    if (before == store::Loss::kNone) {
      notices->push_back(std::string(writer.path()) + ": " + failure.what +
                         "; left to itself");
      // What was counted in there is out of sight. Start again elsewhere.
      if (loss == store::Loss::kGone) ++file.epoch;
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
  // prometheus_client would take the file of this process ID for its own.
  target.plain_name_is_taken =
      !identifier_.is_slot() && !identifier_.function() &&
      python_is_loaded_.load(std::memory_order_relaxed);
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

void ProcessFiles::NoteSuccess(FileKind kind, const Keys& keys) noexcept {
  File& file = files_[kind];
  // What is smaller may fit where the rest still does not.
  if (SizeOf(keys) >= file.failed_size.load(std::memory_order_relaxed)) {
    file.reported_generation = 0;
  }
}

void ProcessFiles::NoteFailure(FileKind kind, const Keys& keys,
                               WriteFailure failure, Message* report) noexcept {
  File& file = files_[kind];
  const std::uint32_t generation = store::EnterProcess();
  const std::size_t size = file.writer.is_open() ? SizeOf(keys) : 0;
  const std::int64_t now = MonotonicNanoseconds();
  const bool more_than_before =
      file.failed_generation.load(std::memory_order_relaxed) == generation &&
      now < file.retry_at.load(std::memory_order_relaxed) &&
      size >= file.failed_size.load(std::memory_order_relaxed);
  if (!more_than_before) {
    file.failed_size.store(size, std::memory_order_relaxed);
    file.retry_at.store(now + kRetryAfter, std::memory_order_relaxed);
    file.failed_generation.store(generation, std::memory_order_release);
  }
  // What names no file concerns them all.
  const bool named = file.writer.path().size() > directory_.size();
  std::uint32_t& reported =
      named ? file.reported_generation : reported_generation_;
  if (directory_.empty() || reported == generation) return;
  reported = generation;
  report->Append(named ? file.writer.path() : directory_)
      .Append(": ")
      .Append(failure.what);
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
