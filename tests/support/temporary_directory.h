#ifndef PROMSHM_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
#define PROMSHM_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_

#include <string>
#include <string_view>

namespace promshm::testing {

// Purpose: a directory of its own for a test, which everybody may enter; gone
// with the object. Trouble with it is thrown.
//
// Thread safety: const methods may be called from several threads.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

  // Where `name` is, or would be.
  std::string PathOf(std::string_view name) const;

  // Makes the file, or replaces what is in it, and returns its path.
  std::string Write(std::string_view name, std::string_view bytes) const;

 private:
  std::string path_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
