"""Taking from the application's database user the right to change or delete what is only added to.

A table is one of these if its model's queries are `AppendOnly`; nobody keeps a second list. PostgreSQL only: SQLite has
no users.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection, transaction

from macle import errors
from macle.node.audit.models import AppendOnly

if TYPE_CHECKING:
    from django.db.models import Model

_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class ProtectionImpossible(errors.Conflict):
    """This database has no users whose rights could be taken."""

    code = "protection-impossible"


class RoleMalformed(errors.Malformed):
    """This is no name of a database user."""

    code = "role-malformed"


class RoleOwns(errors.Conflict):
    """The application's user is the one who owns the tables: an owner can give itself every right back."""

    code = "role-owns"


def models() -> list[type[Model]]:
    """Return the models whose rows are only added, by the names of their tables."""
    return sorted(
        (model for model in apps.get_models() if isinstance(model._default_manager.all(), AppendOnly)),  # noqa: SLF001 (Django's own name for it)
        key=lambda model: model._meta.db_table,  # noqa: SLF001
    )


def statements(*, role: str) -> list[str]:
    """Return the SQL that gives the application's user what it needs and no more; to be run by the tables' owner.

    Run it again after each change of the tables. Raises `ProtectionImpossible` or `RoleMalformed`.
    """
    if connection.vendor != "postgresql":
        raise ProtectionImpossible(
            "An embedded database has no users: whoever may read the file may write it.",
            where="MACLE_NODE_DATABASE_URL",
            mend="Use PostgreSQL in production, and keep heads of the audit outside.",
        )
    if not _ROLE.fullmatch(role):
        raise RoleMalformed(f"{role!r} is no name of a database user.", where="role", mend="Use letters, digits and _.")
    name = connection.ops.quote_name(role)
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models())  # noqa: SLF001
    return [
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON django_migrations FROM {name}",
        f"REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON {tables} FROM PUBLIC, {name}",
    ]


def protect(*, role: str) -> None:
    """Run the statements, all or none; raise `RoleOwns` if the user owns the tables or rules the server."""
    wanted = statements(role=role)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s", [role]
        )
        found = cursor.fetchone()
        if found is None:
            raise RoleMalformed(
                f"There is no database user {role}.", where="role", mend=f"CREATE ROLE {role} LOGIN PASSWORD '...';"
            )
        if found[0]:
            raise RoleOwns(
                f"The database user {role} owns the tables, or rules the server: no right can be taken from it.",
                where="role",
                mend="Make the tables as one user (macle node init) and run the node as another.",
            )
        for statement in wanted:
            cursor.execute(statement)
