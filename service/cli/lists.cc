// portrisk lists: load, list, show, lookup.
#include <iostream>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/table.h"
#include "service/list_store.h"
#include "service/times.h"
#include "service/wrong_usage.h"

namespace portrisk::service::cli {
namespace {

using RuleStub = v1::RuleService::Stub;

struct LoadFlags {
  std::string name;
  std::string file;
  std::string type;
  std::string owner;
  std::string note;
};

std::string ExpiryOf(const v1::ListEntry& entry) {
  return entry.has_expire_time() ? FormatTime(entry.expire_time()) : "never";
}

int Load(const GlobalFlags& flags, const LoadFlags& load) {
  auto text = ReadFile(load.file);
  if (!text.ok()) return Fail(text.status());
  auto connection = Connection::OpenOrMake(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::LoadListRequest request;
  scoring::cel::EntryType type;
  if (scoring::cel::ParseEntryType(load.type, &type)) {
    request.set_type(
        static_cast<v1::ListType>(v1::LIST_TEXT + static_cast<int>(type)));
  }
  request.set_name(load.name);
  request.set_owner(load.owner);
  request.set_note(load.note);
  request.set_file(load.file);
  request.set_csv(*std::move(text));
  v1::LoadListResponse response;
  absl::Status status =
      (*connection)->Call(*stub, &RuleStub::LoadList, request, &response);
  if (!status.ok()) return Fail(status);
  for (const v1::Issue& issue : response.issues()) PrintIssue(issue);
  if (!response.has_list()) {
    std::cout << load.file << ": " << response.issues_size()
              << " issues; nothing was loaded\n";
    return kExitFailed;
  }
  const v1::ListVersion& list = response.list();
  std::cout << list.name() << " version " << list.version() << ", "
            << ListTypeName(list.type()) << ", " << list.entry_count()
            << " entries, ";
  if (response.unchanged()) std::cout << "unchanged, ";
  std::cout << "in force since journal position " << list.sequence() << ", "
            << FormatTime(list.time()) << "\n";
  return kExitOk;
}

int List(const GlobalFlags& flags, const std::string& name) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  Table table(
      {"LIST", "VERSION", "TYPE", "ENTRIES", "OWNER", "LOADED", "BY", "NOTE"});
  v1::ListListsRequest request;
  request.set_name(name);
  v1::ListListsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    absl::Status status =
        (*connection)->Call(*stub, &RuleStub::ListLists, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::ListVersion& list : response.lists()) {
      table.Add({list.name(), absl::StrCat(list.version()),
                 ListTypeName(list.type()), absl::StrCat(list.entry_count()),
                 list.owner(), FormatTime(list.time()), list.caller(),
                 list.note()});
    }
  } while (!response.next_page_token().empty());
  table.Print(std::cout);
  return kExitOk;
}

int Show(const GlobalFlags& flags, const std::string& name, uint64_t version,
         uint64_t limit) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  Table table({"VALUE", "EXPIRES", "OWNER", "REASON"});
  v1::GetListRequest request;
  request.set_name(name);
  request.set_version(version);
  v1::GetListResponse response;
  uint64_t left = limit;
  do {
    request.set_page_token(response.next_page_token());
    request.set_page_size(static_cast<int>(std::min<uint64_t>(left, 1000)));
    absl::Status status =
        (*connection)->Call(*stub, &RuleStub::GetList, request, &response);
    if (!status.ok()) return Fail(status);
    // Later pages show the version of the first, whatever is loaded meanwhile.
    request.set_version(response.list().version());
    for (const v1::ListEntry& entry : response.entries()) {
      table.Add(
          {entry.value(), ExpiryOf(entry),
           entry.owner().empty() ? response.list().owner() : entry.owner(),
           entry.reason()});
    }
    left -= static_cast<uint64_t>(response.entries_size());
  } while (!response.next_page_token().empty() && left > 0);
  const v1::ListVersion& list = response.list();
  std::cout << list.name() << " version " << list.version() << ", "
            << ListTypeName(list.type()) << ", " << list.entry_count()
            << " entries, " << list.content_hash() << "\n";
  table.Print(std::cout);
  if (!response.next_page_token().empty()) {
    std::cout << "... and " << list.entry_count() - limit
              << " more (--limit)\n";
  }
  return kExitOk;
}

int LookUp(const GlobalFlags& flags, const std::string& value,
           const std::string& name) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::LookUpListValueRequest request;
  request.set_value(value);
  request.set_name(name);
  v1::LookUpListValueResponse response;
  absl::Status status =
      (*connection)
          ->Call(*stub, &RuleStub::LookUpListValue, request, &response);
  if (!status.ok()) return Fail(status);
  if (response.holdings().empty()) {
    std::cout << value << " is in no version of "
              << (name.empty() ? "any list" : name) << "\n";
    return kExitOk;
  }
  Table table({"LIST", "VERSION", "IN FORCE", "ENTRY", "EXPIRES", "REASON"});
  for (const v1::ListHolding& holding : response.holdings()) {
    table.Add({holding.list().name(), absl::StrCat(holding.list().version()),
               holding.in_force() ? "yes" : "no", holding.entry().value(),
               ExpiryOf(holding.entry()), holding.entry().reason()});
  }
  table.Print(std::cout);
  return kExitOk;
}

}  // namespace

void AddLists(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* lists = app.add_subcommand(
      "lists", "Load and look into the lists that rules refer to");
  lists->require_subcommand(1);
  lists->fallthrough();
  auto load = std::make_shared<LoadFlags>();
  auto* command = lists->add_subcommand(
      "load",
      "Make a new version of a list from CSV with the columns value, reason "
      "and, where wanted, owner and expires\n"
      "Example: portrisk lists load watched-boxes boxes.csv --type "
      "container_number --owner 'NL risk desk'");
  command->add_option("name", load->name, "Name of the list")->required();
  command->add_option("file", load->file, "CSV file, - for standard input")
      ->required();
  command
      ->add_option("--type", load->type,
                   "text, locode, container_number, party_id or hs_prefix")
      ->required()
      ->check(CLI::IsMember(scoring::cel::EntryTypeNames()));
  command->add_option("--owner", load->owner, "Who answers for the list")
      ->required();
  command->add_option("--note", load->note, "Why; kept with the version");
  command->callback(
      [=, &flags] { *action = [=, &flags] { return Load(flags, *load); }; });
  auto name = std::make_shared<std::string>();
  auto* list = lists->add_subcommand(
      "list", "List the versions in force, or all versions of one list");
  list->add_option("name", *name, "Name of a list");
  list->callback(
      [=, &flags] { *action = [=, &flags] { return List(flags, *name); }; });
  auto version = std::make_shared<uint64_t>(0);
  auto limit = std::make_shared<uint64_t>(100);
  auto* show = lists->add_subcommand("show", "Print the entries of a list");
  show->add_option("name", *name, "Name of the list")->required();
  show->add_option("--version", *version, "[the one in force]");
  show->add_option("--limit", *limit, "Entries at most")
      ->check(AboveZero())
      ->capture_default_str();
  show->callback([=, &flags] {
    *action = [=, &flags] { return Show(flags, *name, *version, *limit); };
  });
  auto value = std::make_shared<std::string>();
  auto* lookup = lists->add_subcommand(
      "lookup",
      "Say which versions of which lists hold a value, and why\n"
      "Example: portrisk lists lookup MSKU1234565");
  lookup->add_option("value", *value, "Container number, code, party ...")
      ->required();
  lookup->add_option("--list", *name, "Only in this list");
  lookup->callback([=, &flags] {
    *action = [=, &flags] { return LookUp(flags, *value, *name); };
  });
}

}  // namespace portrisk::service::cli
