"""The interface as a whole: what all operations share, and the offices that lie below it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from pydantic.json_schema import models_json_schema

import macle
from macle.node.audit import queries as audit
from macle.node.audit.models import Line as AuditLine
from macle.node.interface import idempotency, problems
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Instant, Line, Plain, Shown
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.parsing import Strict
from macle.node.interface.routes import Routes
from macle.node.permissions import Act, Role

VERSION: Final = "v1"

_ABOUT: Final = """Everything the desks of a Participant's node do, for machines.

Quantities are whole numbers: hundredths of a carat, US cents. Days are ISO 8601, instants RFC 3339 in UTC. In an
address, the sign / of a certificate's number is written as _.
"""


class Breach(Shown):
    """One way in which one rule is not kept."""

    rule: str
    source: str
    outcome: str
    where: str
    what: str
    mend: str


class Problem(Shown):
    """What went wrong (RFC 9457). Members that would hold nothing are left out."""

    type: str
    """A stable name, such as urn:macle:problem:rules-refuse."""
    title: str
    status: int
    detail: str
    instance: str
    code: str
    """The end of the type, for programs."""
    where: str | None = None
    mend: str | None = None
    rule: str | None = None
    source: str | None = None
    facts: Plain | None = None
    breaches: list[Breach] | None = None


class Interface(NinjaAPI):
    """django-ninja's, with problems and keys in its description."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:  # noqa: ANN401 (django-ninja's own)
        """Return the description."""
        schema = super().get_openapi_schema(**options)
        _names, told = models_json_schema([(Problem, "validation")], ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= told["$defs"]
        schema["components"]["responses"] = {
            "Problem": {
                "description": "What went wrong, and how to mend it.",
                "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        }
        schema["components"]["parameters"] = {
            "IdempotencyKey": {
                "in": "header",
                "name": idempotency.HEADER,
                "required": True,
                "description": "A new key for each act, and the same one when it is sent again.",
                "schema": {"type": "string", "pattern": f"^{idempotency.PATTERN}$"},
            }
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                summary = f"{operation['summary']}."
                operation["description"] = operation["description"].removeprefix(summary).strip() or summary
                operation["responses"] = {str(status): said for status, said in operation["responses"].items()}
                for said in operation["responses"].values():
                    if "$ref" in said:
                        said.pop("description", None)
        return schema


def new() -> Interface:
    """Return an interface without any office; `macle.node.urls` adds them."""
    made = Interface(
        title="Macle",
        version=macle.__version__,
        description=_ABOUT,
        urls_namespace="interface",
        docs_url=None,
        parser=Strict(),
    )
    made.add_exception_handler(Exception, problems.of_any)
    for kind in list(made._exception_handlers):  # noqa: SLF001 (django-ninja has handlers of its own beside ours)
        made.add_exception_handler(kind, problems.of_any)
    return made


# --- Oneself, and the audit: offices below the interface ----------------------------------------------

own = Routes("Oneself")
auditing = Routes("Audit")


class Myself(Shown):
    """Who acts by this token."""

    identifier: str
    """As the audit names the person."""
    role: Role
    office: str
    trader: str
    deputises_for: str
    token: str
    """What the token is for."""
    ends_at: datetime
    acts: list[Act]
    """What the role may do, each within its reach."""


@own.reads("/self", None)
def read_self(request: Asked) -> Myself:
    """Say who acts by this token, and what it may do."""
    (held,) = request.actor.held
    return Myself(
        identifier=request.actor.identifier,
        role=held.role,
        office=held.office,
        trader=held.trader,
        deputises_for=held.deputises_for,
        token=request.token.name,
        ends_at=request.token.ends_at,
        acts=[act for act in Act if request.actor.may(act)],
    )


class AuditEntry(Shown):
    """One line of the audit: who did what to what, and when."""

    number: int
    at: datetime
    actor: str
    tag: str
    subject: str
    office: str
    facts: Plain
    digest: str
    """SHA-256 of the line and the digest before it, in hexadecimal."""


@auditing.reads("/audit", Act.AUDIT_SEARCH)
def search_audit(
    request: Asked,
    subject: Line = "",
    actor: Line = "",
    tag: Line = "",
    since: Instant | None = None,
    until: Instant | None = None,
    after: After | None = None,
    limit: Limit = USUAL,
) -> Page[AuditEntry]:
    """Search the audit: lines of a subject, of a person, of an act, of a time."""
    found = audit.search(subject=subject, actor=actor, tag=tag, since=since, until=until)
    return page(request, found, _entry, after=after, limit=limit)


def _entry(line: AuditLine) -> AuditEntry:
    return AuditEntry(
        number=line.number,
        at=line.at,
        actor=line.actor,
        tag=line.tag,
        subject=line.subject,
        office=line.office,
        facts=line.facts,
        digest=bytes(line.digest).hex(),
    )
