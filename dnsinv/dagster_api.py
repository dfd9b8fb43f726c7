"""Starting and ending Dagster's runs and backfills through its webserver, without importing it.

Source: GraphQL API of dagster-webserver 1.13 (addDynamicPartition, launchRun, terminateRun,
launchPartitionBackfill, cancelPartitionBackfill), checked 2026-11-25. The names are those of
dnsinv_pipelines; tests launch every job on the real thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from dnsinv.errors import ServiceError

CONNECT_SECONDS = 2.0
REPLY_SECONDS = 15.0  # a code server that has just started loads the job first
LOCATION, REPOSITORY, PARTITIONS = "dnsinv", "__repository__", "account_days"
TITLE_LENGTH = 52  # Dagster's limit is 100, and each re-execution puts 16 characters before it

_PARTITION = """
mutation Partition($repository: RepositorySelector!, $set: String!, $key: String!) {
  done: addDynamicPartition(
    repositorySelector: $repository, partitionsDefName: $set, partitionKey: $key
  ) { __typename ... on PythonError { message } ... on UnauthorizedError { message } }
}
"""
_LAUNCH = """
mutation Launch($run: ExecutionParams!) {
  done: launchRun(executionParams: $run) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on Error { message }
  }
}
"""
_TERMINATE = """
mutation Terminate($run: String!) {
  done: terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE) {
    __typename ... on TerminateRunFailure { message } ... on Error { message }
  }
}
"""
_BACKFILL = """
mutation Backfill($backfill: LaunchBackfillParams!) {
  done: launchPartitionBackfill(backfillParams: $backfill) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on Error { message }
  }
}
"""
_CANCEL = """
mutation Cancel($backfill: String!) {
  done: cancelPartitionBackfill(backfillId: $backfill) {
    __typename ... on Error { message }
  }
}
"""
_STATUS = """
query Status($backfill: String!) {
  done: partitionBackfillOrError(backfillId: $backfill) {
    __typename
    ... on PartitionBackfill { status }
    ... on BackfillNotFoundError { message }
    ... on PythonError { message }
  }
}
"""
_GOES_ON = "REQUESTED"
_KNOWN_PARTITION = ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError")


@dataclass(frozen=True, slots=True)
class Launch:
    """A run to be started: a job, on a partition where it has some, with its config and tags."""

    job: str
    partition: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill to be started: an asset, its partitions, and what its runs carry."""

    asset: str
    partitions: Sequence[str]
    title: str
    tags: Mapping[str, str] = field(default_factory=dict)


def launch(address: str, wanted: Launch) -> str:
    """Start the run; its id.

    Args:
        address: of the webserver, such as http://127.0.0.1:3000.

    Raises:
        ServiceError: Dagster does not answer, or does not take the run; the text says which.
    """
    repository = {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY}
    tags = dict(wanted.tags)
    if wanted.partition:
        tags["dagster/partition"] = wanted.partition
        key = {"repository": repository, "set": PARTITIONS, "key": wanted.partition}
        added = _post(address, _PARTITION, key)
        if added["__typename"] not in _KNOWN_PARTITION:
            raise ServiceError(
                f"Dagster does not take the partition {wanted.partition}: {_reason(added)}"
            )
    run = {
        "selector": {**repository, "jobName": wanted.job},
        "runConfigData": dict(wanted.config),
        "executionMetadata": {"tags": _tags(tags)},
    }
    started = _post(address, _LAUNCH, {"run": run})
    if started["__typename"] != "LaunchRunSuccess":
        raise ServiceError(f"Dagster does not start {wanted.job}: {_reason(started)}")
    return str(started["run"]["runId"])


def terminate_run(address: str, run_id: str) -> None:
    """Ask a run to end.

    Raises:
        ServiceError: Dagster does not answer, or does not do it.
    """
    ended = _post(address, _TERMINATE, {"run": run_id})
    if ended["__typename"] != "TerminateRunSuccess":
        raise ServiceError(f"Dagster does not end the run {run_id}: {_reason(ended)}")


def launch_backfill(address: str, wanted: Backfill) -> str:
    """Start a backfill, one run per partition; its id.

    Raises:
        ServiceError: Dagster does not answer, or does not take it; the text says which.
    """
    backfill = {
        "assetSelection": [{"path": [wanted.asset]}],
        "partitionNames": list(wanted.partitions),
        "tags": _tags(wanted.tags),
        "title": _title(wanted.title),
    }
    started = _post(address, _BACKFILL, {"backfill": backfill})
    if started["__typename"] != "LaunchBackfillSuccess":
        raise ServiceError(
            f"Dagster does not start the backfill {wanted.title!r}: {_reason(started)}"
        )
    return str(started["backfillId"])


def cancel_backfill(address: str, backfill_id: str) -> None:
    """Ask a backfill to end its runs, unless it has ended: Dagster would begin to end it again.

    What is asked for may be lost there: look, and ask again.

    Raises:
        ServiceError: Dagster does not answer, or does not do it.
    """
    if backfill_status(address, backfill_id) != _GOES_ON:
        return
    ended = _post(address, _CANCEL, {"backfill": backfill_id})
    if ended["__typename"] != "CancelBackfillSuccess":
        raise ServiceError(f"Dagster does not cancel the backfill {backfill_id}: {_reason(ended)}")


def backfill_status(address: str, backfill_id: str) -> str:
    """How a backfill stands, in Dagster's words: REQUESTED as long as it goes on.

    Raises:
        ServiceError: Dagster does not answer, or has no such backfill.
    """
    found = _post(address, _STATUS, {"backfill": backfill_id})
    if found["__typename"] != "PartitionBackfill":
        raise ServiceError(f"Dagster has no backfill {backfill_id}: {_reason(found)}")
    return str(found["status"])


def run_address(address: str, run_id: str) -> str:
    """Where people see the run."""
    return f"{address.rstrip('/')}/runs/{run_id}"


def backfill_address(address: str, backfill_id: str) -> str:
    """Where people see the backfill."""
    return f"{address.rstrip('/')}/runs/b/{backfill_id}"


def _title(text: str) -> str:
    """Without the signs that Dagster refuses in titles."""
    plain = "".join("_" if sign in '%*"' else sign for sign in text)
    return plain if len(plain) <= TITLE_LENGTH else f"{plain[: TITLE_LENGTH - 1]}…"


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _post(address: str, query: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the one question or order of a query gives."""
    try:
        reply = httpx.post(
            f"{address.rstrip('/')}/graphql",
            json={"query": query, "variables": values},
            timeout=httpx.Timeout(REPLY_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,  # a proxy has no business between two programs of one machine
        )
        answered = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ServiceError(
            f"Dagster does not answer at {address}, so nothing was started or ended there; "
            "`dnsinv up` starts it, DAGSTER_URL says where it is."
        ) from error
    data = answered.get("data") if isinstance(answered, dict) else None
    done = data.get("done") if isinstance(data, dict) else None
    if not isinstance(done, dict):
        raise ServiceError(
            f"What answers at {address} is not Dagster, or another version of it; "
            "DAGSTER_URL says where it is."
        )
    return done


def _reason(told: Mapping[str, Any]) -> str:
    errors = told.get("errors") or [told]
    text = str(errors[0].get("message") or told["__typename"])
    return text.splitlines()[0][:300].rstrip(".") + "."
