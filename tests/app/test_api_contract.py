"""The description of the API holds every path and parameter that was promised."""

from typing import Any

import pytest

from tests.app.api import Served

# method, path, parameters of the query
PROMISED = """
GET /api/domains page limit search status provider owner group expiring unowned sort
GET /api/domains/{name}
GET /api/domains/{name}/records
GET /api/domains/{name}/history
GET /api/domains/{name}/zone day format
PATCH /api/domains/{name}
POST /api/domains
POST /api/assign-domain
POST /api/collect-domains
GET /api/dns domain type provider owner search page limit sort
POST /api/assign-dns
POST /api/collect-dns
GET /api/users page limit
POST /api/users
PUT /api/users/{id}
DELETE /api/users/{id}
POST /api/users/bulk
GET /api/users/{id}/permission domain
GET /api/groups page limit
POST /api/groups
PUT /api/groups/{id}
DELETE /api/groups/{id}
GET /api/groups/{id}/members
POST /api/groups/{id}/members
PUT /api/groups/{id}/members/{user_id}
DELETE /api/groups/{id}/members/{user_id}
GET /api/tokens
POST /api/tokens
DELETE /api/tokens/{id}
GET /api/rules
POST /api/rules dry_run
DELETE /api/rules/{id}
GET /api/audit page limit
GET /api/me
GET /api/changes page limit
GET /api/collections page limit
POST /api/collections/{id}/accept
POST /api/collections/{id}/reject
GET /api/stats
GET /api/health
GET /api/settings
PUT /api/settings
GET /api/backups
POST /api/backups
POST /api/migration
GET /api/migration/progress job_id
GET /api/migration/events job_id
POST /api/migration/control
GET /api/migration/templates
POST /api/migration/templates
PUT /api/migration/templates/{id}
DELETE /api/migration/templates/{id}
POST /api/migration/analyze
POST /api/migration/preview
POST /api/migration/uploads
GET /api/migration/jobs page page_size
GET /api/migration/errors job_id
POST /api/migration/undo
GET /export/domains.csv search status provider owner group expiring unowned sort
GET /export/domains.parquet search status provider owner group expiring unowned sort
GET /export/domains.json search status provider owner group expiring unowned sort
GET /export/dns.csv domain type provider owner search sort
GET /export/dns.parquet domain type provider owner search sort
GET /export/dns.json domain type provider owner search sort
"""
FIELDS = {  # of bodies
    ("POST", "/api/collect-dns"): {"domain", "account"},
    ("PATCH", "/api/domains/{name}"): {"note", "tags"},
    ("POST", "/api/migration/control"): {"job_id", "action"},
    ("POST", "/api/users"): {"name", "email", "department", "role", "can_sign_in"},
}
LISTS = (
    "domains",
    "dns",
    "users",
    "groups",
    "tokens",
    "rules",
    "audit",
    "changes",
    "collections",
    "backups",
)


@pytest.fixture(scope="module")
def described(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.as_admin.get("/api/openapi.json").json()
    return found


@pytest.mark.parametrize("line", PROMISED.strip().splitlines())
def test_every_promised_path_takes_the_promised_parameters(
    described: dict[str, Any], line: str
) -> None:
    method, path, *parameters = line.split()
    operation = described["paths"][path][method.lower()]
    known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    assert set(parameters) <= known


def test_a_migration_takes_every_promised_field_in_a_form(described: dict[str, Any]) -> None:
    body = described["paths"]["/api/migration"]["post"]["requestBody"]["content"]
    fields = body["multipart/form-data"]["schema"]["properties"].keys()
    promised = {"file", "upload_id", "batch_size", "duplicate_strategy", "assign_to_users", "validate_domains", "template_id"}  # fmt: skip
    assert promised <= fields


@pytest.mark.parametrize(("method", "path"), FIELDS)
def test_every_promised_field_is_taken(described: dict[str, Any], method: str, path: str) -> None:
    schema = described["paths"][path][method.lower()]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    names = [each["$ref"] for each in schema.get("anyOf", [schema]) if "$ref" in each]
    fields = described["components"]["schemas"][names[0].rpartition("/")[2]]["properties"]
    assert FIELDS[method, path] <= fields.keys()


@pytest.mark.parametrize("name", LISTS)
def test_every_list_answers_items_page_limit_total_and_pages(served: Served, name: str) -> None:
    found = served.as_admin.get(f"/api/{name}").json()
    assert found.keys() == {"items", "page", "limit", "total", "pages"}
    assert (found["page"], found["limit"]) == (1, 50)


def test_every_operation_says_what_it_does_and_what_can_go_wrong(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"
            assert {"401", "403", "422"} <= operation["responses"].keys(), f"{method} {path}"
            assert operation["description"].endswith("."), f"{method} {path}"


def test_nothing_in_the_description_leads_to_another_machine(described: dict[str, Any]) -> None:
    assert described["servers"] == [{"url": "/", "description": "This installation"}]
