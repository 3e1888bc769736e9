"""Who may do what at a node: one table of role and act, and nothing else decides. Pure.

The rules of this module:

- Pages, API and command line ask `Actor.require`, and queries ask `Actor.reach`: what is not in `TABLE` is forbidden.
- An act's name is also the tag of its line in the audit, ``subject:act``.
- A right has a reach: everything at this Participant, what belongs to the offices for which the role is held, or what
  belongs to the traders for which it is held. An office or a trader that is not within reach does not exist for the
  actor: that is *not found* and not *forbidden*, so that nobody learns of it by trying.
- Four eyes, licences and states are no permissions: the rules of the Scheme and the table of acts decide about them.

``docs/reference/permissions.md`` is made from this table, and a test holds both to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from macle import errors

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What somebody is at a node. One person may hold several, each for an office or a trader."""

    EXPORTER = "exporter"
    """Acts for one licensed trader, whatever kind of trader it is."""
    AGENT = "agent"
    """Acts for several traders, one grant for each."""
    EXAMINER = "examiner"
    VALUER = "valuer"
    VALIDATING_OFFICIAL = "validating official"
    IMPORTING_OFFICIAL = "importing official"
    CUSTOMS = "customs"
    STATISTICIAN = "statistician"
    AUDITOR = "auditor"
    """Reads everything, writes nothing."""
    ADMINISTRATOR = "administrator"
    SECRETARIAT = "Secretariat"
    CHAIR = "Chair's staff"
    OBSERVER = "Observer"


class Reach(StrEnum):
    """How far a right goes."""

    TRADER = "own trader"
    OFFICE = "own office"
    PARTICIPANT = "everything"


class Act(StrEnum):
    """What can be done at a node; the value is the tag of the line that it leaves in the audit."""

    # Anybody who is signed in.
    OWN_ACCOUNT_CHANGE = "account:change-own"

    # accounts
    ACCOUNT_READ = "account:read"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_GRANT = "account:grant"
    ACCOUNT_END_GRANT = "account:end-grant"
    ACCOUNT_DEPUTISE = "account:deputise"
    ACCOUNT_RESET = "account:reset"
    ACCOUNT_CLOSE = "account:close"
    TOKEN_MAKE = "token:make"  # noqa: S105 (a tag)
    """Make a token for a program, bound to one of one's own roles."""
    TOKEN_REVOKE = "token:revoke"  # noqa: S105 (a tag)

    # audit
    AUDIT_SEARCH = "audit:search"
    AUDIT_EXPORT = "audit:export"
    HOLD_PLACE = "hold:place"
    HOLD_LIFT = "hold:lift"

    # registry
    PARTNER_READ = "partner:read"
    PARTNER_CHANGE = "partner:change"
    PARTNER_PIN = "partner:pin"
    """Believe a partner's record, after its fingerprint was read over the telephone."""
    OFFICE_READ = "office:read"
    OFFICE_OPEN = "office:open"
    OFFICE_CHANGE = "office:change"
    OFFICE_CLOSE = "office:close"
    OFFICIAL_APPOINT = "official:appoint"
    OFFICIAL_END = "official:end"

    # traders
    TRADER_READ = "trader:read"
    TRADER_REGISTER = "trader:register"
    TRADER_CHANGE = "trader:change"
    TRADER_SUSPEND = "trader:suspend"
    LICENCE_GRANT = "licence:grant"
    LICENCE_END = "licence:end"
    CONTACT_CHANGE = "contact:change"
    ADDRESS_CHANGE = "address:change"
    STOCK_DECLARE = "stock:declare"
    BALANCE_READ = "balance:read"
    BALANCE_ENTER = "balance:enter"
    MESSAGE_READ = "message:read"

    # exchange
    LETTER_READ = "letter:read"
    LETTER_RESEND = "letter:resend"
    LETTER_SET_ASIDE = "letter:set-aside"
    """Give up a letter that cannot be delivered; nothing but this act ever does."""
    WEBHOOK_READ = "webhook:read"
    WEBHOOK_SUBSCRIBE = "webhook:subscribe"
    """Let another system be told of acts."""
    WEBHOOK_END = "webhook:end"

    # exporting
    APPLICATION_READ = "application:read"
    APPLICATION_DRAFT = "application:draft"
    APPLICATION_BEGIN_TECHNICAL = "application:begin-technical"
    """Begin, for a trader, the application for a technical certificate: the trader fills it in and lodges it."""
    APPLICATION_LODGE = "application:lodge"
    APPLICATION_WITHDRAW = "application:withdraw"
    APPLICATION_EXAMINE = "application:examine"
    APPLICATION_VALUE = "application:value"
    APPLICATION_RETURN = "application:return"
    """Find it deficient: it goes back to the trader, who mends it."""
    APPLICATION_HOLD = "application:hold"
    APPLICATION_RELEASE = "application:release"
    """Decide, with a reason, that a held application goes on."""
    APPLICATION_REJECT = "application:reject"
    APPLICATION_REQUEST_APPROVAL = "application:request-approval"
    APPLICATION_APPROVE = "application:approve"
    """Record what the KP monitoring team decided."""
    EVIDENCE_READ = "evidence:read"
    EVIDENCE_ADD = "evidence:add"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_RESERVE = "certificate:reserve"
    CERTIFICATE_SEAL = "certificate:seal"
    CERTIFICATE_VALIDATE = "certificate:validate"
    CERTIFICATE_PRINT = "certificate:print"
    CERTIFICATE_DISPATCH = "certificate:dispatch"
    CERTIFICATE_VOID = "certificate:void"
    CERTIFICATE_REPLACE = "certificate:replace"
    CERTIFICATE_REPORT_LOST = "certificate:report-lost"
    CERTIFICATE_REPORT_FOUND = "certificate:report-found"
    CERTIFICATE_INVALIDATE = "certificate:invalidate"
    CERTIFICATE_EXPIRE = "certificate:expire"
    CERTIFICATE_SUSPECT = "certificate:suspect"
    """Open or end a suspicion; a trader then reads only *under examination*."""
    CERTIFICATE_RECONFIRM = "certificate:reconfirm"
    NUMBERS_READ = "numbers:read"
    BLOCK_ALLOT = "block:allot"
    SHEETS_RECEIVE = "sheets:receive"
    SHEET_SPOIL = "sheet:spoil"
    LEGACY_READ = "legacy:read"
    """Read what was issued on paper before there was this node."""
    LEGACY_MOVE_IN = "legacy:move-in"
    """Take licensees and certificates over from the records that were kept before."""
    NOTICE_READ = "notice:read"
    NOTICE_ISSUE = "notice:issue"
    """Blanks or a key were stolen."""
    NOTICE_END = "notice:end"
    CONFIRMATION_READ = "confirmation:read"
    CONFIRMATION_RECORD = "confirmation:record"
    FEE_READ = "fee:read"
    FEE_CHARGE = "fee:charge"
    FEE_RECORD = "fee:record"
    FEE_WAIVE = "fee:waive"
    CUSTOMS_LOOK = "customs:look"
    """Ask, where goods leave, what this authority knows of a certificate; looking changes nothing."""

    # The importing desk.
    SHIPMENT_READ = "shipment:read"
    CERTIFICATE_PRESENT = "certificate:present"
    PRESENTATION_CORRECT = "presentation:correct"
    """Take back a presentation that was recorded by mistake."""
    SHIPMENT_INSPECT = "shipment:inspect"
    SHIPMENT_RELEASE = "shipment:release"
    IMPORT_CONFIRM = "import:confirm"
    SHIPMENT_RECEIVE = "shipment:receive"
    """Take goods into custody: handed over under seal, arrived by post, or without any certificate."""
    SHIPMENT_HAND_OVER = "shipment:hand-over"
    """Hand goods over under seal where they enter, or stop them there."""
    SHIPMENT_DETAIN = "shipment:detain"
    SHIPMENT_REFUSE = "shipment:refuse"
    SHIPMENT_RETURN = "shipment:return"
    SHIPMENT_SEIZE = "shipment:seize"
    ENDORSEMENT_ASK = "endorsement:ask"
    ENDORSEMENT_RECORD = "endorsement:record"
    """Write down what the issuing authority answered."""


_TRADER = dict.fromkeys((Role.EXPORTER, Role.AGENT), Reach.TRADER)
_READERS = {Role.AUDITOR: Reach.PARTICIPANT}
_EXAMINER = {Role.EXAMINER: Reach.OFFICE}
_VALUER = {Role.VALUER: Reach.OFFICE}
_OFFICIAL = {Role.VALIDATING_OFFICIAL: Reach.OFFICE}
_IMPORTER = {Role.IMPORTING_OFFICIAL: Reach.OFFICE}
_ADMINISTRATOR = {Role.ADMINISTRATOR: Reach.PARTICIPANT}
_EXPORTING = _EXAMINER | _OFFICIAL
_DESKS = _EXPORTING | _VALUER | _IMPORTER

TABLE: Final[Mapping[Act, Mapping[Role, Reach]]] = {
    Act.OWN_ACCOUNT_CHANGE: dict.fromkeys(Role, Reach.PARTICIPANT),
    Act.ACCOUNT_READ: _ADMINISTRATOR | _READERS,
    Act.ACCOUNT_CREATE: _ADMINISTRATOR,
    Act.ACCOUNT_GRANT: _ADMINISTRATOR,
    Act.ACCOUNT_END_GRANT: _ADMINISTRATOR,
    Act.ACCOUNT_DEPUTISE: _ADMINISTRATOR,
    Act.ACCOUNT_RESET: _ADMINISTRATOR,
    Act.ACCOUNT_CLOSE: _ADMINISTRATOR,
    Act.TOKEN_MAKE: dict.fromkeys(Role, Reach.PARTICIPANT),
    Act.TOKEN_REVOKE: dict.fromkeys(Role, Reach.PARTICIPANT),
    Act.AUDIT_SEARCH: _ADMINISTRATOR | _READERS,
    Act.AUDIT_EXPORT: _ADMINISTRATOR | _READERS,
    Act.HOLD_PLACE: _ADMINISTRATOR,
    Act.HOLD_LIFT: _ADMINISTRATOR,
    Act.PARTNER_READ: _DESKS | _ADMINISTRATOR | _READERS,
    Act.PARTNER_CHANGE: _ADMINISTRATOR,
    Act.PARTNER_PIN: _ADMINISTRATOR,
    Act.OFFICE_READ: _DESKS | _ADMINISTRATOR | _READERS,
    Act.OFFICE_OPEN: _ADMINISTRATOR,
    Act.OFFICE_CHANGE: _ADMINISTRATOR,
    Act.OFFICE_CLOSE: _ADMINISTRATOR,
    Act.OFFICIAL_APPOINT: _ADMINISTRATOR,
    Act.OFFICIAL_END: _ADMINISTRATOR,
    Act.TRADER_READ: _TRADER | dict.fromkeys(_DESKS, Reach.PARTICIPANT) | _ADMINISTRATOR | _READERS,
    Act.TRADER_REGISTER: dict.fromkeys(_EXPORTING, Reach.PARTICIPANT),
    Act.TRADER_CHANGE: dict.fromkeys(_EXPORTING, Reach.PARTICIPANT),
    Act.TRADER_SUSPEND: {Role.VALIDATING_OFFICIAL: Reach.PARTICIPANT},
    Act.LICENCE_GRANT: {Role.VALIDATING_OFFICIAL: Reach.PARTICIPANT},
    Act.LICENCE_END: {Role.VALIDATING_OFFICIAL: Reach.PARTICIPANT},
    Act.CONTACT_CHANGE: _TRADER | dict.fromkeys(_EXPORTING, Reach.PARTICIPANT),
    Act.ADDRESS_CHANGE: _TRADER,
    Act.STOCK_DECLARE: _TRADER | dict.fromkeys(_EXPORTING, Reach.PARTICIPANT),
    Act.BALANCE_READ: _TRADER | dict.fromkeys(_DESKS, Reach.PARTICIPANT) | _READERS,
    Act.BALANCE_ENTER: dict.fromkeys(_EXPORTING, Reach.PARTICIPANT),
    Act.MESSAGE_READ: _TRADER,
    Act.LETTER_READ: _EXPORTING | _IMPORTER | _ADMINISTRATOR | _READERS,
    Act.LETTER_RESEND: _OFFICIAL | _IMPORTER | _ADMINISTRATOR,
    Act.LETTER_SET_ASIDE: _OFFICIAL | _IMPORTER | _ADMINISTRATOR,
    Act.WEBHOOK_READ: _ADMINISTRATOR | _READERS,
    Act.WEBHOOK_SUBSCRIBE: _ADMINISTRATOR,
    Act.WEBHOOK_END: _ADMINISTRATOR,
    Act.APPLICATION_READ: _TRADER | _EXPORTING | _VALUER | _READERS,
    Act.APPLICATION_DRAFT: _TRADER,
    Act.APPLICATION_BEGIN_TECHNICAL: _OFFICIAL,
    Act.APPLICATION_LODGE: _TRADER,
    Act.APPLICATION_WITHDRAW: _TRADER,
    Act.APPLICATION_EXAMINE: _EXAMINER,
    Act.APPLICATION_VALUE: _EXAMINER | _VALUER,
    Act.APPLICATION_RETURN: _EXPORTING,
    Act.APPLICATION_HOLD: _EXPORTING,
    Act.APPLICATION_RELEASE: _OFFICIAL,
    Act.APPLICATION_REJECT: _OFFICIAL,
    Act.APPLICATION_REQUEST_APPROVAL: _EXPORTING,
    Act.APPLICATION_APPROVE: _OFFICIAL,
    Act.EVIDENCE_READ: _TRADER | _EXPORTING | _VALUER | _READERS,
    Act.EVIDENCE_ADD: _TRADER | _EXPORTING | _VALUER,
    Act.CERTIFICATE_READ: _TRADER | _DESKS | _READERS,
    Act.CERTIFICATE_RESERVE: _EXAMINER,
    Act.CERTIFICATE_SEAL: _EXAMINER,
    Act.CERTIFICATE_VALIDATE: _OFFICIAL,
    Act.CERTIFICATE_PRINT: _EXPORTING,
    Act.CERTIFICATE_DISPATCH: _EXPORTING,
    Act.CERTIFICATE_VOID: _OFFICIAL,
    Act.CERTIFICATE_REPLACE: _OFFICIAL,
    Act.CERTIFICATE_REPORT_LOST: _OFFICIAL,
    Act.CERTIFICATE_REPORT_FOUND: _OFFICIAL,
    Act.CERTIFICATE_INVALIDATE: _OFFICIAL,
    Act.CERTIFICATE_EXPIRE: _OFFICIAL,
    Act.CERTIFICATE_SUSPECT: _OFFICIAL,
    Act.CERTIFICATE_RECONFIRM: _OFFICIAL,
    Act.NUMBERS_READ: _EXPORTING | _ADMINISTRATOR | _READERS,
    Act.BLOCK_ALLOT: _ADMINISTRATOR,
    Act.SHEETS_RECEIVE: _EXPORTING,
    Act.SHEET_SPOIL: _EXPORTING,
    Act.LEGACY_READ: dict.fromkeys(_DESKS, Reach.PARTICIPANT) | _ADMINISTRATOR | _READERS,
    Act.LEGACY_MOVE_IN: _ADMINISTRATOR,
    Act.NOTICE_READ: _DESKS | _ADMINISTRATOR | _READERS,
    Act.NOTICE_ISSUE: _OFFICIAL,
    Act.NOTICE_END: _OFFICIAL,
    Act.CONFIRMATION_READ: _TRADER | _DESKS | _READERS,
    Act.CONFIRMATION_RECORD: _EXPORTING,
    Act.FEE_READ: _TRADER | _EXPORTING | _READERS,
    Act.FEE_CHARGE: _EXPORTING,
    Act.FEE_RECORD: _EXPORTING,
    Act.FEE_WAIVE: _OFFICIAL,
    Act.CUSTOMS_LOOK: dict.fromkeys(
        (Role.CUSTOMS, Role.EXAMINER, Role.VALIDATING_OFFICIAL, Role.IMPORTING_OFFICIAL), Reach.PARTICIPANT
    ),
    Act.SHIPMENT_READ: _TRADER | _IMPORTER | _READERS,
    Act.CERTIFICATE_PRESENT: _IMPORTER,
    Act.PRESENTATION_CORRECT: _IMPORTER,
    Act.SHIPMENT_INSPECT: _IMPORTER,
    Act.SHIPMENT_RELEASE: _IMPORTER,
    Act.IMPORT_CONFIRM: _IMPORTER,
    Act.SHIPMENT_RECEIVE: _IMPORTER,
    Act.SHIPMENT_HAND_OVER: {Role.CUSTOMS: Reach.PARTICIPANT},
    Act.SHIPMENT_DETAIN: _IMPORTER,
    Act.SHIPMENT_REFUSE: _IMPORTER,
    Act.SHIPMENT_RETURN: _IMPORTER,
    Act.SHIPMENT_SEIZE: _IMPORTER,
    Act.ENDORSEMENT_ASK: _IMPORTER,
    Act.ENDORSEMENT_RECORD: _IMPORTER,
}
"""For each act the roles that may do it, each with its reach."""

WRITES_NOTHING: Final = frozenset({Role.AUDITOR, Role.OBSERVER})


class ActForbidden(errors.NotPermitted):
    """None of the actor's roles may do this."""

    code = "act-forbidden"


class OutOfReach(errors.NotFound):
    """What was named does not exist for this actor."""

    code = "out-of-reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One role that somebody holds now, for an office or for a trader (each named by its stable text).

    An empty office or trader is none in particular: then a right whose reach is the own office, or the own trader,
    reaches nothing. ``deputises_for`` is the identifier of the absent official whose role it is.
    """

    role: Role
    office: str = ""
    trader: str = ""
    deputises_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What an act reaches for an actor: everything, or these offices and these traders."""

    everything: bool = False
    offices: frozenset[str] = frozenset()
    traders: frozenset[str] = frozenset()

    def covers(self, *, office: str = "", trader: str = "") -> bool:
        """Return whether what belongs to this office and this trader is within reach."""
        return self.everything or office in self.offices or trader in self.traders


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, with the roles held at this moment; ``identifier`` is what the audit says of them."""

    identifier: str
    held: tuple[Held, ...] = ()

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles held, whatever office or trader they are held for."""
        return frozenset(each.role for each in self.held)

    def may(self, act: Act) -> bool:
        """Return whether any role that is held may do this to anything at all."""
        return any(role in TABLE[act] for role in self.roles)

    def reach(self, act: Act) -> Extent:
        """Return what the act reaches; an empty extent where no role may do it."""
        everything, offices, traders = False, set(), set()
        for each in self.held:
            match TABLE[act].get(each.role):
                case Reach.PARTICIPANT:
                    everything = True
                case Reach.OFFICE if each.office:
                    offices.add(each.office)
                case Reach.TRADER if each.trader:
                    traders.add(each.trader)
        return Extent(everything=everything, offices=frozenset(offices), traders=frozenset(traders))

    def require(self, act: Act, *, office: str = "", trader: str = "") -> None:
        """Raise `ActForbidden` if no role may do this, `OutOfReach` if none reaches this office and trader.

        Give the office and the trader of what is acted upon; where there is neither, only a role that reaches
        everything may act.
        """
        if not self.may(act):
            raise ActForbidden(
                f"None of your roles may do this ({act}).",
                mend=f"It is done by: {', '.join(TABLE[act])}.",
                facts={"act": act.value, "roles": sorted(TABLE[act])},
            )
        if not self.reach(act).covers(office=office, trader=trader):
            raise OutOfReach("There is no such thing here.", mend="Look for it by its number.")

    def deputises(self, act: Act, *, office: str) -> str:
        """Return the absent official in whose stead the actor does this; nothing if a role of their own lets them."""
        able = [each for each in self.held if each.role in TABLE[act] and each.office in {office, ""}]
        if not able or any(not each.deputises_for for each in able):
            return ""
        return able[0].deputises_for
