#include "service/evaluation_words.h"

namespace portrisk::service {
namespace {

constexpr EvaluationWords kWords[] = {
    {.language = "en",
     .title = "What these rules would have selected",
     .intro = "$0 movements from $1 to $2, of $3 visits and consignments. Each "
              "movement met what had been recorded before it, and nothing "
              "else.",
     .base_rate = "Base rate, from the random stream alone",
     .no_controls = "No unit that chance selected was controlled, so how much "
                    "there is to be found is not known.",
     .unweighted = "$0 units were controlled although nothing had selected "
                   "them; weighted figures leave them out.",
     .variants = "Rules compared",
     .rules_in_force = "Rules",
     .selected = "Selected",
     .by_rule = "by a rule",
     .by_score = "by score",
     .by_chance = "by chance",
     .finds = "Finds",
     .by_rate = "Found at a given share of inspections",
     .by_rate_note = "Units ranked by score, ties by name. Controlled units "
                     "are weighted by the chance they had of being selected.",
     .rate = "Inspected",
     .precision = "Finds of those controlled (95 %)",
     .recall = "Share of all finds",
     .lift = "Times better than chance",
     .change = "Against the first: $0 kept, $1 gained, $2 lost.",
     .gained = "Gained, such as",
     .lost = "Lost, such as",
     .rules = "Rules",
     .rules_note = "Bars: share of finds among controlled units, with its 95 % "
                   "interval. Alone: units that no other rule hit.",
     .rule = "Rule",
     .hits = "Hits",
     .units = "Units",
     .alone = "Alone",
     .marginal = "Finds alone",
     .not_evaluated = "Not evaluated",
     .overlap = "Rules that hit together",
     .overlap_note = "Share of the units of the rule of the row that the rule "
                     "of the column hit as well.",
     .calibration = "Finds by score",
     .calibration_note = "A score is worth something when finds rise with it.",
     .score = "Score",
     .months = "Month by month",
     .share_selected = "Share selected",
     .workload = "Workload",
     .workload_note = "Selected units by weekday and hour (UTC).",
     .facility = "Facility",
     .per_day = "A day",
     .busiest_day = "Busiest day",
     .busiest_hour = "Busiest hour",
     .days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}},
    {.language = "es",
     .title = "Lo que estas reglas habrían seleccionado",
     .intro = "$0 movimientos del $1 al $2, de $3 estancias y envíos. Cada "
              "movimiento se evaluó con lo registrado antes de él y con nada "
              "más.",
     .base_rate = "Tasa de base, solo de la selección aleatoria",
     .no_controls = "No se controló ninguna unidad elegida al azar, así que no "
                    "se sabe cuánto hay por encontrar.",
     .unweighted = "$0 unidades se controlaron sin que nada las seleccionara; "
                   "las cifras ponderadas no las cuentan.",
     .variants = "Reglas comparadas",
     .rules_in_force = "Reglas",
     .selected = "Seleccionadas",
     .by_rule = "por una regla",
     .by_score = "por puntuación",
     .by_chance = "por azar",
     .finds = "Hallazgos",
     .by_rate = "Hallado según la parte inspeccionada",
     .by_rate_note = "Unidades ordenadas por puntuación; los empates, por "
                     "nombre. Las controladas se ponderan por la probabilidad "
                     "que tenían de ser elegidas.",
     .rate = "Inspeccionado",
     .precision = "Hallazgos entre las controladas (95 %)",
     .recall = "Parte de todos los hallazgos",
     .lift = "Veces mejor que el azar",
     .change = "Frente a la primera: $0 mantenidas, $1 ganadas, $2 perdidas.",
     .gained = "Ganadas, por ejemplo",
     .lost = "Perdidas, por ejemplo",
     .rules = "Reglas",
     .rules_note = "Barras: parte de hallazgos entre las controladas, con su "
                   "intervalo del 95 %. Sola: unidades que ninguna otra regla "
                   "señaló.",
     .rule = "Regla",
     .hits = "Aciertos",
     .units = "Unidades",
     .alone = "Sola",
     .marginal = "Hallazgos sola",
     .not_evaluated = "No evaluada",
     .overlap = "Reglas que coinciden",
     .overlap_note = "Parte de las unidades de la regla de la fila que también "
                     "señaló la de la columna.",
     .calibration = "Hallazgos por puntuación",
     .calibration_note =
         "Una puntuación vale si los hallazgos crecen con ella.",
     .score = "Puntuación",
     .months = "Mes a mes",
     .share_selected = "Parte seleccionada",
     .workload = "Carga de trabajo",
     .workload_note = "Unidades seleccionadas por día y hora (UTC).",
     .facility = "Instalación",
     .per_day = "Al día",
     .busiest_day = "Día de más carga",
     .busiest_hour = "Hora de más carga",
     .days = {"lun", "mar", "mié", "jue", "vie", "sáb", "dom"}},
    {.language = "pt",
     .title = "O que estas regras teriam selecionado",
     .intro = "$0 movimentos de $1 a $2, de $3 estadias e remessas. Cada "
              "movimento foi avaliado com o que estava registado antes dele, e "
              "nada mais.",
     .base_rate = "Taxa de base, só da seleção aleatória",
     .no_controls = "Nenhuma unidade escolhida ao acaso foi controlada, por "
                    "isso não se sabe quanto há para encontrar.",
     .unweighted = "$0 unidades foram controladas sem que nada as "
                   "selecionasse; os valores ponderados não as contam.",
     .variants = "Regras comparadas",
     .rules_in_force = "Regras",
     .selected = "Selecionadas",
     .by_rule = "por uma regra",
     .by_score = "por pontuação",
     .by_chance = "por acaso",
     .finds = "Achados",
     .by_rate = "Encontrado conforme a parte inspecionada",
     .by_rate_note = "Unidades ordenadas por pontuação; os empates, por nome. "
                     "As controladas são ponderadas pela probabilidade que "
                     "tinham de ser escolhidas.",
     .rate = "Inspecionado",
     .precision = "Achados entre as controladas (95 %)",
     .recall = "Parte de todos os achados",
     .lift = "Vezes melhor que o acaso",
     .change = "Face à primeira: $0 mantidas, $1 ganhas, $2 perdidas.",
     .gained = "Ganhas, por exemplo",
     .lost = "Perdidas, por exemplo",
     .rules = "Regras",
     .rules_note = "Barras: parte de achados entre as controladas, com o "
                   "intervalo de 95 %. Sozinha: unidades que nenhuma outra "
                   "regra assinalou.",
     .rule = "Regra",
     .hits = "Acertos",
     .units = "Unidades",
     .alone = "Sozinha",
     .marginal = "Achados sozinha",
     .not_evaluated = "Não avaliada",
     .overlap = "Regras que coincidem",
     .overlap_note = "Parte das unidades da regra da linha que a da coluna "
                     "também assinalou.",
     .calibration = "Achados por pontuação",
     .calibration_note = "Uma pontuação vale se os achados crescem com ela.",
     .score = "Pontuação",
     .months = "Mês a mês",
     .share_selected = "Parte selecionada",
     .workload = "Carga de trabalho",
     .workload_note = "Unidades selecionadas por dia e hora (UTC).",
     .facility = "Instalação",
     .per_day = "Por dia",
     .busiest_day = "Dia de maior carga",
     .busiest_hour = "Hora de maior carga",
     .days = {"seg", "ter", "qua", "qui", "sex", "sáb", "dom"}}};

}  // namespace

const EvaluationWords& WordsOf(absl::string_view language) {
  for (const EvaluationWords& words : kWords) {
    if (language == words.language) return words;
  }
  return kWords[0];
}

}  // namespace portrisk::service
