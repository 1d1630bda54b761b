#ifndef PROMSHM_COLLECT_KNOWN_FILE_H_
#define PROMSHM_COLLECT_KNOWN_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "collect/cell_sums.h"
#include "collect/entry_list.h"
#include "collect/series_index.h"
#include "format/dialect.h"
#include "promshm/issue.h"
#include "store/file_mapping.h"

namespace promshm::collect {

// What a scrape knows of a file, and how the next one gets its values: out of
// the file in place as long as somebody can write to it, from a copy when
// nobody can. Whatever else there is has to be read anew.
struct KnownFile {
  explicit KnownFile(std::string file_name) : name(std::move(file_name)) {}

  // What was found holds no longer.
  void Reread() {
    mapping.Release();
    kept.reset();
    must_read = true;
  }

  std::string name;
  FileKind kind;
  format::Dialect dialect;
  std::uint32_t process = 0;
  SeriesIndex::KeySet* keys = nullptr;

  EntryList entries;
  std::uint64_t end = 0;         // byte after the last of them
  std::unique_ptr<Issue> issue;  // mostly none

  store::FileMapping mapping;
  KeptValues kept;
  bool must_read = true;
  bool was_opened = false;  // when it was kept, and by no writer since
  bool is_gone = false;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_KNOWN_FILE_H_
