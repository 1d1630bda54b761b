#ifndef PROMSHM_STORE_OPEN_FILE_H_
#define PROMSHM_STORE_OPEN_FILE_H_

#include <cstddef>

#include "store/file_descriptor.h"

namespace promshm::store {

// How many descriptors this process may have.
std::size_t OpenFileLimit();

// Makes room for so many more descriptors at once. The kernel would do that in
// steps, and with several threads each of them takes it some milliseconds.
void ExpectDescriptors(const FileDescriptor& any, std::size_t number);

// Whether no other name leads to the file.
bool HasOneName(const FileDescriptor& fd);

// Whether the file is on overlayfs, where opening it for writing may make the
// name another file's.
bool IsOnOverlay(const FileDescriptor& fd);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_OPEN_FILE_H_
