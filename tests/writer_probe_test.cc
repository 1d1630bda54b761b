#include "store/writer_probe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "store/file_descriptor.h"
#include "tests/support/temporary_directory.h"

namespace promshm::store {
namespace {

class WriterProbeTest : public ::testing::Test {
 protected:
  FileDescriptor Open(int flags) const {
    FileDescriptor fd(open(path_.c_str(), flags | O_CLOEXEC));
    EXPECT_TRUE(fd.valid());
    return fd;
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_.Write("f", "text");
};

TEST_F(WriterProbeTest, SeesNobody) {
  EXPECT_EQ(ProbeWriters(Open(O_RDONLY).get()), Writers::kNone);
}

TEST_F(WriterProbeTest, DoesNotCountReaders) {
  const FileDescriptor reader = Open(O_RDONLY);
  EXPECT_EQ(ProbeWriters(Open(O_RDONLY).get()), Writers::kNone);
}

TEST_F(WriterProbeTest, SeesAnOpenWriter) {
  const FileDescriptor writer = Open(O_RDWR);
  EXPECT_EQ(ProbeWriters(Open(O_RDONLY).get()), Writers::kSome);
}

TEST_F(WriterProbeTest, SeesAMappingWhoseDescriptorIsClosed) {
  FileDescriptor writer = Open(O_RDWR);
  void* memory =
      mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  writer.Close();
  EXPECT_EQ(ProbeWriters(Open(O_RDONLY).get()), Writers::kSome);
  munmap(memory, 1);
  EXPECT_EQ(ProbeWriters(Open(O_RDONLY).get()), Writers::kNone);
}

TEST_F(WriterProbeTest, LeavesNoLeaseBehind) {
  const FileDescriptor probed = Open(O_RDONLY);
  EXPECT_EQ(ProbeWriters(probed.get()), Writers::kNone);
  EXPECT_EQ(fcntl(probed.get(), F_GETLEASE), F_UNLCK);
}

TEST_F(WriterProbeTest, DoesNotKnowOfWhatIsNoFile) {
  const FileDescriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ProbeWriters(null.get()), Writers::kUnknown);
}

}  // namespace
}  // namespace promshm::store
