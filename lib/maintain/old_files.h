#ifndef PROMSHM_MAINTAIN_OLD_FILES_H_
#define PROMSHM_MAINTAIN_OLD_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "maintain/held_files.h"
#include "maintain/merge_commit.h"
#include "promshm/issue.h"
#include "promshm/maintain.h"
#include "store/file_descriptor.h"
#include "store/file_facts.h"
#include "store/merge_workspace.h"

namespace promshm::maintain {

// What there is to do about one file.
struct Task {
  std::string name;
  std::uint64_t inode = 0;     // 0: of whatever file has the name
  std::string identifier;      // of its process; empty: there is none
  bool needs_no_lease = true;  // that it is dead is not the kernel's word
};

// The plan's files of which this is to become, in the order of their names.
// Those of earlier merging are not among them when it is to fold.
std::vector<Task> TasksOf(const CleaningPlan& plan, FileAction action);

// Opens the tasks' files and asks for leases on them. Drops tasks of which that
// cannot be: the file is gone or another's, or its writer is back, which is an
// issue. `held` may be null.
std::vector<OldFile> OpenOldFiles(const store::FileDescriptor& directory,
                                  const std::string& path, HeldFiles* held,
                                  std::vector<Task>* tasks,
                                  std::vector<Issue>* issues);

// Whose the file is to be that stands for these: whoever may read all of them
// may read it.
store::FileOwner CommonOwner(const std::vector<store::FileFacts>& files,
                             const store::FileFacts& directory);

Issue LeftAlone(const std::string& path, std::string why);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_OLD_FILES_H_
