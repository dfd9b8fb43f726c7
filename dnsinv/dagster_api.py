"""Launching Dagster's jobs through its webserver, without importing Dagster.

Source: GraphQL API of dagster-webserver 1.13 (addDynamicPartition, launchRun), checked 2026-11-25.
The names are those of dnsinv_pipelines; a test launches every job on the real thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from dnsinv.errors import ServiceError

CONNECT_SECONDS = 2.0
REPLY_SECONDS = 15.0  # a code server that has just started loads the job first
LOCATION, REPOSITORY, PARTITIONS = "dnsinv", "__repository__", "account_days"

_LAUNCH = """
mutation Launch($repository: RepositorySelector!, $set: String!, $key: String!, $run: ExecutionParams!) {
  partition: addDynamicPartition(
    repositorySelector: $repository, partitionsDefName: $set, partitionKey: $key
  ) { __typename ... on PythonError { message } ... on UnauthorizedError { message } }
  run: launchRun(executionParams: $run) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on Error { message }
  }
}
"""  # noqa: E501
_KNOWN_PARTITION = ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError")


@dataclass(frozen=True, slots=True)
class Launch:
    """A run to be started: a job on one partition, with its config and tags."""

    job: str
    partition: str
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def launch(address: str, wanted: Launch) -> str:
    """Start the run; its id.

    Args:
        address: of the webserver, such as http://127.0.0.1:3000.

    Raises:
        ServiceError: Dagster does not answer, or does not take the run; the text says which.
    """
    repository = {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY}
    tags = {**wanted.tags, "dagster/partition": wanted.partition}
    run = {
        "selector": {**repository, "jobName": wanted.job},
        "runConfigData": dict(wanted.config),
        "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
    }
    values = {"repository": repository, "set": PARTITIONS, "key": wanted.partition, "run": run}
    data = _post(address, {"query": _LAUNCH, "variables": values})
    partition, started = data["partition"], data["run"]
    if partition["__typename"] not in _KNOWN_PARTITION:
        raise ServiceError(
            f"Dagster does not take the partition {wanted.partition}: {_reason(partition)}"
        )
    if started["__typename"] != "LaunchRunSuccess":
        raise ServiceError(f"Dagster does not start {wanted.job}: {_reason(started)}")
    return str(started["run"]["runId"])


def run_address(address: str, run_id: str) -> str:
    """Where people see the run."""
    return f"{address.rstrip('/')}/runs/{run_id}"


def _post(address: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        reply = httpx.post(
            f"{address.rstrip('/')}/graphql",
            json=body,
            timeout=httpx.Timeout(REPLY_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,  # a proxy has no business between two programs of one machine
        )
        answered = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ServiceError(
            f"Dagster does not answer at {address}, so no collection was started; "
            "`dnsinv up` starts it, DAGSTER_URL says where it is."
        ) from error
    data = answered.get("data") if isinstance(answered, dict) else None
    if not isinstance(data, dict) or not data.get("run") or not data.get("partition"):
        raise ServiceError(
            f"What answers at {address} is not Dagster, or another version of it; "
            "DAGSTER_URL says where it is."
        )
    return data


def _reason(told: Mapping[str, Any]) -> str:
    errors = told.get("errors") or [told]
    text = str(errors[0].get("message") or told["__typename"])
    return text.splitlines()[0][:300].rstrip(".") + "."
