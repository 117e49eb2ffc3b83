// portrisk formats.
#ifndef PORTRISK_SERVICE_CLI_FORMATS_H_
#define PORTRISK_SERVICE_CLI_FORMATS_H_

#include "service/cli/commands.h"

namespace portrisk::service::cli {

void AddFormats(CLI::App& app, Action* action);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_FORMATS_H_
