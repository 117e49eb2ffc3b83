#include "scoring/roots.h"

#include "portrisk/v1/outcome.pb.h"

namespace portrisk::scoring {
bool IsFindRate(uint32_t root, const google::protobuf::FieldDescriptor& field) {
  return HasFindRates(root) &&
         field.message_type() == v1::FindRate::descriptor();
}

RootsRead RootsOf(const std::vector<cel::Path>& fields) {
  RootsRead read;
  for (const cel::Path& path : fields) {
    read.roots |= static_cast<uint16_t>(1 << path.root);
    read.finds |= path.fields.empty() ? HasFindRates(path.root)
                                      : IsFindRate(path.root, *path.fields[0]);
  }
  return read;
}

}  // namespace portrisk::scoring
