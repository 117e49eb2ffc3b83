#!/usr/bin/python3
"""What score_test.py leaves: batches, the life of a rule set, watches,
deadlines, in Python against a real server.

    tests/interop/calls_test.py PORTRISKD
"""

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
rule_set: interop.python
layer: port
owner: TEST
rules:
  - id: gate.bad-check-digit
    title: {en: The check digit is wrong}
    applies_to: [GATE_OUT]
    when: movement.container.number_status == NUMBER_BAD_CHECK_DIGIT
    score: SCORE
    explain: {en: "Number {movement.container.number}."}
    tests:
      - given: {movement: {event: GATE_OUT, container: {number_status: NUMBER_BAD_CHECK_DIGIT}}}
        expect: hit
"""
CALLER = (("portrisk-caller", "development"),)
GOOD, BAD, ALSO_BAD = "QZAU5014757", "QZAU5014750", "QZAU5014761"


def request(number, movement_id, seconds=1773144000):
    made = messages("scoring_service").ScoreMovementRequest()
    movement = made.movement
    movement.source, movement.id = "interop-python", movement_id
    movement.event = messages("movement").GATE_OUT
    movement.occurrence_time.seconds = seconds
    movement.container.number = number
    movement.location.locode, movement.location.facility = "NLRTM", "PY"
    return made


class Calls(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = Server(PORTRISKD)
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.client = Client(cls.server.address)
        cls.addClassCleanup(cls.client.close)
        cls.publish("400")

    @classmethod
    def publish(cls, score):
        """Create, try on history, approve on the strength of it, activate."""
        rules = messages("rule_service")
        number = cls.client.rules.CreateRevision(
            rules.CreateRevisionRequest(yaml=RULES.replace("SCORE", score)),
            metadata=CALLER).revision
        evaluations = messages("evaluation_service")
        start = evaluations.StartEvaluationRequest()
        start.plan.candidates.add(revisions=[number])
        started = cls.client.evaluations.StartEvaluation(start, metadata=CALLER)
        for state in cls.client.evaluations.WatchEvaluation(
                evaluations.GetEvaluationRequest(
                    evaluation=started.evaluation)):
            last = state
        assert last.state == messages(
            "evaluation_run").EVALUATION_FINISHED, last
        change = rules.ChangeRevisionRequest(revision=number, note="tried")
        cls.client.rules.ApproveRevision(change, metadata=CALLER)
        active = cls.client.rules.ActivateRevision(change, metadata=CALLER)
        assert active.state == messages("rules").ACTIVE, active
        return number

    def score(self, *arguments, **named):
        return self.client.scoring.ScoreMovement(request(*arguments), **named)

    def refused(self, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return caught.exception.code(), error_details(caught.exception)

    def test_a_bad_movement_spoils_only_its_own_part_of_a_batch(self):
        batch = messages("scoring_service").BatchScoreMovementsRequest()
        for i, number in enumerate((GOOD, GOOD, BAD)):
            batch.movements.append(
                request(number, f"batch-{i}", 1773144000 + i).movement)
        batch.movements[1].ClearField("event")
        results = self.client.scoring.BatchScoreMovements(batch).results
        self.assertEqual([one.WhichOneof("result") for one in results],
                         ["assessment", "error", "assessment"])
        self.assertEqual(results[1].error.code,
                         grpc.StatusCode.INVALID_ARGUMENT.value[0])
        self.assertEqual(results[2].assessment.score, 400)

    def test_a_batch_of_nothing_is_refused(self):
        code, details = self.refused(
            lambda: self.client.scoring.BatchScoreMovements(
                messages("scoring_service").BatchScoreMovementsRequest()))
        self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(details["ErrorInfo"].reason, "BAD_BATCH_SIZE")
        self.assertEqual(details["BadRequest"].field_violations[0].field,
                         "movements")

    def test_a_rule_set_with_a_mistake_is_refused_with_its_place(self):
        wrong = RULES.replace("number_status ==", "number_state ==")
        code, details = self.refused(lambda: self.client.rules.CreateRevision(
            messages("rule_service").CreateRevisionRequest(
                yaml=wrong.replace("SCORE", "1"), file="wrong.yaml"),
            metadata=CALLER))
        self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(details["ErrorInfo"].reason, "INVALID_RULE_SET")
        self.assertIn("number_state",
                      str(details["BadRequest"].field_violations))

    def test_a_revision_that_was_not_tried_is_not_approved(self):
        rules = messages("rule_service")
        draft = self.client.rules.CreateRevision(rules.CreateRevisionRequest(
            yaml=RULES.replace("SCORE", "410")), metadata=CALLER)
        code, details = self.refused(lambda: self.client.rules.ApproveRevision(
            rules.ChangeRevisionRequest(revision=draft.revision, note="seen"),
            metadata=CALLER))
        self.assertEqual(code, grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(details["ErrorInfo"].reason, "REPLAY_MISSING")

    def test_a_call_whose_deadline_has_passed_may_be_repeated(self):
        # A quick server may answer before anybody looks at the clock.
        for attempt in range(50):
            name = f"deadline-{attempt}"
            try:
                self.score(GOOD, name, 1773160000, timeout=0)
            except grpc.RpcError as error:
                self.assertEqual(error.code(),
                                 grpc.StatusCode.DEADLINE_EXCEEDED)
                break
        else:
            self.fail("no call was late")
        self.assertEqual(self.score(GOOD, name, 1773160000).movement_id, name)

    def test_a_full_queue_says_when_to_try_again(self):
        server = self.enterContext(
            Server(PORTRISKD, "--development", "--queue-max", "1"))
        client = Client(server.address)
        self.addCleanup(client.close)
        batch = messages("scoring_service").BatchScoreMovementsRequest()
        for i in range(3):
            batch.movements.append(request(GOOD, f"full-{i}").movement)
        code, details = self.refused(
            lambda: client.scoring.BatchScoreMovements(batch))
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(details["ErrorInfo"].reason, "QUEUE_FULL")
        self.assertGreater(
            details["RetryInfo"].retry_delay.ToMilliseconds(), 0)

    def watch(self, after, wanted):
        """Movements' ids of a watch, until there are so many; its position."""
        selection = messages("selection_service")
        stream = self.client.selection.WatchAssessments(
            selection.WatchAssessmentsRequest(
                locode="NLRTM", facility="PY", after_position=after),
            timeout=30)
        ids = []
        for message in stream:
            ids += [one.movement.id for one in message.selections]
            if len(ids) >= wanted:
                stream.cancel()
                return ids, message.position
        raise AssertionError("the watch ended")

    def test_a_watch_goes_on_where_it_was(self):
        first = self.score(ALSO_BAD, "watch-1", 1773200000)
        ids, position = self.watch(first.sequence - 1, 1)
        self.assertEqual(ids, ["watch-1"])
        # Nobody watches now.
        self.score("QZAU5014772", "watch-2", 1773200100)
        ids, later = self.watch(position, 1)
        self.assertEqual(ids, ["watch-2"])
        self.assertGreater(later, position)

    def test_a_new_revision_comes_into_force_between_two_calls(self):
        before = self.score(BAD, "life-1", 1773300000)
        self.publish("450")
        after = self.score(BAD, "life-2", 1773300100)
        self.publish("400")
        self.assertEqual((before.score, after.score), (400, 450))


if __name__ == "__main__":
    unittest.main(verbosity=2)
