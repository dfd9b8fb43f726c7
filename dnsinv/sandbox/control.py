"""Steering a sandbox that runs in another process.

    GET    /sandbox          day, days, provider, rate, latency, standing faults
    PUT    /sandbox/day      {"day": "2026-08-22"}
    PUT    /sandbox/faults   {"faults": ["conflict@records*1"]}, in place of those that stand
    GET    /sandbox/stats    what was asked; DELETE counts from zero

No credential: the port is open to this machine only, and there is nothing to protect.
"""

import json
from datetime import date

from dnsinv.errors import UsageError
from dnsinv.sandbox.faults import parse_fault
from dnsinv.sandbox.replies import Reply
from dnsinv.sandbox.state import State

NOTHING_HERE = Reply.json(404, {"error": "The sandbox has nothing at this path."})


def steer(state: State, method: str, path: str, body: bytes) -> Reply:
    """Carry out a request below /sandbox; 422 says what is wrong with its body."""
    try:
        match method, path:
            case "GET", "":
                return Reply.json(200, state.as_json())
            case "PUT", "/day":
                state.day = date.fromisoformat(json.loads(body)["day"])
                return Reply.json(200, state.as_json())
            case "PUT", "/faults":
                orders = [parse_fault(text) for text in json.loads(body)["faults"]]
                state.faults.clear()
                state.faults.order(*orders)
                return Reply.json(200, state.as_json())
            case "GET", "/stats":
                return Reply.json(200, state.stats_as_json())
            case "DELETE", "/stats":
                state.reset_stats()
                return Reply.json(200, state.stats_as_json())
    except (UsageError, ValueError, KeyError, TypeError) as wrong:
        return Reply.json(422, {"error": str(wrong)})
    return NOTHING_HERE
