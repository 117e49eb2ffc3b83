// Aligned tables for people.
#ifndef PORTRISK_SERVICE_CLI_TABLE_H_
#define PORTRISK_SERVICE_CLI_TABLE_H_

#include <ostream>
#include <string>
#include <vector>

namespace portrisk::service::cli {

// Collects rows, then prints them with every column as wide as its widest
// cell; the last column is not padded.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  void Add(std::vector<std::string> row);
  void Print(std::ostream& out) const;
  bool empty() const { return rows_.size() <= 1; }

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_TABLE_H_
