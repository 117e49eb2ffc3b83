// portrisk expr: eval, batch. The expression language by itself, in the
// environment of the specification: for trying things out, and for running
// conformance suites.
#include <fstream>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "scoring/cel/checker.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/naive.h"
#include "scoring/cel/program.h"
#include "service/cli/commands.h"
#include "service/cli/expr_value.h"

namespace portrisk::service::cli {
namespace {

using scoring::cel::Value;

struct ExprFlags {
  std::string expression;
  std::string bindings = "{}";
  std::string file;
  std::string engine = "compiled";
  std::string descriptors;
  std::string container;
};

// One expression with its variables. Everything it makes lives in it.
class Evaluation {
 public:
  Evaluation(ExprTypes* types, std::string container)
      : types_(*types), container_(std::move(container)) {}

  absl::Status Bind(absl::string_view name, simdjson::dom::element json) {
    absl::StatusOr<Value> value = ReadValue(json, &types_, &arena_);
    if (!value.ok()) {
      return absl::Status(
          value.status().code(),
          absl::StrCat("binding ", name, ": ", value.status().message()));
    }
    names_.emplace_back(name);
    values_.push_back(*value);
    return absl::OkStatus();
  }

  // Fails where the expression cannot be read, and where it ends in an error.
  absl::StatusOr<Value> Run(absl::string_view expression, bool naive) {
    environment_ = std::make_unique<scoring::cel::Environment>(
        container_, names_, types_.types());
    scoring::cel::Diagnostics diagnostics;
    checked_ =
        scoring::cel::CheckExpression(expression, *environment_, &diagnostics);
    if (checked_.expr == nullptr) {
      const scoring::cel::Diagnostic& one = diagnostics.at(0);
      return absl::InvalidArgumentError(
          absl::StrCat("at character ", one.begin + 1, ": ", one.message,
                       one.suggestion.empty() ? "" : "; ", one.suggestion));
    }
    const Value value = naive ? Naively() : Compiled();
    if (value.is_error()) return absl::FailedPreconditionError(value.s);
    return value;
  }

  // In the form of the language.
  static std::string Human(const Value& value) {
    return DebugText(scoring::cel::ToNaive(value, {}));
  }

 private:
  Value Compiled() {
    scoring::cel::Compiler compiler(*environment_);
    const uint32_t root = compiler.Add(*checked_.expr);
    program_ = compiler.Finish();
    state_.Begin(*program_, values_.data());
    return state_.Evaluate(root);
  }

  Value Naively() {
    std::vector<scoring::cel::NaiveValue> variables;
    variables.reserve(values_.size());
    for (const Value& value : values_) {
      variables.push_back(scoring::cel::ToNaive(value, {}));
    }
    naive_ =
        scoring::cel::EvaluateNaively(*checked_.expr, *environment_, variables);
    return scoring::cel::FromNaive(naive_, &arena_);
  }

  ExprTypes& types_;
  const std::string container_;
  scoring::cel::Arena arena_;
  std::vector<std::string> names_;
  std::vector<Value> values_;
  std::unique_ptr<scoring::cel::Environment> environment_;
  scoring::cel::Checked checked_;
  std::shared_ptr<const scoring::cel::Program> program_;
  scoring::cel::EvalState state_;
  scoring::cel::NaiveValue naive_;
};

absl::Status BindAll(simdjson::dom::element bindings, Evaluation* evaluation) {
  simdjson::dom::object object;
  if (bindings.get(object) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(
        "bindings are a JSON object of names and values: {\"x\": 1}");
  }
  for (const auto member : object) {
    const absl::Status status =
        evaluation->Bind(View(member.key), member.value);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

int Eval(const ExprFlags& flags) {
  ExprTypes types;
  if (!flags.descriptors.empty()) {
    const absl::Status status = types.Load(flags.descriptors);
    if (!status.ok()) return Fail(status);
  }
  simdjson::dom::parser parser;
  simdjson::dom::element bindings;
  if (const auto error = parser.parse(flags.bindings).get(bindings); error) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("--bind is not JSON: ", simdjson::error_message(error))));
  }
  Evaluation evaluation(&types, flags.container);
  const absl::Status status = BindAll(bindings, &evaluation);
  if (!status.ok()) return Fail(status);
  const auto value = evaluation.Run(flags.expression, flags.engine == "naive");
  if (!value.ok()) return Fail(value.status());
  std::cout << Evaluation::Human(*value) << "\n";
  return kExitOk;
}

// {"value": ...} or {"error": ...}, without the braces.
std::string Outcome(simdjson::dom::element line, const ExprFlags& flags,
                    ExprTypes* types) {
  const auto error = [](const absl::Status& status) {
    return absl::StrCat("\"error\":", JsonText(status.message()));
  };
  std::string_view expression, container = flags.container;
  if (line["expr"].get(expression) != simdjson::SUCCESS) {
    return error(absl::InvalidArgumentError("\"expr\" is missing"));
  }
  std::string_view named;
  if (line["container"].get(named) == simdjson::SUCCESS) container = named;
  Evaluation evaluation(types, std::string(container));
  simdjson::dom::element bindings;
  if (line["bindings"].get(bindings) == simdjson::SUCCESS) {
    const absl::Status status = BindAll(bindings, &evaluation);
    if (!status.ok()) return error(status);
  }
  const auto value = evaluation.Run(View(expression), flags.engine == "naive");
  if (!value.ok()) return error(value.status());
  const auto json = WriteValue(*value, types);
  return json.ok() ? absl::StrCat("\"value\":", *json) : error(json.status());
}

int RunLines(std::istream& in, const ExprFlags& flags, ExprTypes* types) {
  simdjson::dom::parser parser;
  std::string text;
  bool unreadable = false;
  for (uint64_t number = 1; std::getline(in, text); ++number) {
    if (text.empty()) continue;
    simdjson::dom::element line;
    if (const auto error = parser.parse(text).get(line); error) {
      unreadable = true;
      std::cout << "{\"line\":" << number << ",\"error\":"
                << JsonText(absl::StrCat("not JSON: ",
                                         simdjson::error_message(error)))
                << "}\n";
      continue;
    }
    simdjson::dom::element id;
    const bool named = line["id"].get(id) == simdjson::SUCCESS;
    std::cout << "{"
              << (named ? absl::StrCat("\"id\":",
                                       std::string(simdjson::minify(id)))
                        : absl::StrCat("\"line\":", number))
              << "," << Outcome(line, flags, types) << "}\n";
  }
  std::cout.flush();
  return unreadable ? kExitRejects : kExitOk;
}

int Batch(const ExprFlags& flags) {
  ExprTypes types;
  if (!flags.descriptors.empty()) {
    const absl::Status status = types.Load(flags.descriptors);
    if (!status.ok()) return Fail(status);
  }
  if (flags.file == "-") return RunLines(std::cin, flags, &types);
  std::ifstream file(flags.file);
  if (!file) {
    return Fail(absl::NotFoundError(absl::StrCat("cannot read ", flags.file)));
  }
  return RunLines(file, flags, &types);
}

void AddCommon(CLI::App* command, const std::shared_ptr<ExprFlags>& flags) {
  command
      ->add_option("--engine", flags->engine,
                   "compiled: what rules run on; naive: the plain evaluator "
                   "it is tested against")
      ->check(CLI::IsMember({"compiled", "naive"}))
      ->capture_default_str();
  command->add_option("--descriptors", flags->descriptors,
                      "Message and enum types to know, as written by protoc "
                      "--include_imports --descriptor_set_out=FILE");
  command->add_option("--container", flags->container,
                      "Package in which short names are looked up");
}

}  // namespace

void AddExpr(CLI::App& app, Action* action) {
  auto* expr = app.add_subcommand(
      "expr",
      "Try the expression language (CEL) without a rule. Here everything of\n"
      "the language is there; rules leave out message literals, matches() and\n"
      "named time zones, and an absent field is unknown in them.");
  expr->require_subcommand(1);
  expr->fallthrough();
  const auto flags = std::make_shared<ExprFlags>();

  auto* eval = expr->add_subcommand(
      "eval",
      "Print the value of one expression; exit code 1 when it is an error.\n"
      "Examples:\n"
      "  portrisk expr eval '[1, 2, 3].filter(x, x % 2 == 1)'\n"
      "  portrisk expr eval 'seals.all(s, s.startsWith(\"MSK\"))' \\\n"
      "    --bind '{\"seals\": [\"MSK1\", \"MSK2\"]}'\n"
      "  portrisk expr eval 'm.?haulier.?id.orValue(\"none\")' \\\n"
      "    --bind '{\"m\": {\"haulier\": {}}}'\n"
      "  portrisk expr eval '\"%s weighs %.1f t\".format([id, kg / 1000.0])' "
      "\\\n"
      "    --bind '{\"id\": \"MSKU1234565\", \"kg\": 21500.0}'");
  eval->add_option("expression", flags->expression, "In single quotes")
      ->required();
  eval->add_option("--bind", flags->bindings,
                   "Variables: a JSON object of names and values. A value may "
                   "also be in the form of cel.expr.Value, which tells uint "
                   "from int and bytes from text: {\"uint64Value\": \"7\"}")
      ->capture_default_str();
  AddCommon(eval, flags);
  eval->callback([=] { *action = [=] { return Eval(*flags); }; });

  auto* batch = expr->add_subcommand(
      "batch",
      "Evaluate many expressions: a JSON object a line in, one a line out, in\n"
      "the same order. In: {\"id\", \"expr\", \"bindings\": {name: value},\n"
      "\"container\"}; all but expr may be missing. Out: {\"id\", \"value\"} "
      "or\n"
      "{\"id\", \"error\"}, with values in the JSON form of cel.expr.Value.\n"
      "Exit code 2 when a line was no JSON.\n"
      "Example: echo '{\"id\": 1, \"expr\": \"1 + 1\"}' | portrisk expr batch "
      "-");
  batch->add_option("file", flags->file, "File to read; - is standard input")
      ->required();
  AddCommon(batch, flags);
  batch->callback([=] { *action = [=] { return Batch(*flags); }; });
}

}  // namespace portrisk::service::cli
