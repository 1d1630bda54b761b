#include "tools/common/printer.h"

#include <cerrno>
#include <cstdio>

#include "tools/common/arguments.h"
#include "tools/common/system_reason.h"

namespace promshm::tools {

void Printer::Print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) Fail();
}

int Printer::Finish(ExitStatus status) {
  if (std::fflush(stdout) != 0) Fail();
  if (error_ == 0) return status;
  if (error_ == EPIPE) return kExitTrouble;
  return Trouble(name_, "stdout: cannot write: " + SystemReason(error_));
}

void Printer::Fail() {
  if (error_ == 0) error_ = errno;
}

}  // namespace promshm::tools
