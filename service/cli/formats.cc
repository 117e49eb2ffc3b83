#include "service/cli/formats.h"

#include <iostream>
#include <memory>
#include <string>

#include "service/formats/formats_table.h"

namespace portrisk::service::cli {

void AddFormats(CLI::App& app, Action* action) {
  auto* command = app.add_subcommand(
      "formats",
      "List the formats that are read, or what is read of one, field by "
      "field.\nExample: portrisk formats COARRI");
  auto name = std::make_shared<std::string>();
  command->add_option("name", *name,
                      "A format or message type (edifact, CODECO, 315, dcsa "
                      "...), or all");
  command->callback([=] {
    *action = [=] {
      const absl::Status status = PrintFormats(*name, std::cout);
      return status.ok() ? kExitOk : Fail(status);
    };
  });
}

}  // namespace portrisk::service::cli
