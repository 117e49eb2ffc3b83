#!/usr/bin/python3
"""Scores one movement and prints why: the shortest useful client.

    tests/interop/score_one.py ADDRESS CONTAINER_NUMBER
"""

import sys
import time

from client import Client, messages

if len(sys.argv) != 3:
    sys.exit(__doc__)
client = Client(sys.argv[1])
request = messages("scoring_service").ScoreMovementRequest(language="en")
movement = request.movement
movement.source = "example"
movement.id = f"gate-{time.time_ns()}"
movement.event = messages("movement").GATE_OUT
movement.occurrence_time.GetCurrentTime()
movement.container.number = sys.argv[2]
movement.location.locode = "NLRTM"
movement.location.facility = "VELD"
movement.haulier.id = "A-HAULIER-NOBODY-NAMED"
assessment = client.scoring.ScoreMovement(request)
lane = messages("assessment").Lane.Name(assessment.lane)
print(f"{assessment.container_number}: score {assessment.score}, lane {lane}")
for hit in assessment.hits:
    print(f"  {hit.contribution:+5d}  {hit.title}: {hit.explanation}")
client.close()
