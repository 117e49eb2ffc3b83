#include "scoring/cel/tree.h"

#include <algorithm>

namespace portrisk::scoring::cel {
namespace {

// Kept from one expression to the next.
constexpr size_t kNodesKept = 512;
constexpr size_t kNodesMin = 16;

}  // namespace

void Tree::Begin(absl::string_view source) {
  source_.assign(source.data(), source.size());
  texts_.clear();
  if (blocks_.size() == 1 && blocks_[0].capacity() <= kNodesKept) {
    blocks_[0].clear();
  } else {
    blocks_.clear();
  }
}

void Tree::Reserve(size_t nodes) {
  if (!blocks_.empty() && blocks_[0].capacity() >= nodes) return;
  blocks_.clear();
  blocks_.emplace_back().reserve(std::max(nodes, kNodesMin));
}

Expr* Tree::Make() {
  if (blocks_.back().size() == blocks_.back().capacity()) {
    const size_t size = blocks_.back().size();
    blocks_.emplace_back().reserve(size);
  }
  return &blocks_.back().emplace_back();
}

absl::string_view Tree::Keep(absl::string_view text) {
  texts_.push_back(std::make_unique<const std::string>(text));
  return *texts_.back();
}

Path PathOf(const Expr& expr) {
  Path path;
  const Expr* at = &expr;
  while (at->node == Node::kSelect || at->node == Node::kHas) {
    path.fields.push_back(at->field);
    at = at->args[0];
  }
  // A declared value is named without its root.
  if (at->field != nullptr) path.fields.push_back(at->field);
  path.root = at->variable_depth;
  std::reverse(path.fields.begin(), path.fields.end());
  return path;
}

}  // namespace portrisk::scoring::cel
