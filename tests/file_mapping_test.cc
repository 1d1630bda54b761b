#include "store/file_mapping.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "store/file_descriptor.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

constexpr std::size_t kPage = 4096;

class FileMappingTest : public ::testing::Test {
 protected:
  FileDescriptor Open(int flags = O_RDWR) {
    return FileDescriptor(open(path_.c_str(), flags | O_CLOEXEC));
  }

  static bool IsMappedMemory(const char* address) {
    unsigned char there = 0;
    return mincore(const_cast<char*>(address), 1, &there) == 0;
  }

  testing::TemporaryDirectory directory_;
  std::string path_ = directory_.Write("file", std::string(100, 'x'));
};

TEST_F(FileMappingTest, ShowsTheFileAsItIsAtEachMoment) {
  FileMapping mapping;
  EXPECT_FALSE(mapping.is_mapped());
  ASSERT_TRUE(mapping.Map(Open(O_RDONLY), 100));
  EXPECT_TRUE(mapping.is_mapped());
  EXPECT_EQ(mapping.base()[99], 'x');
  ASSERT_EQ(pwrite(Open().get(), "y", 1, 99), 1);
  EXPECT_EQ(mapping.base()[99], 'y');
}

TEST_F(FileMappingTest, ReachesToTheEndOfTheLastPage) {
  FileMapping mapping;
  ASSERT_TRUE(mapping.Map(Open(), 100));
  EXPECT_EQ(mapping.size(), kPage);
  ASSERT_EQ(ftruncate(Open().get(), kPage + 1), 0);
  ASSERT_TRUE(mapping.Map(Open(), kPage + 1));
  EXPECT_EQ(mapping.size(), 2 * kPage);
  ASSERT_TRUE(mapping.Map(Open(), kPage));
  EXPECT_EQ(mapping.size(), 2 * kPage);
}

TEST_F(FileMappingTest, GoesWithTheObject) {
  const char* base = nullptr;
  {
    FileMapping mapping;
    ASSERT_TRUE(mapping.Map(Open(), 100));
    base = mapping.base();
    FileMapping other(std::move(mapping));
    EXPECT_EQ(other.base(), base);
    EXPECT_EQ(other.size(), kPage);
    EXPECT_TRUE(IsMappedMemory(base));
  }
  EXPECT_FALSE(IsMappedMemory(base));
}

TEST_F(FileMappingTest, ReplacesWhatWasMapped) {
  FileMapping mapping;
  ASSERT_TRUE(mapping.Map(Open(), 100));
  FileMapping other;
  ASSERT_TRUE(other.Map(Open(), 100));
  const char* const first = mapping.base();
  const char* const second = other.base();
  mapping = std::move(other);
  EXPECT_EQ(mapping.base(), second);
  EXPECT_FALSE(IsMappedMemory(first));
  mapping.Release();
  EXPECT_FALSE(mapping.is_mapped());
  EXPECT_FALSE(IsMappedMemory(second));
}

TEST_F(FileMappingTest, MappingWhatIsNotThereFails) {
  FileMapping mapping;
  EXPECT_FALSE(mapping.Map(Open(), 101));
  directory_.Write("empty", "");
  const FileDescriptor empty(
      open(directory_.PathOf("empty").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(mapping.Map(empty, 0));
  EXPECT_FALSE(mapping.Map(FileDescriptor(), 100));
  EXPECT_FALSE(mapping.is_mapped());
}

TEST_F(FileMappingTest, IsNotInAForkedChild) {
  FileMapping mapping;
  ASSERT_TRUE(mapping.Map(Open(), 100));
  EXPECT_EQ(testing::RunInChild([&] {
              const char* const base = mapping.base();
              if (IsMappedMemory(base)) return 1;
              // Something else may lie there, which is not ours to unmap.
              void* const own =
                  mmap(const_cast<char*>(base), kPage, PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
              mapping.Release();
              if (mapping.is_mapped()) return 2;
              if (!IsMappedMemory(static_cast<const char*>(own))) return 3;
              if (!mapping.Map(Open(), 100)) return 4;
              return mapping.base()[0] == 'x' ? 0 : 5;
            }),
            0);
  EXPECT_EQ(mapping.base()[0], 'x');
}

// The rest is the application's. In a child, which need not tidy up.
TEST_F(FileMappingTest, LeavesMappingsToTheApplication) {
  EXPECT_EQ(
      testing::RunInChild([&] {
        const FileDescriptor fd = Open();
        std::vector<FileMapping> mappings(70'000);
        std::size_t mapped = 0;
        while (mapped < mappings.size() && mappings[mapped].Map(fd, 100)) {
          ++mapped;
        }
        if (mapped == mappings.size()) return 77;
        for (int i = 0; i < 10'000; ++i) {
          if (mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd.get(), 0) ==
              MAP_FAILED) {
            return 1;
          }
        }
        mappings[0].Release();
        if (!mappings[0].Map(fd, 100)) return 2;
        return mappings[mapped].Map(fd, 100) ? 3 : 0;
      }),
      0);
}

}  // namespace
}  // namespace promshm::store
