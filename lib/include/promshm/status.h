#ifndef PROMSHM_STATUS_H_
#define PROMSHM_STATUS_H_

#include <optional>
#include <string>
#include <utility>

namespace promshm {

/// What sort of failure a Status reports. Programs branch on the kind; people
/// read the message.
enum class StatusKind {
  kOk,
  kNotFound,          ///< The file or directory does not exist.
  kPermissionDenied,  ///< It exists, and this process may not read it.
  kBusy,              ///< Somebody holds the directory's lock for too long.
  kInvalidArgument,   ///< The caller asked for something that cannot be.
  kIoError,           ///< Anything else the system refused.
};

/// Purpose: the outcome of an operation that can fail: success, or a kind and
/// a sentence of the form `path: what: detail`, in lower case, with the
/// system's reason last. Success carries nothing.
///
/// A value. Thread safety: const methods may be called from several threads;
/// anything else needs external locking.
class [[nodiscard]] Status {
 public:
  /// Success.
  Status() = default;

  /// A failure. `kind` must not be kOk.
  Status(StatusKind kind, std::string message)
      : kind_(kind), message_(std::move(message)) {}

  bool ok() const { return kind_ == StatusKind::kOk; }
  StatusKind kind() const { return kind_; }

  /// `path: what: detail`; empty when ok().
  const std::string& message() const { return message_; }

 private:
  StatusKind kind_ = StatusKind::kOk;
  std::string message_;
};

/// Purpose: a value of type T, or the Status that says why there is none.
///
/// Calling value() on a failure is the caller's mistake and undefined; ask
/// ok() first.
///
/// A value. Thread safety: as T.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Both conversions are implicit so that a function can return either.
  Result(T value)  // NOLINT(google-explicit-constructor)
      : value_(std::move(value)) {}
  Result(Status status)  // NOLINT(google-explicit-constructor)
      : status_(std::move(status)) {}

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  const T& value() const& { return *value_; }
  T& value() & { return *value_; }
  T&& value() && { return *std::move(value_); }
  const T* operator->() const { return &*value_; }
  T* operator->() { return &*value_; }
  const T& operator*() const& { return *value_; }
  T& operator*() & { return *value_; }
  T&& operator*() && { return *std::move(value_); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace promshm

#endif  // PROMSHM_STATUS_H_
