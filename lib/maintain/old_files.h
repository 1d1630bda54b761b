#ifndef PROMSHM_MAINTAIN_OLD_FILES_H_
#define PROMSHM_MAINTAIN_OLD_FILES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "maintain/held_files.h"
#include "promshm/issue.h"
#include "promshm/maintain.h"
#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/file_facts.h"
#include "store/merge_workspace.h"
#include "store/writer_probe.h"

namespace promshm::maintain {

// How long others may keep the directory locked.
inline constexpr std::chrono::milliseconds kLockPatience(2000);

// A file that is to go, opened for reading. Where `writers` is kNone we have a
// lease on it, and who wants to write to it waits.
struct OldFile {
  std::string name;
  store::FileDescriptor fd;
  store::FileFacts facts;
  store::Writers writers = store::Writers::kUnknown;
  // Of a file that was merged:
  bool is_merged = false;
  bool is_damaged = false;  // and is kept, therefore, by another name
  std::uint64_t fingerprint = 0;
  std::size_t entries = 0;
};

// What there is to do about one file.
struct Task {
  std::string name;
  std::uint64_t inode = 0;     // 0: of whatever file has the name
  std::string identifier;      // of its process; empty: there is none
  bool is_directory = false;   // of a cleaner that was killed early
  bool needs_no_lease = true;  // that it is dead is not the kernel's word
};

// The plan's files of which this is to become, in the order of their names.
// Those of earlier merging are not among them when it is to fold.
std::vector<Task> TasksOf(const CleaningPlan& plan, FileAction action);

// How many files a step may have open: writers that come back wait for it, and
// larger ones are no cheaper.
std::size_t MostAtOnce();

std::vector<Task> PartOf(const std::vector<Task>& tasks, std::size_t begin,
                         std::size_t size);

// Opens the tasks' files and asks for leases on them. Drops tasks of which that
// cannot be: the file is gone or another's, or its writer is back, which is an
// issue. `held` may be null.
std::vector<OldFile> OpenOldFiles(const store::FileDescriptor& directory,
                                  const std::string& path, HeldFiles* held,
                                  std::vector<Task>* tasks,
                                  std::vector<Issue>* issues);

// The files whose writers are back. Where we have no lease, what a merged file
// holds can tell; that is looked at where it is done `thoroughly`.
std::vector<std::string> Lost(const std::vector<OldFile>& files,
                              bool thoroughly);

// Locks the directory exclusively. A writer that comes back waits no longer
// than it takes to see that: then the files are named, and it is not locked.
Result<std::vector<std::string>> LockUnlessLost(
    const store::FileDescriptor& directory, const std::string& path,
    const std::vector<OldFile>& files);

// Gives the leases back, also those that a forked child has got a copy of.
void GiveBack(std::vector<OldFile>* files);

bool IsIn(const std::vector<std::string>& names, const std::string& name);

// Whose the file is to be that stands for these: whoever may read all of them
// may read it.
store::FileOwner CommonOwner(const std::vector<store::FileFacts>& files,
                             const store::FileFacts& directory);

Issue LeftAlone(const std::string& path, std::string why);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_OLD_FILES_H_
