#ifndef PROMSHM_MAINTAIN_REMOVE_FILES_H_
#define PROMSHM_MAINTAIN_REMOVE_FILES_H_

#include <string>
#include <vector>

#include "maintain/old_files.h"
#include "promshm/status.h"
#include "store/file_descriptor.h"

namespace promshm::maintain {

// Removes files for good; needs no space on the disk. Readers see all of them
// or none. Drops those from `old` that are others by now or whose writers are
// back, which are put back if need be, and gives their names. Killed meanwhile,
// some files may be left by names that no reader looks at.
Result<std::vector<std::string>> RemoveFiles(
    const store::FileDescriptor& directory, const std::string& path,
    std::vector<OldFile>* old);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_REMOVE_FILES_H_
