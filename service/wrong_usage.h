// What is said to a command line, or a file of flags, that cannot be followed.
#ifndef PORTRISK_SERVICE_WRONG_USAGE_H_
#define PORTRISK_SERVICE_WRONG_USAGE_H_

#include <CLI/CLI.hpp>

namespace portrisk::service {

// After `app` threw `wrong`: prints the help or version that was asked for, or
// what is wrong to standard error, a word that is no flag and no command first.
// What main returns: 0 or 1.
int EndUsage(const CLI::App& app, const CLI::ParseError& wrong);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WRONG_USAGE_H_
