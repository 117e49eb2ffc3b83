// Texts of a rule in the languages of the service, with placeholders.
#ifndef PORTRISK_SCORING_RULE_SET_TEXT_H_
#define PORTRISK_SCORING_RULE_SET_TEXT_H_

#include <array>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/assessment.pb.h"

namespace portrisk::scoring {

// English is the one that must exist.
inline constexpr std::array<absl::string_view, 3> kLanguages = {"en", "es",
                                                                "pt"};

// Text and, in braces, fields: "Left with {movement.haulier.id}.". A doubled
// brace is a brace.
struct TextTemplate {
  struct Piece {
    std::string text;  // Literal text, or the name of a field.
    bool is_field = false;
    bool is_decimal = false;  // A field of type double.
    uint32_t offset = 0;      // Of the field's name in the source.
  };
  std::vector<Piece> pieces;

  bool empty() const { return pieces.empty(); }
};

// False when a brace has no partner; `error_offset` says which.
bool ParseTemplate(absl::string_view source, TextTemplate* out,
                   size_t* error_offset);

using Translations = std::array<TextTemplate, kLanguages.size()>;

// The text in `language`, English when it is unknown or not translated.
// Fields come from the evidence of the hit; one that is not there is said to
// be unknown. Doubles are shortened to three digits for reading; evidence keeps
// them whole.
std::string Render(const Translations& texts, absl::string_view language,
                   const v1::Hit& hit);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_TEXT_H_
