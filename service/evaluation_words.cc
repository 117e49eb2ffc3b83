#include "service/evaluation_words.h"

namespace portrisk::service {
namespace {

constexpr EvaluationWords kWords[] = {
    {.language = "en",
     .decimal_mark = '.',
     .title = "What these rules would have selected",
     .intro = "$0 movements from $1 to $2, of $3 visits and consignments. Each "
              "movement met what had been recorded before it, and nothing "
              "else.",
     .no_movements = "No movement lies in what was asked for.",
     .base_rate = "Base rate, from the random stream alone",
     .no_controls = "No unit that chance selected was controlled, so how much "
                    "there is to be found is not known.",
     .totals = "In all $0 units were controlled; something was found in $1 of "
               "them.",
     .controlled_by_box =
         "Besides, $0 units are papers whose box was controlled; what it held "
         "counts for the rules that hit them.",
     .unweighted = "$0 units were controlled although nothing had selected "
                   "them; weighted figures leave them out.",
     .variants = "Rules compared",
     .plot = "Line chart: $0; across: $1. $2.",
     .plot_line = "$0 from $1 ($2) to $3 ($4)",
     .rules_in_force = "Rules",
     .selected = "Selected",
     .by_rule = "by a rule",
     .by_score = "by score",
     .by_chance = "by chance",
     .finds = "Finds",
     .by_rate = "Found at a given share of inspections",
     .by_name = "by name",
     .by_name_note =
         "Where the last score is 0 the rules rank no more and the names "
         "decide: "
         "such figures say nothing of the rules and are not plotted.",
     .by_rate_note = "Units ranked by score, ties by name. Controlled units "
                     "are weighted by the chance they had of being selected; "
                     "of all finds no fewer are counted than are known.",
     .beyond_note = "A dash: nothing beyond these inspections was controlled "
                    "with a known chance, so what was left there is not known.",
     .rate = "Inspected",
     .precision = "Finds of those controlled (95 %)",
     .recall = "Share of all finds",
     .lift = "Times better than chance",
     .change = "$0 against $1: $2 kept, $3 gained, $4 lost.",
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
                     "of the column hit as well, in %.",
     .calibration = "Finds by score",
     .calibration_note = "A score is worth something when finds rise with it, "
                         "above those of all controlled units.",
     .score = "Score",
     .months = "Month by month",
     .share_selected = "Share selected",
     .workload = "Workload",
     .workload_note = "Selected units by weekday and hour (UTC).",
     .facility = "Facility",
     .per_day = "Selected a day",
     .busiest_day = "Most on a day",
     .busiest_hour = "Most in an hour",
     .normalised = "Of what could be found",
     .weighted = "Weighted (95 %)",
     .gain = "More found than by the first (percentage points)",
     .gain_note = "Share of all finds among the units inspected, less that of "
                  "the first rules at the same share of inspections.",
     .capacity = "Found at a given capacity",
     .capacity_note = "As if each facility inspected the best units that came "
                      "on a day, as many as it can; and as its worklist "
                      "takes them.",
     .by_score_alone = "by score alone",
     .as_worklist = "as a worklist",
     .left_out = "$0 left out",
     .a_day_each = "A day and facility",
     .full_days = "Full days",
     .evaluated = "Looked at",
     .cost_share = "Share of cost",
     .last_find = "Days since a find",
     .cost_note = "Looked at: share of all movements that the condition was "
                  "evaluated for. Share of cost: that, times the estimated "
                  "operations of the condition.",
     .all_controlled = "All controlled units",
     .drift = "Drift of scores",
     .drift_note = "Population stability index of each month against the "
                   "first. Below 0.1 is usually called stable, above 0.25 a "
                   "shift; of few units it is large by chance. Beyond 1 the "
                   "figure is written.",
     .drift_against = "$0 against $1, all months: $2.",
     .stability = "Stability index",
     .burden = "Whom it burdens",
     .burden_note = "Share of units selected, with its 95 % interval, and "
                    "finds among the selected that were controlled.",
     .country = "Country of consignee",
     .size = "Size of consignee",
     .size_note =
         "Quarters of the units by how many units their consignee "
         "has, the smallest consignees first. Consignees of one size lie "
         "in one quarter, so another may have no row.",
     .size_value = "$0 (units: $1)",
     .unknown = "not known",
     .sensitivity = "What if a threshold were another",
     .sensitivity_note =
         "Each constant that a condition compares with, changed alone; in the "
         "same pass. Only thresholds with which something changes.",
     .sensitivity_more = "$0 more thresholds were not tried.",
     .sensitivity_rest = "$0 more thresholds are in the tables.",
     .threshold = "Threshold",
     .gained_units = "Gained, finds",
     .lost_units = "Lost, finds",
     .map = "Routes with finds",
     .map_label = "Routes drawn: $0; with finds: $1.",
     .map_note = "Great circles from the port of loading to that of discharge, "
                 "wider with more units; names stand where there is room. The "
                 "colour is the lower end of the 95 % interval of finds, so "
                 "that one find of one control does not shine.",
     .map_left_out =
         "$0 routes are not drawn: their places are not in the reference data.",
     .route = "Route",
     .no_finds = "no finds",
     .not_controlled = "not controlled",
     .finds_up_to = "lower end of finds up to $0",
     .no_route_finds = "On none of these routes was anything found.",
     .in_force = "in force",
     .recorded = "as recorded",
     .empty = "none",
     .nothing_to_plot =
         "None of these units was controlled, or none beyond them, or the "
         "scores rank none of them, so there is nothing to plot.",
     .no_gain =
         "At each of these shares exactly as much is found as by the first.",
     .evaluation = "Evaluation $0, started by $1 at $2, of the journal up to "
                   "position $3. Report $4. It tries:",
     .rule_set = "Rule set",
     .revision = "Revision",
     .content_hash = "Hash of its content",
     .never_hit = "Without a hit: $0.",
     .undecided = "Without a hit, and undecided in so many of the movements "
                  "they were looked at, for want of a field, a list or "
                  "history: $0.",
     .bar_scale = "A full bar is $0; a dash: none was controlled.",
     .more_in_tables = "$0 more are in the tables.",
     .month_units = "Month and its units",
     .days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}},
    {.language = "es",
     .decimal_mark = ',',
     .title = "Lo que estas reglas habrían seleccionado",
     .intro = "$0 movimientos del $1 al $2, de $3 estancias y envíos. Cada "
              "movimiento se evaluó con lo registrado antes de él y con nada "
              "más.",
     .no_movements = "Ningún movimiento está en lo que se pidió.",
     .base_rate = "Tasa de base, solo de la selección aleatoria",
     .no_controls = "No se controló ninguna unidad elegida al azar, así que no "
                    "se sabe cuánto hay por encontrar.",
     .totals = "En total se controlaron $0 unidades; en $1 de ellas se halló "
               "algo.",
     .controlled_by_box = "Además, $0 unidades son documentos cuyo contenedor "
                          "se controló; lo que "
                          "contenía cuenta para las reglas que les afectaron.",
     .unweighted = "$0 unidades se controlaron sin que nada las seleccionara; "
                   "las cifras ponderadas no las cuentan.",
     .variants = "Reglas comparadas",
     .plot = "Gráfico de líneas: $0; en horizontal: $1. $2.",
     .plot_line = "$0 de $1 ($2) a $3 ($4)",
     .rules_in_force = "Reglas",
     .selected = "Seleccionadas",
     .by_rule = "por una regla",
     .by_score = "por puntuación",
     .by_chance = "por azar",
     .finds = "Hallazgos",
     .by_rate = "Hallado según la parte inspeccionada",
     .by_name = "por nombre",
     .by_name_note =
         "Donde la última puntuación es 0 las reglas ya no ordenan y deciden "
         "los "
         "nombres: esas cifras no dicen nada de las reglas y no se dibujan.",
     .by_rate_note = "Unidades ordenadas por puntuación; los empates, por "
                     "nombre. Las controladas se ponderan por la probabilidad "
                     "que tenían de ser elegidas; de todos los hallazgos no se "
                     "cuentan menos que los que se conocen.",
     .beyond_note =
         "Un guion: fuera de esas inspecciones no se controló nada "
         "con una probabilidad conocida, así que no se sabe qué quedó ahí.",
     .rate = "Inspeccionado",
     .precision = "Hallazgos entre las controladas (95 %)",
     .recall = "Parte de todos los hallazgos",
     .lift = "Veces mejor que el azar",
     .change = "$0 frente a $1: $2 mantenidas, $3 ganadas, $4 perdidas.",
     .gained = "Ganadas, por ejemplo",
     .lost = "Perdidas, por ejemplo",
     .rules = "Reglas",
     .rules_note = "Barras: parte de hallazgos entre las controladas, con su "
                   "intervalo del 95 %. Sola: unidades que ninguna otra regla "
                   "señaló.",
     .rule = "Regla",
     .hits = "Activaciones",
     .units = "Unidades",
     .alone = "Sola",
     .marginal = "Hallazgos sola",
     .not_evaluated = "No evaluada",
     .overlap = "Reglas que coinciden",
     .overlap_note = "Parte de las unidades de la regla de la fila que también "
                     "señaló la de la columna, en %.",
     .calibration = "Hallazgos por puntuación",
     .calibration_note = "Una puntuación vale si los hallazgos crecen con "
                         "ella, por encima de los de todas las controladas.",
     .score = "Puntuación",
     .months = "Mes a mes",
     .share_selected = "Parte seleccionada",
     .workload = "Carga de trabajo",
     .workload_note = "Unidades seleccionadas por día y hora (UTC).",
     .facility = "Instalación",
     .per_day = "Seleccionadas al día",
     .busiest_day = "Más en un día",
     .busiest_hour = "Más en una hora",
     .normalised = "De lo que se podía hallar",
     .weighted = "Ponderado (95 %)",
     .gain = "Más hallado que con la primera (puntos porcentuales)",
     .gain_note =
         "Parte de todos los hallazgos entre las unidades inspeccionadas, "
         "menos la de las primeras reglas con la misma parte inspeccionada.",
     .capacity = "Hallado según la capacidad",
     .capacity_note = "Como si cada instalación inspeccionara las mejores "
                      "unidades llegadas en un día, tantas como puede; y "
                      "como las toma su lista de trabajo.",
     .by_score_alone = "solo por puntuación",
     .as_worklist = "como lista de trabajo",
     .left_out = "$0 sin lugar",
     .a_day_each = "Por día e instalación",
     .full_days = "Días completos",
     .evaluated = "Examinada",
     .cost_share = "Parte del coste",
     .last_find = "Días desde un hallazgo",
     .cost_note = "Examinada: parte de los movimientos para los que se evaluó "
                  "la condición. Parte del coste: eso, por las operaciones "
                  "estimadas de la condición.",
     .all_controlled = "Todas las controladas",
     .drift = "Deriva de las puntuaciones",
     .drift_note =
         "Índice de estabilidad de la población de cada mes frente al primero. "
         "Por debajo de 0,1 suele llamarse estable, por encima de 0,25 un "
         "cambio; con pocas unidades es grande por azar. Más allá de 1 se "
         "escribe la cifra.",
     .drift_against = "$0 frente a $1, todos los meses: $2.",
     .stability = "Índice de estabilidad",
     .burden = "A quién afecta",
     .burden_note =
         "Parte de unidades seleccionadas, con su intervalo del 95 %, y "
         "hallazgos entre las seleccionadas que se controlaron.",
     .country = "País del destinatario",
     .size = "Tamaño del destinatario",
     .size_note =
         "Cuartos de las unidades según cuántas tiene su "
         "destinatario, los más pequeños primero. Los del mismo tamaño "
         "están en un solo cuarto, así que otro puede faltar.",
     .size_value = "$0 (unidades: $1)",
     .unknown = "no se sabe",
     .sensitivity = "Y si un umbral fuera otro",
     .sensitivity_note =
         "Cada constante con la que compara una condición, cambiada ella sola; "
         "en la misma pasada. Solo los umbrales con los que algo cambia.",
     .sensitivity_more = "$0 umbrales más no se probaron.",
     .sensitivity_rest = "$0 umbrales más están en las tablas.",
     .threshold = "Umbral",
     .gained_units = "Ganadas, hallazgos",
     .lost_units = "Perdidas, hallazgos",
     .map = "Rutas con hallazgos",
     .map_label = "Rutas dibujadas: $0; con hallazgos: $1.",
     .map_note =
         "Círculos máximos del puerto de carga al de descarga, más "
         "anchos con más unidades; los nombres están donde hay sitio. El "
         "color es el extremo inferior del intervalo del 95 % de los "
         "hallazgos, para que uno de un solo control no destaque.",
     .map_left_out = "$0 rutas no se dibujan: sus lugares no están en los "
                     "datos de referencia.",
     .route = "Ruta",
     .no_finds = "sin hallazgos",
     .not_controlled = "sin controles",
     .finds_up_to = "extremo inferior de hallazgos hasta el $0",
     .no_route_finds = "En ninguna de estas rutas se halló nada.",
     .in_force = "en vigor",
     .recorded = "según lo registrado",
     .empty = "ninguna",
     .nothing_to_plot =
         "Ninguna de estas unidades se controló, o ninguna fuera de ellas, o "
         "las puntuaciones no ordenan ninguna, así que no hay nada que "
         "dibujar.",
     .no_gain = "Con cada una de estas partes se halla exactamente lo mismo "
                "que con la primera.",
     .evaluation = "Evaluación $0, iniciada por $1 el $2, del diario hasta la "
                   "posición $3. Informe $4. Prueba:",
     .rule_set = "Conjunto de reglas",
     .revision = "Revisión",
     .content_hash = "Huella de su contenido",
     .never_hit = "Sin activarse: $0.",
     .undecided = "Sin activarse y sin decidir en tantos de los movimientos en "
                  "que se miraron, por falta de un campo, de una lista o de "
                  "historia: $0.",
     .bar_scale = "Una barra entera es $0; un guion: no se controló ninguna.",
     .more_in_tables = "Otras $0 están en las tablas.",
     .month_units = "Mes y sus unidades",
     .days = {"lun", "mar", "mié", "jue", "vie", "sáb", "dom"}},
    {.language = "pt",
     .decimal_mark = ',',
     .title = "O que estas regras teriam selecionado",
     .intro = "$0 movimentos de $1 a $2, de $3 estadias e remessas. Cada "
              "movimento foi avaliado com o que estava registado antes dele, e "
              "nada mais.",
     .no_movements = "Nenhum movimento está no que foi pedido.",
     .base_rate = "Taxa de base, só da seleção aleatória",
     .no_controls = "Nenhuma unidade escolhida ao acaso foi controlada, por "
                    "isso não se sabe quanto há para encontrar.",
     .totals = "No total foram controladas $0 unidades; em $1 delas "
               "encontrou-se algo.",
     .controlled_by_box = "Além disso, $0 unidades são documentos cujo "
                          "contentor foi controlado; o "
                          "que continha conta para as regras que os atingiram.",
     .unweighted = "$0 unidades foram controladas sem que nada as "
                   "selecionasse; os valores ponderados não as contam.",
     .variants = "Regras comparadas",
     .plot = "Gráfico de linhas: $0; na horizontal: $1. $2.",
     .plot_line = "$0 de $1 ($2) a $3 ($4)",
     .rules_in_force = "Regras",
     .selected = "Selecionadas",
     .by_rule = "por uma regra",
     .by_score = "por pontuação",
     .by_chance = "por acaso",
     .finds = "Achados",
     .by_rate = "Encontrado conforme a parte inspecionada",
     .by_name = "por nome",
     .by_name_note =
         "Onde a última pontuação é 0 as regras já não ordenam e decidem os "
         "nomes: esses valores nada dizem das regras e não são desenhados.",
     .by_rate_note = "Unidades ordenadas por pontuação; os empates, por nome. "
                     "As controladas são ponderadas pela probabilidade que "
                     "tinham de ser escolhidas; de todos os achados não se "
                     "contam menos do que os que se conhecem.",
     .beyond_note = "Um traço: fora dessas inspeções nada foi controlado "
                    "com uma probabilidade conhecida, por isso não se sabe o "
                    "que lá ficou.",
     .rate = "Inspecionado",
     .precision = "Achados entre as controladas (95 %)",
     .recall = "Parte de todos os achados",
     .lift = "Vezes melhor que o acaso",
     .change = "$0 face a $1: $2 mantidas, $3 ganhas, $4 perdidas.",
     .gained = "Ganhas, por exemplo",
     .lost = "Perdidas, por exemplo",
     .rules = "Regras",
     .rules_note = "Barras: parte de achados entre as controladas, com o "
                   "intervalo de 95 %. Sozinha: unidades que nenhuma outra "
                   "regra assinalou.",
     .rule = "Regra",
     .hits = "Ativações",
     .units = "Unidades",
     .alone = "Sozinha",
     .marginal = "Achados sozinha",
     .not_evaluated = "Não avaliada",
     .overlap = "Regras que coincidem",
     .overlap_note = "Parte das unidades da regra da linha que a da coluna "
                     "também assinalou, em %.",
     .calibration = "Achados por pontuação",
     .calibration_note = "Uma pontuação vale se os achados crescem com ela, "
                         "acima dos de todas as controladas.",
     .score = "Pontuação",
     .months = "Mês a mês",
     .share_selected = "Parte selecionada",
     .workload = "Carga de trabalho",
     .workload_note = "Unidades selecionadas por dia e hora (UTC).",
     .facility = "Instalação",
     .per_day = "Selecionadas por dia",
     .busiest_day = "Mais num dia",
     .busiest_hour = "Mais numa hora",
     .normalised = "Do que se podia achar",
     .weighted = "Ponderado (95 %)",
     .gain = "Mais encontrado do que com a primeira (pontos percentuais)",
     .gain_note =
         "Parte de todos os achados entre as unidades inspecionadas, menos a "
         "das primeiras regras com a mesma parte inspecionada.",
     .capacity = "Encontrado conforme a capacidade",
     .capacity_note = "Como se cada instalação inspecionasse as melhores "
                      "unidades chegadas num dia, tantas quantas pode; e "
                      "como as toma a sua lista de trabalho.",
     .by_score_alone = "só por pontuação",
     .as_worklist = "como lista de trabalho",
     .left_out = "$0 sem lugar",
     .a_day_each = "Por dia e instalação",
     .full_days = "Dias cheios",
     .evaluated = "Examinada",
     .cost_share = "Parte do custo",
     .last_find = "Dias desde um achado",
     .cost_note =
         "Examinada: parte dos movimentos para os quais se avaliou a condição. "
         "Parte do custo: isso, vezes as operações estimadas da condição.",
     .all_controlled = "Todas as controladas",
     .drift = "Deriva das pontuações",
     .drift_note =
         "Índice de estabilidade da população de cada mês face ao primeiro. "
         "Abaixo de 0,1 costuma chamar-se estável, acima de 0,25 uma mudança; "
         "com poucas unidades é grande por acaso. Além de 1 escreve-se o "
         "valor.",
     .drift_against = "$0 face a $1, todos os meses: $2.",
     .stability = "Índice de estabilidade",
     .burden = "Quem suporta o peso",
     .burden_note = "Parte de unidades selecionadas, com o intervalo de 95 %, "
                    "e achados entre as selecionadas que foram controladas.",
     .country = "País do destinatário",
     .size = "Dimensão do destinatário",
     .size_note =
         "Quartos das unidades conforme quantas tem o seu "
         "destinatário, os menores primeiro. Os da mesma dimensão estão "
         "num só quarto, por isso outro pode faltar.",
     .size_value = "$0 (unidades: $1)",
     .unknown = "não se sabe",
     .sensitivity = "E se um limiar fosse outro",
     .sensitivity_note =
         "Cada constante com que uma condição compara, mudada só ela; na mesma "
         "passagem. Só os limiares com os quais algo muda.",
     .sensitivity_more = "Mais $0 limiares não foram experimentados.",
     .sensitivity_rest = "Mais $0 limiares estão nas tabelas.",
     .threshold = "Limiar",
     .gained_units = "Ganhas, achados",
     .lost_units = "Perdidas, achados",
     .map = "Rotas com achados",
     .map_label = "Rotas desenhadas: $0; com achados: $1.",
     .map_note =
         "Círculos máximos do porto de carga ao de descarga, mais "
         "largos com mais unidades; os nomes estão onde há lugar. A cor "
         "é o limite inferior do intervalo de 95 % dos achados, para "
         "que um de um só controlo não sobressaia.",
     .map_left_out = "$0 rotas não são desenhadas: os seus lugares não estão "
                     "nos dados de referência.",
     .route = "Rota",
     .no_finds = "sem achados",
     .not_controlled = "sem controlos",
     .finds_up_to = "limite inferior de achados até $0",
     .no_route_finds = "Em nenhuma destas rotas se encontrou algo.",
     .in_force = "em vigor",
     .recorded = "conforme o registado",
     .empty = "nenhuma",
     .nothing_to_plot =
         "Nenhuma destas unidades foi controlada, ou nenhuma fora delas, ou as "
         "pontuações não ordenam nenhuma, por isso não há nada para desenhar.",
     .no_gain = "Com cada uma destas partes encontra-se exatamente o mesmo que "
                "com a primeira.",
     .evaluation = "Avaliação $0, iniciada por $1 em $2, do diário até a "
                   "posição $3. Relatório $4. Experimenta:",
     .rule_set = "Conjunto de regras",
     .revision = "Revisão",
     .content_hash = "Resumo do seu conteúdo",
     .never_hit = "Sem ativação: $0.",
     .undecided = "Sem ativação e sem decisão em tantos dos movimentos em que "
                  "foram vistas, por falta de um campo, de uma lista ou de "
                  "histórico: $0.",
     .bar_scale = "Uma barra inteira é $0; um traço: nenhuma foi controlada.",
     .more_in_tables = "Outras $0 estão nas tabelas.",
     .month_units = "Mês e as suas unidades",
     .days = {"seg", "ter", "qua", "qui", "sex", "sáb", "dom"}}};

}  // namespace

const EvaluationWords& WordsOf(absl::string_view language) {
  for (const EvaluationWords& words : kWords) {
    if (language == words.language) return words;
  }
  return kWords[0];
}

}  // namespace portrisk::service
