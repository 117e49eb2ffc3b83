// Goods of an instruction that are split among its boxes (SGP). They stand
// before the boxes; what an item says of its goods is kept for those it names,
// the rest of it holds for the message, and so does an item that names no box.
#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/formats/message_reader.h"

namespace portrisk::service {
namespace {

constexpr double kWeightKgMax = 1e9;
constexpr int64_t kCountMax = 1'000'000'000;
// What admission takes of a description.
constexpr size_t kGoodsBytesMax = 512;
// Boxes of one message whose goods are kept. No vessel carries more.
constexpr size_t kSharesMax = 25'000;

int32_t Sum(int32_t one, int32_t other) {
  return static_cast<int32_t>(std::min(int64_t{one} + other, kCountMax));
}

void AppendGoods(const std::string& goods, Output* output, std::string* all) {
  if (goods.empty()) return;
  if (all->size() + 1 + goods.size() > kGoodsBytesMax) {
    output->Tolerate("GOODS_CUT");
    return;
  }
  absl::StrAppend(all, all->empty() ? "" : " ", goods);
}

// What `said` says of its goods becomes what `before` does.
void RestoreGoods(const v1::Movement& before, v1::Movement* said) {
  if (said->has_consignment()) {
    const v1::Consignment& known = before.consignment();
    v1::Consignment* consignment = said->mutable_consignment();
    consignment->set_goods(known.goods());
    consignment->set_commodity(known.commodity());
    consignment->clear_packages();
    if (known.has_packages()) consignment->set_packages(known.packages());
  }
  if (said->has_weights()) {
    said->mutable_weights()->clear_cargo_kg();
    if (before.weights().has_cargo_kg()) {
      said->mutable_weights()->set_cargo_kg(before.weights().cargo_kg());
    }
  }
}

}  // namespace

// Its draft began as a copy of the message's.
void MessageReader::CloseItem(Draft* item) {
  Draft& message = top();
  if (!item->links.empty()) {
    Split(*item);
    RestoreGoods(*message.movement, item->movement);
    item->items_kg = message.items_kg;
  }
  *message.movement = *item->movement;
  message.items_kg = item->items_kg;
}

void MessageReader::Split(const Draft& item) {
  const v1::Consignment& before = top().movement->consignment();
  const v1::Consignment& said = item.movement->consignment();
  Share own;
  own.packages = said.packages() - before.packages();
  own.kg = item.items_kg - top().items_kg;
  own.goods = std::string(absl::StripLeadingAsciiWhitespace(
      absl::string_view(said.goods()).substr(before.goods().size())));
  own.commodity = said.commodity();
  const auto add = [this, &own](Share* share) {
    share->packages = Sum(share->packages, own.packages);
    share->kg += own.kg;
    AppendGoods(own.goods, output_, &share->goods);
    if (!own.commodity.empty()) share->commodity = own.commodity;
  };
  add(&split_);
  for (const std::string& number : item.links) {
    if (shares_.size() < kSharesMax || shares_.contains(number)) {
      add(&shares_[number]);
    } else {
      output_->Tolerate("CONTAINERS_BEYOND_25000");
    }
  }
}

void MessageReader::AddTo(const Share& share, Draft* draft) {
  v1::Movement& movement = *draft->movement;
  if (share.packages > 0) {
    v1::Consignment* consignment = movement.mutable_consignment();
    consignment->set_packages(Sum(consignment->packages(), share.packages));
  }
  if (share.kg > 0) {
    draft->items_kg = std::min(draft->items_kg + share.kg, kWeightKgMax);
    movement.mutable_weights()->set_cargo_kg(
        std::max(1, static_cast<int32_t>(std::lround(draft->items_kg))));
  }
  if (!share.goods.empty()) {
    AppendGoods(share.goods, output_,
                movement.mutable_consignment()->mutable_goods());
  }
  if (!share.commodity.empty()) {
    movement.mutable_consignment()->set_commodity(share.commodity);
  }
}

void MessageReader::AddShareOf(Draft* box) {
  if (shares_.empty()) return;
  const auto found =
      shares_.find(NumberInNormalForm(box->movement->container().number()));
  if (found == shares_.end()) return;
  found->second.used = true;
  AddTo(found->second, box);
}

// Goods of boxes that the message does not have.
void MessageReader::CountUnusedShares() {
  for (const auto& [number, share] : shares_) {
    if (!share.used) output_->Tolerate("GOODS_OF_ANOTHER_CONTAINER");
  }
}

}  // namespace portrisk::service
