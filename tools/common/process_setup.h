#ifndef PROMSHM_TOOLS_COMMON_PROCESS_SETUP_H_
#define PROMSHM_TOOLS_COMMON_PROCESS_SETUP_H_

#include <signal.h>

#include <initializer_list>

namespace promshm::tools {

// Opens what is closed of the standard input, output and error output, on
// /dev/null: else the next files that are opened would get their numbers, and
// messages would be written into those. To be called before anything is opened.
void OpenStandardStreams();

// Whoever has all files of a directory open at once needs more descriptors than
// the usual limit of 1024, which is soft. Where it cannot be raised, things
// still work.
void RaiseDescriptorLimit();

// Keeps SIGTERM, SIGINT and others from ending the program, for sigwait(). To
// be called before the first thread starts: threads inherit the mask.
sigset_t BlockStopSignals(std::initializer_list<int> others = {});

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_PROCESS_SETUP_H_
