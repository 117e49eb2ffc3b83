// Equal rules meet in a hash map by the bytes of their normal form.
//
// Containment: for a rule to be contained in another, each of its alternatives
// must imply one of the other's, and so every statement of that one. So each
// alternative is filed under one of its statements, and found by any
// alternative that could imply that statement. A statement of a few values is
// filed under each of them; one of a range under its term alone. It is filed
// under the statement whose keys are rarest, and general rules (few
// statements) before special ones, so that the few candidates that are tried
// are the likely ones.
#include "scoring/rule_set_overlap.h"

#include <algorithm>
#include <numeric>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/hash/hash.h"
#include "absl/types/span.h"

namespace portrisk::scoring {
namespace {

using cel::Alternative;
using cel::Statement;

// Values by which one statement is filed.
constexpr size_t kValuesFiledMax = 8;
// For one rule: candidates looked at and compared, and rules with the same
// normal form.
constexpr int kLooksMax = 64;
constexpr int kComparisonsMax = 12;
constexpr size_t kTwinsMax = 8;
// Rules with more statements than this are filed in the order they stand.
constexpr size_t kStatementsSorted = 4;

bool InForceTogether(const Validity& a, const Validity& b) {
  return a.from < b.until && b.from < a.until;
}

bool InForceWithin(const Validity& inner, const Validity& outer) {
  return inner.from >= outer.from && inner.until <= outer.until;
}

using Keys = absl::InlinedVector<uint64_t, 8>;

class OverlapFinder {
 public:
  OverlapFinder(const RuleSet& rule_set, const cel::Terms& terms,
                const std::vector<RuleForm>& forms)
      : set_(rule_set),
        terms_(terms),
        forms_(forms),
        found_(forms.size(), Overlap{0, kNone, false}) {
    files_.reserve(forms.size());
    standings_.reserve(forms.size());
    for (const Rule& rule : set_.rules) {
      standings_.push_back({rule.status, rule.valid});
    }
    uses_.reserve(forms.size());
  }

  std::vector<Overlap> Run() {
    FindTwins();
    MakeCards();
    FileAll();
    for (const Card& card : cards_) {
      if (card.alternative == 0 && found_[card.rule].other == kNone) Seek(card);
    }
    std::vector<Overlap> result;
    for (size_t i = 0; i < found_.size(); ++i) {
      found_[i].rule = i;
      if (found_[i].other != kNone) result.push_back(found_[i]);
    }
    return result;
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  // One alternative of a rule, and where the keys of its statements begin.
  struct Card {
    uint32_t rule;
    uint32_t alternative;
    uint32_t statement;
    uint32_t size;
  };
  struct Entry {
    uint64_t key;
    uint64_t marks;
    const Alternative* alternative;
    uint32_t rule;
  };
  // What decides whether two rules may be compared, close together.
  struct Standing {
    RuleStatus status;
    Validity valid;
  };

  bool Comparable(size_t a, size_t b) const {
    return standings_[a].status == standings_[b].status;
  }

  // Bits for the terms that another alternative must speak of, or of what
  // they are made of, to imply this one.
  uint64_t Marks(const Alternative& alternative) const {
    uint64_t marks = 0;
    for (const Statement& one : alternative.statements) {
      const cel::Term& term = terms_[one.term];
      // has(x) follows from any field below x.
      if (one.values.IsEverything()) continue;
      const uint32_t about = term.set == nullptr ? one.term : term.subject;
      marks |= uint64_t{1} << (about % 64);
    }
    return marks;
  }
  // Bits for what it speaks of.
  uint64_t Offers(const Alternative& alternative) const {
    uint64_t marks = 0;
    for (const Statement& one : alternative.statements) {
      const cel::Term& term = terms_[one.term];
      marks |= uint64_t{1} << (one.term % 64);
      if (term.set != nullptr) marks |= uint64_t{1} << (term.subject % 64);
    }
    return marks;
  }

  // Of a rule: equal rules have equal ones.
  void FormKey(size_t rule, std::string* key) {
    key->clear();
    const std::vector<Alternative>& form = forms_[rule].alternatives;
    if (form.size() == 1) return cel::AppendKey(form[0], key);
    std::vector<std::string> parts;
    for (const Alternative& one : form) {
      cel::AppendKey(one, &parts.emplace_back());
    }
    std::sort(parts.begin(), parts.end());
    for (const std::string& part : parts) *key += part;
  }

  // By hash: the keys themselves are made again when two hashes are equal.
  void FindTwins() {
    absl::flat_hash_map<uint64_t, absl::InlinedVector<uint32_t, 2>> known;
    known.reserve(forms_.size());
    std::string key, other_key;
    for (size_t i = 0; i < forms_.size(); ++i) {
      if (!forms_[i].is_known) continue;
      FormKey(i, &key);
      auto& twins = known[absl::HashOf(key)];
      for (const uint32_t twin : twins) {
        if (!Comparable(i, twin) ||
            !InForceTogether(standings_[i].valid, standings_[twin].valid)) {
          continue;
        }
        FormKey(twin, &other_key);
        if (key != other_key) continue;
        found_[i].other = twin;
        found_[i].is_equal = true;
        break;
      }
      if (twins.size() < kTwinsMax) twins.push_back(static_cast<uint32_t>(i));
    }
  }

  static uint64_t Key(uint32_t term, const cel::Value* value) {
    if (value == nullptr) return absl::HashOf(term, 1);
    const bool text =
        value->kind == cel::Kind::kString || value->kind == cel::Kind::kBytes;
    return text ? absl::HashOf(term, value->text())
                : absl::HashOf(term, value->i, value->aux);
  }

  // Under what a statement is filed.
  void FilingKeys(const Statement& one, Keys* keys) const {
    keys->clear();
    // `x in list` is found by what is said about x.
    if (terms_[one.term].set != nullptr) {
      keys->push_back(Key(terms_[one.term].subject, nullptr));
      return;
    }
    for (const cel::Value& value : one.values.Enumerate(kValuesFiledMax)) {
      keys->push_back(Key(one.term, &value));
    }
    if (keys->empty()) keys->push_back(Key(one.term, nullptr));
  }

  // Keys are made once: making them reads texts from all over memory.
  void MakeCards() {
    Keys keys;
    for (uint32_t i = 0; i < forms_.size(); ++i) {
      if (!forms_[i].is_known) continue;
      const std::vector<Alternative>& form = forms_[i].alternatives;
      for (uint32_t a = 0; a < form.size(); ++a) {
        cards_.push_back({i, a, static_cast<uint32_t>(key_begin_.size()),
                          static_cast<uint32_t>(form[a].statements.size())});
        for (const Statement& one : form[a].statements) {
          FilingKeys(one, &keys);
          key_begin_.push_back(static_cast<uint32_t>(keys_.size()));
          for (const uint64_t key : keys) {
            keys_.push_back(key);
            ++uses_[key];
          }
        }
      }
    }
    key_begin_.push_back(static_cast<uint32_t>(keys_.size()));
  }

  absl::Span<const uint64_t> KeysOf(uint32_t statement) const {
    return absl::MakeConstSpan(keys_).subspan(
        key_begin_[statement],
        key_begin_[statement + 1] - key_begin_[statement]);
  }

  void FileAll() {
    for (size_t count = 0; count <= kStatementsSorted; ++count) {
      for (const Card& card : cards_) {
        if (std::min<size_t>(card.size, kStatementsSorted) == count &&
            !found_[card.rule].is_equal) {
          File(card);
        }
      }
    }
    std::stable_sort(
        files_.begin(), files_.end(),
        [](const Entry& a, const Entry& b) { return a.key < b.key; });
    first_.reserve(files_.size());
    for (uint32_t i = 0; i < files_.size(); ++i) {
      first_.try_emplace(files_[i].key, i);
    }
  }

  void File(const Card& card) {
    absl::Span<const uint64_t> best;
    size_t best_uses = SIZE_MAX;
    for (uint32_t i = 0; i < card.size; ++i) {
      const absl::Span<const uint64_t> keys = KeysOf(card.statement + i);
      size_t uses = 0;
      for (const uint64_t key : keys) uses += uses_[key];
      if (uses >= best_uses) continue;
      best_uses = uses;
      best = keys;
    }
    const Alternative& alternative =
        forms_[card.rule].alternatives[card.alternative];
    const uint64_t marks = Marks(alternative);
    for (const uint64_t key : best) {
      files_.push_back({key, marks, &alternative, card.rule});
    }
  }

  // Looks for a rule that contains this one.
  void Seek(const Card& card) {
    const Alternative& mine = forms_[card.rule].alternatives[0];
    const uint64_t offers = Offers(mine);
    Tries left;
    for (uint32_t i = 0; i < card.size; ++i) {
      // A statement implied by this one admits each of its values.
      const uint64_t key = KeysOf(card.statement + i)[0];
      if (!Try(card.rule, key, offers, &left)) return;
      const uint64_t open = Key(mine.statements[i].term, nullptr);
      if (open != key && !Try(card.rule, open, offers, &left)) return;
    }
  }

  struct Tries {
    int looks = kLooksMax;
    int comparisons = kComparisonsMax;
  };

  // False when the search is over.
  bool Try(size_t rule, uint64_t key, uint64_t offers, Tries* left) {
    const auto first = first_.find(key);
    if (first == first_.end()) return true;
    const Alternative& mine = forms_[rule].alternatives[0];
    for (size_t i = first->second; i < files_.size() && files_[i].key == key;
         ++i) {
      const Entry& one = files_[i];
      if (--left->looks < 0) return false;
      if (one.rule == rule || (one.marks & ~offers) != 0) continue;
      if (--left->comparisons < 0) return false;
      if (!cel::Implies(terms_, mine, *one.alternative) ||
          !Contains(one.rule, rule)) {
        continue;
      }
      found_[rule].other = one.rule;
      return false;
    }
    return true;
  }

  bool Contains(size_t outer, size_t inner) const {
    if (!Comparable(outer, inner) ||
        !InForceWithin(standings_[inner].valid, standings_[outer].valid)) {
      return false;
    }
    // Of two that contain each other only one is named.
    if (found_[outer].other == inner) return false;
    const auto& wide = forms_[outer].alternatives;
    const auto& narrow = forms_[inner].alternatives;
    return std::all_of(narrow.begin(), narrow.end(), [&](const Alternative& a) {
      return std::any_of(wide.begin(), wide.end(), [&](const Alternative& b) {
        return cel::Implies(terms_, a, b);
      });
    });
  }

  const RuleSet& set_;
  const cel::Terms& terms_;
  const std::vector<RuleForm>& forms_;
  std::vector<Overlap> found_;
  std::vector<Standing> standings_;  // By rule.
  std::vector<Card> cards_;          // In order of the rules.
  std::vector<uint64_t> keys_;  // Of every statement, and where they begin.
  std::vector<uint32_t> key_begin_;
  // By key. Two keys that collide cost a comparison and nothing else.
  absl::flat_hash_map<uint64_t, uint32_t> uses_;
  std::vector<Entry> files_;                       // By key.
  absl::flat_hash_map<uint64_t, uint32_t> first_;  // Of each key in files_.
};

}  // namespace

std::vector<Overlap> FindOverlaps(const RuleSet& rule_set,
                                  const cel::Terms& terms,
                                  const std::vector<RuleForm>& forms) {
  return OverlapFinder(rule_set, terms, forms).Run();
}

}  // namespace portrisk::scoring
