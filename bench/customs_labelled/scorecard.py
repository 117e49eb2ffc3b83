"""The rule set of this benchmark, written from a few numbers.

    scorecard.py > rules.yaml

The condition that all its rules share is long, so it is written here once. A
declaration is expected to be a find with a probability P. It begins at BASE, times a
weight for its mass, its way and its duty, and is moved by what controls found:
of the commodity, of it from that origin, of the line of trade, of goods
declared alike. Each stands for as many controls as SMOOTHING says of the level
above, so that one control of goods declared alike weighs more than five of the
commodity. Each rule is a step of P.

BASE, SMOOTHING, STEPS and SEEN were chosen by the precision of the training year
alone. The weights are 1 as written; `fit` makes others of outcomes that are
known.
"""

import collections
import sys

RULE_SET = "bench.customs-labelled"
BASE = 0.2
# Find rates of `route`, and controls that what is above them stands for.
SMOOTHING = (("code_finds", 80.0), ("code_origin_finds", 40.0),
             ("line_finds", 20.0), ("same_goods_finds", 0.3))
STEPS = 20          # Of P, each as wide.
POINTS = 800        # Of P = 1.
SEEN = 5            # Goods declared alike so often and never controlled ...
SEEN_POINTS = 160   # ... get so many points more; those seen less, a part.
BEFORE_MAX = 0.6    # What the weights may make of BASE.

# Weights: the name of a class, and the condition under which it is the one;
# the last of each group holds where none before it does.
CLASSES = {
    "mass": (("under 1 kg", "movement.declared.net_kg < 1.0"),
             ("under 1 t", "movement.declared.net_kg < 1000.0"),
             ("under 10 t", "movement.declared.net_kg < 10000.0"),
             ("10 t and more", "")),
    "way": (("goods returned", "movement.declared.departure_country == 'KR'"),
            ("direct", "movement.declared.departure_country == "
                       "movement.declared.origin_country"),
            ("by another country", "")),
    "duty": (("free", "movement.declared.duty_percent == 0.0"),
             ("under 8 %", "movement.declared.duty_percent < 8.0"),
             ("to 13 %", "movement.declared.duty_percent <= 13.0"),
             ("above", "")),
}
SHRINK = 10.0  # Expected finds by which `fit` holds a weight to 1.

# What the past says of the parties and of prices. It adds nothing here: on
# these data none of it tells finds from others, which the run shows again.
WATCHED = (
    ("importer.new", "Importer never seen before",
     "importer_before == 0", "importer_before"),
    ("importer.new-goods", "Known importer, commodity new to it",
     "importer_before >= 3 && importer_goods_before == 0",
     "importer_goods_before"),
    ("seller.new", "Seller never seen before",
     "seller_before == 0", "seller_before"),
    ("seller.many-importers", "Seller to many importers",
     "seller_importers >= 10", "seller_importers"),
    ("declarant.small", "Declarant with few declarations",
     "declarant_before < 10", "declarant_before"),
    ("country.rare", "Commodity rarely from that origin",
     "code_before >= 20 && code_origin_before * 20 < code_before",
     "code_origin_before"),
    ("price.low", "Price per kg a tenth of the usual, or less",
     "price_usual_count >= 10 && movement.declared.net_kg > 0.0 && "
     "movement.declared.value / movement.declared.net_kg < 0.1 * price_usual",
     "price_usual"),
    ("price.high", "Price per kg ten times the usual, or more",
     "price_usual_count >= 10 && movement.declared.net_kg > 0.0 && "
     "movement.declared.value / movement.declared.net_kg > 10.0 * price_usual",
     "price_usual"),
    ("finds.importer", "Controls of the importer found twice the usual",
     "party.consignee_finds.controls >= 5 && party.consignee_finds.finds * 5 >= "
     "party.consignee_finds.controls * 2", "party.consignee_finds.rate"),
    ("finds.seller", "Controls of the seller found twice the usual",
     "party.shipper_finds.controls >= 5 && party.shipper_finds.finds * 5 >= "
     "party.shipper_finds.controls * 2", "party.shipper_finds.rate"),
    ("finds.declarant", "Controls of the declarant found more than usual",
     "party.declarant_finds.controls >= 10 && party.declarant_finds.finds * 10 "
     ">= party.declarant_finds.controls * 3", "party.declarant_finds.rate"),
    ("finds.office", "Controls at the office found more than usual",
     "facility.finds.controls >= 20 && facility.finds.finds * 4 >= "
     "facility.finds.controls", "facility.finds.rate"),
)

AGGREGATES = """\
aggregates:
  # Goods declared alike: worth a control where they come again and again.
  alike_before:
    key: [movement.consignment.commodity, movement.declared.origin_country,
          int(movement.declared.net_kg), int(movement.declared.value)]
    where: movement.event == DECLARATION
    count: true
    window: 2y
  importer_before:
    key: movement.consignee.id
    where: movement.event == DECLARATION
    count: true
    window: 2y
  importer_goods_before:
    key: [movement.consignee.id, movement.consignment.commodity]
    where: movement.event == DECLARATION
    count: true
    window: 2y
  seller_before:
    key: movement.shipper.id
    where: movement.event == DECLARATION
    count: true
    window: 2y
  seller_importers:
    key: movement.shipper.id
    where: movement.event == DECLARATION
    distinct: movement.consignee.id
    window: 2y
  declarant_before:
    key: movement.declarant.id
    where: movement.event == DECLARATION
    count: true
    window: 2y
  code_before:
    key: movement.consignment.commodity
    where: movement.event == DECLARATION
    count: true
    window: 2y
  code_origin_before:
    key: [movement.consignment.commodity, movement.declared.origin_country]
    where: movement.event == DECLARATION
    count: true
    window: 2y
  # The median price per kg of the commodity.
  price_usual:
    key: movement.consignment.commodity
    where: movement.event == DECLARATION && movement.declared.net_kg > 0.0
    quantile: movement.declared.value / movement.declared.net_kg
    q: 0.5
    window: 2y
"""


def neutral():
    return {group: [1.0] * len(classes) for group, classes in CLASSES.items()}


def weight_of(group, weights):
    """The weight of a class as an expression."""
    text = f"{weights[-1]:.3f}"
    for (_, when), weight in reversed(
            list(zip(CLASSES[group], weights))[:-1]):
        text = f"({when} ? {weight:.3f} : {text})"
    return text


def expected(weights):
    """P as an expression; a group whose weights are all 1 is left out."""
    parts = [f"{BASE}"] + [weight_of(group, weights[group])
                           for group in CLASSES if set(weights[group]) != {1.0}]
    text = (f"{BASE}" if len(parts) == 1 else
            f"math.least({' * '.join(parts)}, {BEFORE_MAX})")
    for field, imagined in SMOOTHING:
        rate = f"route.{field}"
        text = (f"(double({rate}.finds) + {imagined} *\n      {text}) / "
                f"(double({rate}.controls) + {imagined})")
    return text


def texts(key, en, es, pt):
    return f"    {key}: {{en: {en!r}, es: {es!r}, pt: {pt!r}}}\n".replace(
        '"', '\\"').replace("'", '"')


def rule(rule_id, title, explain, when, score, tests=(), shadow=False):
    text = f"  - id: {rule_id}\n" + texts("title", *title)
    text += texts("explain", *explain)
    text += f"    applies_to: [DECLARATION]\n    when: >-\n      {when}\n"
    text += f"    score: {score}\n"
    if shadow:
        text += "    status: shadow\n"
    if tests:
        text += "    tests:\n" + "".join(f"      - {one}\n" for one in tests)
    return text


FOUND = ("{route.same_goods_finds.finds}/{route.same_goods_finds.controls}, "
         "{route.line_finds.finds}/{route.line_finds.controls}, "
         "{route.code_origin_finds.finds}/{route.code_origin_finds.controls}, "
         "{route.code_finds.finds}/{route.code_finds.controls}")


def given(share):
    """A declaration whose goods were found in `share` of a million controls."""
    finds = round(share * 1e6)
    rates = ", ".join(f"{field}: {{controls: 1000000, finds: {finds}}}"
                      for field, _ in SMOOTHING)
    return (f"{{movement: {{event: DECLARATION, declared: {{net_kg: 5, "
            f"origin_country: CN, departure_country: CN, duty_percent: 8}}}}, "
            f"route: {{{rates}}}}}")


def step_rule(step, p):
    low, high = step / STEPS, (step + 1) / STEPS
    when = f"{p} >= {low:.2f}"
    if step + 1 < STEPS:
        when += f" &&\n      {p} < {high:.2f}"
    hundred = f"{100 * low:.0f} to {100 * high:.0f}"
    return rule(
        f"expected.{round(100 * low):02d}",
        (f"A find is expected in {hundred} of 100",
         f"Se espera un hallazgo en {hundred.replace('to', 'a')} de 100",
         f"Espera-se um achado em {hundred.replace('to', 'a')} de 100"),
        (f"Finds per control of goods declared alike, the line of trade, the "
         f"commodity from there, the commodity: {FOUND}.",
         f"Hallazgos por control de mercancías iguales, la línea, el código de "
         f"ese origen, el código: {FOUND}.",
         f"Achados por controlo de mercadorias iguais, da linha, do código "
         f"dessa origem, do código: {FOUND}."),
        when, step * POINTS // STEPS,
        (f"{{given: {given((low + high) / 2)}, expect: hit}}",
         f"{{given: {given(low / 2)}, expect: miss}}",
         "{given: {movement: {event: DECLARATION}}, expect: unknown}"))


def seen_rule(times):
    compare = ">=" if times == SEEN else "=="
    how = f"{times} times or more" if times == SEEN else f"{times} times"
    alike = ("{given: {movement: {event: DECLARATION}, route: "
             "{same_goods_finds: {controls: %d}}, aggregates: "
             "{alike_before: %d}}, expect: %s}")
    return rule(
        f"alike.seen-{times}",
        (f"Declared alike {how}, never controlled",
         f"Declarado igual {times} veces, nunca controlado",
         f"Declarado igual {times} vezes, nunca controlado"),
        ("{alike_before} declarations say the same goods, mass and value.",
         "{alike_before} declaraciones dicen lo mismo.",
         "{alike_before} declarações dizem o mesmo."),
        f"route.same_goods_finds.controls == 0 && "
        f"alike_before {compare} {times}", times * SEEN_POINTS // SEEN,
        (alike % (0, times, "hit"), alike % (1, times, "miss"),
         "{given: {movement: {event: DECLARATION}}, expect: unknown}"))


def watched_rule(rule_id, title, when, shown):
    explain = f"{{{shown}}}"
    return rule(rule_id, (title,) * 3, (explain,) * 3, when, 0,
                ("{given: {movement: {event: DECLARATION}}, expect: unknown}",),
                shadow=True)


def rule_set(weights):
    p = expected(weights)
    return ("# Written by scorecard.py; change that.\n"
            f"rule_set: {RULE_SET}\nlayer: national\nowner: KR\n"
            + AGGREGATES + "rules:\n"
            + "".join(step_rule(step, p) for step in range(1, STEPS))
            + "".join(seen_rule(times) for times in range(1, SEEN + 1))
            + "".join(watched_rule(*one) for one in WATCHED))


def classes_of(row):
    """Which class of each group a row of the data is of."""
    mass, duty = float(row["Net Mass"]), float(row["Tax Rate"])
    from_, origin = row["Country of Departure"], row["Country of Origin"]
    return {"mass": sum(mass >= limit for limit in (1, 1000, 10000)),
            "way": 0 if from_ == "KR" else 1 if from_ == origin else 2,
            "duty": 0 if duty == 0 else 1 if duty < 8 else 2 if duty <= 13
            else 3}


def fit(weights, controlled):
    """Weights that explain more: of (row, P when it was selected, found)."""
    finds, expectations = collections.Counter(), collections.Counter()
    for row, p, found in controlled:
        for group, which in classes_of(row).items():
            finds[group, which] += found
            expectations[group, which] += p
    total = sum(p for _, p, _ in controlled)
    found = sum(found for _, _, found in controlled)
    if not total or not found:
        return weights
    usual = found / total
    return {group: [round(old * (finds[group, i] + SHRINK * usual) /
                          (expectations[group, i] + SHRINK) / usual, 3)
                    for i, old in enumerate(olds)]
            for group, olds in weights.items()}


if __name__ == "__main__":
    sys.stdout.write(rule_set(neutral()))
