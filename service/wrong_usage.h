// What is said to a command line, or a file of flags, that cannot be followed.
#ifndef PORTRISK_SERVICE_WRONG_USAGE_H_
#define PORTRISK_SERVICE_WRONG_USAGE_H_

#include <CLI/CLI.hpp>

namespace portrisk::service {

// Of flags with a number.
CLI::Validator AboveZero();
CLI::Validator NotNegative();
CLI::Validator PercentAboveZero();

// Last, before `app` parses: what takes a whole number from 0 on, of any
// command, refuses a negative one, which would wrap round to a great one.
void RefuseNegative(CLI::App* app);

// After `app` threw `wrong`: prints the help or version that was asked for, or
// what is wrong to standard error, a word that is no flag and no command first.
// What main returns: 0 or 1.
int EndUsage(const CLI::App& app, const CLI::ParseError& wrong);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WRONG_USAGE_H_
