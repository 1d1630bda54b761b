#ifndef PROMSHM_TOOLS_COMMON_PRINTER_H_
#define PROMSHM_TOOLS_COMMON_PRINTER_H_

#include <string>

#include "tools/common/exit_status.h"

namespace promshm::tools {

// Purpose: what goes to stdout, and why it did not get there.
//
// Thread safety: needs external locking.
class Printer {
 public:
  // `name` is the tool's.
  explicit Printer(const char* name) : name_(name) {}

  void Print(const std::string& text);

  // Sees to it that all is on its way. The exit status: `status`, or trouble,
  // which is told on stderr. A reader that has seen enough, a closed pipe, is
  // nothing to speak of.
  int Finish(ExitStatus status);

 private:
  void Fail();

  const char* const name_;
  int error_ = 0;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_PRINTER_H_
