#ifndef PROMSHM_STORE_MAPPED_NUMBERS_H_
#define PROMSHM_STORE_MAPPED_NUMBERS_H_

#include <optional>
#include <string>
#include <vector>

#include "store/process_maps.h"
#include "store/process_table.h"

namespace promshm::store {

// What /proc/PID/maps shows where a process has one of these files of a
// directory mapped: each is mapped here for a moment, without a right to its
// bytes, and looked up. Where this process is not in the table, what fstat()
// says. In the order of `names`; none for what is no regular file.
std::vector<std::optional<MappedFile>> NumbersInMaps(
    const std::string& directory, const std::vector<std::string>& names,
    const ProcessTable& table);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_MAPPED_NUMBERS_H_
