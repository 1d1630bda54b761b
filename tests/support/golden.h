#ifndef PROMSHM_TESTS_SUPPORT_GOLDEN_H_
#define PROMSHM_TESTS_SUPPORT_GOLDEN_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace promshm::testing {

// What the writer's own client says of an entry in a golden file.
struct GoldenEntry {
  std::string key;
  double value = 0;
  std::optional<double> timestamp;
};

struct GoldenFile {
  std::string directory;  // `web`
  std::string name;       // `counter_4001.db`
  std::string path;
  std::vector<GoldenEntry> entries;
};

// The directories that have an entries.json: all that Python wrote.
inline constexpr std::string_view kPythonGolden[] = {
    "gauges", "idents", "large", "legacy016", "numbers", "text", "utf8", "web"};

// The path of a golden directory's part.
std::string GoldenPath(std::string_view directory, std::string_view part);

// The files of a directory of kPythonGolden, by name.
std::vector<GoldenFile> ReadGolden(std::string_view directory);

// The files of all of them.
std::vector<GoldenFile> ReadAllGolden();

// The bytes of a file; empty where there is none.
std::string ReadBytes(const std::string& path);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_GOLDEN_H_
