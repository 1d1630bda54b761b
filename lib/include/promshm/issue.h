#ifndef PROMSHM_ISSUE_H_
#define PROMSHM_ISSUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "promshm/export.h"

namespace promshm {

/// What is wrong with a file, or between files.
enum class IssueKind {
  kNotMetricFile,    ///< The name ends in .db and is no metric file's name.
  kNotRegularFile,   ///< A directory, FIFO, socket, device or symbolic link.
  kUnreadable,       ///< The system refused to open or read it.
  kVanished,         ///< Listed, and gone when it was to be opened.
  kDamaged,          ///< Bytes that are no entry; what stands before was kept.
  kTypeConflict,     ///< One family with two types; the first was kept.
  kModeConflict,     ///< One gauge in two modes; the first was kept.
  kHelpConflict,     ///< One family with two help texts; the first was kept.
  kNameConflict,     ///< Two families or series that would share a name.
  kInvalidBound,     ///< A bucket whose `le` is not a number; left out.
  kLeftAlone,        ///< Not cleaned up, although it was asked for.
  kUnfinishedMerge,  ///< A cleaner died; see FinishMerge() in maintain.h.
};

/// Purpose: one thing a reader met and went round. An issue is never a
/// failure: everything it does not name was read and counted.
///
/// A value; owns what it holds.
struct PROMSHM_EXPORT Issue {
  IssueKind kind = IssueKind::kDamaged;

  /// The file, as the directory was given joined with the file's name; for a
  /// conflict the file that came second. Empty where no file is to blame.
  std::string path;

  /// Byte in the file at which the damage begins.
  std::optional<std::uint64_t> offset;

  /// `what: detail`, in lower case, with the system's reason last.
  std::string message;

  /// Of a conflict between families, the file that came first.
  std::string other_path = {};

  /// One line, `path: byte OFFSET: what: detail`, as PrintableText.
  std::string ToString() const;
};

/// `text` with control bytes and whatever is not UTF-8 spelled `\xNN`, so that
/// a name that somebody else chose is safe to print on a terminal, and stays on
/// one line.
PROMSHM_EXPORT std::string PrintableText(std::string_view text);

}  // namespace promshm

#endif  // PROMSHM_ISSUE_H_
