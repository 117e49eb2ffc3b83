#include "service/list_store.h"

#include <sodium.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

using scoring::cel::EntrySet;

constexpr size_t kChunkEntries = 1024;

absl::Status Damaged(const v1::ListVersion& list, absl::string_view what) {
  return Error(
      absl::StatusCode::kDataLoss, "STORE_DAMAGED",
      absl::StrCat("list ", list.name(), " version ", list.version(), " ", what,
                   "; run `portrisk verify` and restore a backup"));
}

std::string Prefix(absl::string_view content_hash) {
  std::string prefix(content_hash);
  prefix.push_back('\0');
  return prefix;
}

// Over the type and the bytes of all chunks.
class Hasher {
 public:
  explicit Hasher(v1::ListType type) {
    crypto_hash_sha256_init(&state_);
    const auto byte = static_cast<unsigned char>(type);
    crypto_hash_sha256_update(&state_, &byte, 1);
  }
  void Add(absl::string_view bytes) {
    crypto_hash_sha256_update(
        &state_, reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size());
  }
  std::string Finish() {
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&state_, hash);
    return absl::StrCat(
        "sha256:", absl::BytesToHexString(absl::string_view(
                       reinterpret_cast<const char*>(hash), sizeof(hash))));
  }

 private:
  crypto_hash_sha256_state state_;
};

// Calls `visit` with the bytes of each chunk and its last value.
absl::Status MakeChunks(
    const std::vector<ListRow>& rows,
    const std::function<absl::Status(const std::string& bytes,
                                     const std::string& last)>& visit) {
  v1::ListChunk chunk;
  std::string bytes;
  for (size_t i = 0; i < rows.size(); ++i) {
    v1::ListEntry* entry = chunk.add_entries();
    entry->set_value(rows[i].value);
    entry->set_reason(rows[i].reason);
    entry->set_owner(rows[i].owner);
    if (rows[i].until != EntrySet::kForever) {
      entry->mutable_expire_time()->set_seconds(rows[i].until);
    }
    if (chunk.entries_size() < static_cast<int>(kChunkEntries) &&
        i + 1 < rows.size()) {
      continue;
    }
    chunk.SerializeToString(&bytes);
    absl::Status status = visit(bytes, rows[i].value);
    if (!status.ok()) return status;
    chunk.clear_entries();
  }
  return absl::OkStatus();
}

}  // namespace

scoring::cel::EntryType EntryTypeOf(v1::ListType type) {
  return static_cast<scoring::cel::EntryType>(type - v1::LIST_TEXT);
}

const std::string& ListTypeName(v1::ListType type) {
  static const auto* const unknown = new std::string("unknown");
  const auto& names = scoring::cel::EntryTypeNames();
  const auto index = static_cast<size_t>(type) - v1::LIST_TEXT;
  return type < v1::LIST_TEXT || index >= names.size() ? *unknown
                                                       : names[index];
}

absl::StatusOr<std::string> WriteList(store::Store* store, v1::ListType type,
                                      const std::vector<ListRow>& rows) {
  Hasher hasher(type);
  absl::Status status =
      MakeChunks(rows, [&](const std::string& bytes, const std::string&) {
        hasher.Add(bytes);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  const std::string hash = hasher.Finish();
  const std::string prefix = Prefix(hash);
  status = MakeChunks(rows, [&](const std::string& bytes,
                                const std::string& last) {
    return store->PutContent(store::Table::kReference, prefix + last, bytes);
  });
  if (!status.ok()) return status;
  return hash;
}

absl::Status ScanList(const store::Store& store, const v1::ListVersion& list,
                      absl::string_view from,
                      const std::function<bool(const v1::ListEntry&)>& visit) {
  const std::string prefix = Prefix(list.content_hash());
  bool damaged = false;
  v1::ListChunk chunk;
  // A chunk is found by its last value: the first not below `from` has it.
  absl::Status status = store.ScanPrefix(
      store::Table::kReference, prefix, absl::StrCat(prefix, from),
      [&](absl::string_view, absl::string_view bytes) {
        damaged =
            !chunk.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        if (damaged) return false;
        for (const v1::ListEntry& entry : chunk.entries()) {
          if (entry.value() >= from && !visit(entry)) return false;
        }
        return true;
      });
  if (status.ok() && damaged) return Damaged(list, "does not parse");
  return status;
}

absl::StatusOr<std::optional<v1::ListEntry>> FindListEntry(
    const store::Store& store, const v1::ListVersion& list,
    absl::string_view value) {
  std::optional<v1::ListEntry> found;
  absl::Status status =
      ScanList(store, list, value, [&](const v1::ListEntry& entry) {
        if (entry.value() == value) found = entry;
        return false;
      });
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<std::shared_ptr<const EntrySet>> LoadListEntries(
    const store::Store& store, const v1::ListVersion& list) {
  scoring::cel::EntrySetBuilder builder(list.name(), EntryTypeOf(list.type()),
                                        list.entry_count(), 0);
  uint64_t count = 0;
  absl::Status status =
      ScanList(store, list, "", [&](const v1::ListEntry& entry) {
        count += builder.Add(entry.value(), entry.has_expire_time()
                                                ? entry.expire_time().seconds()
                                                : EntrySet::kForever);
        return true;
      });
  if (!status.ok()) return status;
  if (count != list.entry_count()) {
    return Damaged(list, absl::StrCat("has ", count, " of its ",
                                      list.entry_count(), " entries"));
  }
  return builder.Build();
}

absl::Status CheckList(const store::Store& store, const v1::ListVersion& list) {
  Hasher hasher(list.type());
  const std::string prefix = Prefix(list.content_hash());
  absl::Status status =
      store.ScanPrefix(store::Table::kReference, prefix, prefix,
                       [&](absl::string_view, absl::string_view bytes) {
                         hasher.Add(bytes);
                         return true;
                       });
  if (!status.ok()) return status;
  if (hasher.Finish() != list.content_hash()) {
    return Damaged(list, "does not have its hash");
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
