#ifndef PROMSHM_TESTS_BENCH_SCRAPE_FLOORS_H_
#define PROMSHM_TESTS_BENCH_SCRAPE_FLOORS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace promshm::bench {

// What no scrape can do without. Each knows beforehand all that a scrape has to
// find out, and is no more careful than it takes with files that are as they
// were. Trouble is thrown.

// The number of files in a directory, by listing it.
std::size_t CountFiles(const std::string& directory);

// Purpose: lists a directory, opens each file, reads its used bytes at once and
// closes it.
//
// Thread safety: needs external locking.
class ReadFloor {
 public:
  explicit ReadFloor(std::string directory);

  // The number of bytes read.
  std::size_t Run();

 private:
  std::string directory_;
  std::vector<std::size_t> used_;  // by place in the listing
  std::vector<char> buffer_;
};

// Purpose: adds each value of a directory to its series, in mappings of the
// files, with all places known.
//
// Thread safety: needs external locking.
class ValueFloor {
 public:
  explicit ValueFloor(const std::string& directory);
  ~ValueFloor();
  ValueFloor(const ValueFloor&) = delete;
  ValueFloor& operator=(const ValueFloor&) = delete;

  // The sum of all series.
  double Run();

 private:
  struct Place {
    std::uint32_t offset;  // of the value
    std::uint32_t series;
    bool operator==(const Place&) const = default;
  };
  using Places = std::vector<Place>;
  struct File {
    std::string_view bytes;
    std::shared_ptr<const Places> places;  // shared by files that are alike
  };

  Places FindPlaces(const std::string& name, std::string_view bytes);

  std::vector<File> files_;
  std::vector<double> sums_;
  std::unordered_map<std::string, std::uint32_t> series_;
};

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_SCRAPE_FLOORS_H_
