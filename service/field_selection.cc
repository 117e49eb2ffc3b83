// What is taken of a nested message is shorter than the message was, and its
// size is written in as many bytes as before: a varint may have leading zeros.
#include "service/field_selection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "service/wire_reader.h"

namespace portrisk::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Of exactly `bytes` bytes.
void WriteSize(uint64_t size, size_t bytes, char* out) {
  for (size_t i = 0; i + 1 < bytes; ++i, size >>= 7) {
    *out++ = static_cast<char>((size & 0x7f) | 0x80);
  }
  *out = static_cast<char>(size);
}

std::vector<FieldSelection::Field> PathOfNames(const Descriptor& type,
                                               absl::string_view path) {
  std::vector<FieldSelection::Field> fields;
  const Descriptor* in = &type;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    fields.push_back(in->FindFieldByName(std::string(name)));
    in = fields.back()->message_type();
  }
  return fields;
}

}  // namespace

void FieldSelection::Add(absl::Span<const Field> path) {
  if (path.empty()) whole_ = true;
  uint16_t node = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    const auto number = static_cast<size_t>(path[i]->number());
    if (number >= kNumbers) return;
    const uint16_t taken = nodes_[node][number];
    if (taken == kWhole) return;
    if (i + 1 == path.size()) {
      nodes_[node][number] = kWhole;
    } else if (taken == kNothing) {
      const auto below = static_cast<uint16_t>(nodes_.size());
      nodes_.emplace_back();
      nodes_[node][number] = below;
      node = below;
    } else {
      node = taken;
    }
  }
}

void FieldSelection::Add(const Descriptor& type, absl::string_view path) {
  Add(PathOfNames(type, path));
}

void FieldSelection::AddAllBut(const Descriptor& type,
                               absl::Span<const absl::string_view> paths) {
  AddAllBut(type, "", paths, 0);
}

void FieldSelection::AddAllBut(const Descriptor& type,
                               const std::string& prefix,
                               absl::Span<const absl::string_view> paths,
                               uint16_t node) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto number = static_cast<size_t>(field.number());
    const std::string name = absl::StrCat(prefix, field.name());
    if (number >= kNumbers ||
        std::find(paths.begin(), paths.end(), name) != paths.end()) {
      continue;
    }
    const std::string below = name + ".";
    const bool parted =
        std::any_of(paths.begin(), paths.end(), [&](absl::string_view path) {
          return path.substr(0, below.size()) == below;
        });
    if (!parted) {
      nodes_[node][number] = kWhole;
      continue;
    }
    const auto next = static_cast<uint16_t>(nodes_.size());
    nodes_.emplace_back();
    nodes_[node][number] = next;
    AddAllBut(*field.message_type(), below, paths, next);
  }
}

bool FieldSelection::Take(absl::string_view bytes, std::string* out) const {
  out->clear();
  if (whole_) {
    out->assign(bytes.data(), bytes.size());
    return true;
  }
  return Take(nodes_[0], bytes, out);
}

bool FieldSelection::Take(const Node& node, absl::string_view bytes,
                          std::string* out) const {
  // What is taken and lies together is appended at once.
  const char* run = bytes.data();
  const char* run_end = run;
  const auto end_run = [&] {
    out->append(run, static_cast<size_t>(run_end - run));
  };
  WireReader in(bytes);
  while (in.Next()) {
    const uint16_t taken = in.field() < kNumbers ? node[in.field()] : kWhole;
    if (taken == kNothing) continue;
    const absl::string_view whole = in.whole();
    if (whole.data() != run_end) {
      end_run();
      run = whole.data();
    }
    run_end = whole.data() + whole.size();
    if (taken == kWhole || in.type() != WireReader::Type::kBytes) continue;
    // With its tag and size, of which the latter will be another one.
    run_end = in.bytes().data();
    end_run();
    const size_t begin = out->size();
    if (!Take(nodes_[taken], in.bytes(), out)) return false;
    WriteSize(out->size() - begin, in.size_bytes(),
              &(*out)[begin - in.size_bytes()]);
    run = run_end = whole.data() + whole.size();
  }
  end_run();
  return in.ok();
}

}  // namespace portrisk::service
