#!/usr/bin/python3
"""A client in another language against a real server.

    tests/interop/score_test.py PORTRISKD

What it proves: the contract is enough to write a client from (no C++ of ours
is used), streams and errors are the standard ones, a repeat is harmless.
"""

import concurrent.futures
import sys
import unittest

try:
    import grpc
except ImportError:
    print("skipped: python3-grpcio is not installed (deploy/install)")
    sys.exit(77)

from client import Client, error_details, messages
from server import Server

PORTRISKD = sys.argv.pop(1) if len(sys.argv) > 1 else sys.exit(__doc__)

RULES = """
rule_set: interop.gate
layer: port
owner: TEST
rules:
  - id: gate.bad-check-digit
    title: {en: The check digit is wrong, es: D\u00edgito err\u00f3neo}
    applies_to: [GATE_OUT]
    when: movement.container.number_status == NUMBER_BAD_CHECK_DIGIT
    score: 400
    explain: {en: "Number {movement.container.number}."}
    tests:
      - given: {movement: {event: GATE_OUT, container: {number_status: NUMBER_BAD_CHECK_DIGIT}}}
        expect: hit
"""
CALLER = (("portrisk-caller", "development"),)
GOOD, BAD = "QZAU5014757", "QZAU5014750"


def request(number, movement_id, seconds=1773144000, language="en"):
    made = messages("scoring_service").ScoreMovementRequest(language=language)
    movement = made.movement
    movement.source, movement.id = "interop", movement_id
    movement.event = messages("movement").GATE_OUT
    movement.occurrence_time.seconds = seconds
    movement.container.number = number
    movement.location.locode = "NLRTM"
    return made


class Score(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = Server(PORTRISKD)
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.client = Client(cls.server.address)
        cls.addClassCleanup(cls.client.close)
        rules = messages("rule_service")
        revision = cls.client.rules.CreateRevision(
            rules.CreateRevisionRequest(yaml=RULES, file="interop.yaml"),
            metadata=CALLER)
        change = rules.ChangeRevisionRequest(
            revision=revision.revision, without_replay="a test")
        cls.client.rules.ApproveRevision(change, metadata=CALLER)
        active = cls.client.rules.ActivateRevision(change, metadata=CALLER)
        assert active.state == messages("rules").ACTIVE, active

    def score(self, *arguments, **named):
        return self.client.scoring.ScoreMovement(request(*arguments, **named))

    def refused(self, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return caught.exception, error_details(caught.exception)

    def test_a_hit_says_why_in_the_language_asked_for(self):
        assessment = self.score(BAD, "unary-1")
        self.assertEqual([h.rule for h in assessment.hits],
                         ["gate.bad-check-digit"])
        self.assertEqual(assessment.hits[0].title, "The check digit is wrong")
        self.assertEqual(assessment.hits[0].explanation, f"Number {BAD}.")
        self.assertGreaterEqual(assessment.score, 400)
        spanish = self.score(BAD, "unary-1", language="es")
        self.assertEqual(spanish.hits[0].title, "D\u00edgito err\u00f3neo")
        print(f"\n{BAD}: score {assessment.score}, "
              f"{assessment.hits[0].title}: {assessment.hits[0].explanation}")

    def test_no_hit_on_a_number_in_order(self):
        self.assertEqual(len(self.score(GOOD, "unary-2").hits), 0)

    def test_a_repeat_returns_the_stored_assessment(self):
        first = self.score(GOOD, "unary-3")
        self.assertEqual(self.score(GOOD, "unary-3"), first)

    def test_a_conflict_is_named(self):
        self.score(GOOD, "unary-4")
        error, details = self.refused(lambda: self.score(BAD, "unary-4"))
        self.assertEqual(error.code(), grpc.StatusCode.ALREADY_EXISTS)
        self.assertEqual(details["ErrorInfo"].reason, "MOVEMENT_CONFLICT")
        self.assertEqual(details["ErrorInfo"].domain, "portrisk")

    def test_every_bad_field_is_named(self):
        bad = request(GOOD, "unary-5")
        bad.movement.location.locode = "ROTTERDAM"
        bad.movement.weights.gross_kg = -1
        error, details = self.refused(
            lambda: self.client.scoring.ScoreMovement(bad))
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(details["ErrorInfo"].reason, "INVALID_MOVEMENT")
        fields = sorted(v.field for v in
                        details["BadRequest"].field_violations)
        self.assertEqual(len(fields), 2, fields)
        self.assertTrue(fields[0].endswith("location.locode"), fields)
        self.assertTrue(fields[1].endswith("weights.gross_kg"), fields)
        print(f"\n{error.code().name}: {error.details()}")
        for violation in details["BadRequest"].field_violations:
            print(f"  {violation.field}: {violation.description}")

    def test_a_change_by_nobody_is_refused(self):
        error, _ = self.refused(lambda: self.client.rules.CreateRevision(
            messages("rule_service").CreateRevisionRequest(yaml=RULES)))
        self.assertEqual(error.code(), grpc.StatusCode.UNAUTHENTICATED)

    def test_a_stream_answers_in_order_and_survives_a_bad_movement(self):
        numbers = [BAD if i % 10 == 0 else GOOD for i in range(200)]
        asked = [request(n, f"stream-{i}", 1773144000 + i)
                 for i, n in enumerate(numbers)]
        asked[7].movement.ClearField("event")
        results = list(self.client.scoring.StreamScoreMovements(iter(asked)))
        self.assertEqual(len(results), len(asked))
        self.assertEqual(results[7].error.code,
                         grpc.StatusCode.INVALID_ARGUMENT.value[0])
        for i, result in enumerate(results):
            if i == 7:
                continue
            self.assertEqual(result.assessment.movement_id, f"stream-{i}")
            self.assertEqual(len(result.assessment.hits),
                             1 if numbers[i] == BAD else 0, i)
        print(f"\nstream: {len(results)} results, one refused: "
              f"{results[7].error.message}")

    def test_many_callers_get_one_order(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            scored = list(pool.map(
                lambda i: self.score(GOOD, f"many-{i}", 1773150000 + i),
                range(200)))
        sequences = [assessment.sequence for assessment in scored]
        self.assertEqual(len(set(sequences)), 200)

    def test_history_knows_the_container(self):
        self.score(GOOD, "unary-6")
        history = messages("history_service")
        known = self.client.history.GetContainer(
            history.GetContainerRequest(number=f" {GOOD[:4].lower()} "
                                        f"{GOOD[4:10]}-{GOOD[10:]}"))
        self.assertEqual(known.container.number, GOOD)
        self.assertGreaterEqual(len(known.container.timeline), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
