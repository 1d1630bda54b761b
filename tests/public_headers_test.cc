#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>

namespace promshm {
namespace {

// The headers that the build compiles alone, as C++17.
std::set<std::string> CompiledAlone() {
  std::istringstream list(PROMSHM_PUBLIC_HEADERS);
  std::set<std::string> headers;
  for (std::string header; std::getline(list, header, ',');) {
    headers.insert(header);
  }
  return headers;
}

TEST(PublicHeadersTest, EveryHeaderOfTheFolderIsCompiledAlone) {
  std::set<std::string> folder;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           PROMSHM_PUBLIC_HEADER_DIR)) {
    if (entry.path().extension() == ".h") {
      folder.insert(entry.path().lexically_relative(PROMSHM_PUBLIC_HEADER_DIR));
    } else if (entry.path().extension() == ".in") {
      folder.insert(entry.path()
                        .lexically_relative(PROMSHM_PUBLIC_HEADER_DIR)
                        .replace_extension());
    }
  }
  // The build makes it and leaves no template.
  folder.insert("export.h");
  EXPECT_EQ(CompiledAlone(), folder);
}

}  // namespace
}  // namespace promshm
