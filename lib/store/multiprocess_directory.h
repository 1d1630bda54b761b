#ifndef PROMSHM_STORE_MULTIPROCESS_DIRECTORY_H_
#define PROMSHM_STORE_MULTIPROCESS_DIRECTORY_H_

#include <string>

namespace promshm::store {

// `given`, or where that is empty what PROMETHEUS_MULTIPROC_DIR says, else
// prometheus_multiproc_dir; from the working directory on, as it is now. Empty
// where nobody named one.
std::string MultiprocessDirectory(const std::string& given);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_MULTIPROCESS_DIRECTORY_H_
