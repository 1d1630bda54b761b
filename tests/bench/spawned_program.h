#ifndef PROMSHM_TESTS_BENCH_SPAWNED_PROGRAM_H_
#define PROMSHM_TESTS_BENCH_SPAWNED_PROGRAM_H_

#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace promshm::bench {

// Starts a program with these descriptors as its standard input and output.
// Trouble is thrown, here and below.
pid_t Spawn(const std::vector<std::string>& command, int output,
            int input = STDIN_FILENO);

// Waits for a program that Spawn() has started and that has to succeed.
void WaitForSuccess(pid_t child, const std::string& name);

// What a program prints, which has to succeed.
std::string OutputOf(const std::vector<std::string>& command);

// The next line of a stream, without its end; empty at the end of the stream.
std::string ReadLine(FILE* stream);

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_SPAWNED_PROGRAM_H_
