#include "tools/serve/http/gzip.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <memory>

namespace promshm::tools {
namespace {

struct HeaderCase {
  const char* header;
  bool gzip;
};

TEST(AcceptsGzipTest, FollowsTheHeader) {
  const HeaderCase cases[] = {
      {"", false},
      {"gzip", true},
      {"GZip", true},
      {"x-gzip", true},
      {"deflate, gzip, br", true},
      {"  gzip\t", true},
      {"deflate", false},
      {"gzipped", false},
      {"identity", false},
      {",,gzip,", true},
      {"*", true},
      {"*;q=0", false},
      {"gzip;q=0", false},
      {"gzip;q=0.000", false},
      {"gzip; q=0.001", true},
      {"gzip ;\tQ = 1.000", true},
      {"gzip;level=9;q=0", false},
      {"gzip;q=0, *", false},
      {"gzip, *;q=0", true},
      {"identity;q=0.5, gzip;q=1", true},
      {"identity, gzip;q=0.5", false},
      {"identity, gzip", true},
      {"gzip;q=0.5, *", false},
      {"gzip;q=", false},
      {"gzip;q=one", false},
      {"gzip;q=-1", false},
      {"gzip;q=2", false},
      {"gzip;q=nan", false},
      {"gzip;q=0.5x", false},
  };
  for (const HeaderCase& c : cases) {
    EXPECT_EQ(AcceptsGzip(c.header), c.gzip) << c.header;
  }
}

std::string Gunzip(const std::string& packed, std::size_t size) {
  const std::unique_ptr<libdeflate_decompressor,
                        decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(),
                   &libdeflate_free_decompressor);
  std::string text(size, '\0');
  std::size_t unpacked = 0;
  EXPECT_EQ(libdeflate_gzip_decompress(decompressor.get(), packed.data(),
                                       packed.size(), text.data(), text.size(),
                                       &unpacked),
            LIBDEFLATE_SUCCESS);
  EXPECT_EQ(unpacked, size);
  return text;
}

TEST(GzipTest, UnpacksToTheSameText) {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    text += "requests_total{path=\"/" + std::to_string(i) + "\"} 1.0\n";
  }
  const std::optional<std::string> packed = Gzip(text);
  ASSERT_TRUE(packed.has_value());
  EXPECT_LT(packed->size(), text.size() / 4);
  EXPECT_EQ(Gunzip(*packed, text.size()), text);
}

TEST(GzipTest, TakesTextThatCannotShrink) {
  const std::optional<std::string> packed = Gzip("a");
  ASSERT_TRUE(packed.has_value());
  EXPECT_EQ(Gunzip(*packed, 1), "a");
}

}  // namespace
}  // namespace promshm::tools
