// Owns the nodes of one expression after the other, and their texts.
#ifndef PORTRISK_SCORING_CEL_TREE_H_
#define PORTRISK_SCORING_CEL_TREE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"

namespace portrisk::scoring::cel {

class Tree {
 public:
  Tree() = default;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Forgets what it holds and takes a copy of a source.
  void Begin(absl::string_view source);
  // Says, before any is made, how many nodes there will be at the most.
  void Reserve(size_t nodes);

  absl::string_view source() const { return source_; }
  Expr* Make();
  // A copy of a text, with a null behind it.
  absl::string_view Keep(absl::string_view text);

 private:
  std::string source_;
  std::vector<std::vector<Expr>> blocks_;  // Reserved; they never grow.
  std::vector<std::unique_ptr<const std::string>> texts_;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_TREE_H_
