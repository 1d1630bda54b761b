#ifndef PROMSHM_STORE_RENAME_H_
#define PROMSHM_STORE_RENAME_H_

#include <cstdint>
#include <string>

namespace promshm::store {

// Renames to a name that nothing has; between directories by their descriptors.
// Gives an errno: EEXIST where something has it; 0 when it is done.
int RenameNew(int from_fd, const std::string& from, int to_fd,
              const std::string& to) noexcept;

// As RenameNew(), of a metric file, to its name or, where that is taken, to the
// first that is not with `-2`, `-3` and so on behind the identifier.
int RenameBack(int from_fd, const std::string& from, int to_fd,
               const std::string& name);

// Whether the name is that file's.
bool IsNameOf(int directory_fd, const std::string& name,
              std::uint64_t inode) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_RENAME_H_
