from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from macle.node.exporting.actions import certificates, notices, numbers
from macle.node.exporting.actions import desk as desk_actions
from macle.node.exporting.models import Block, Confirmation, Fee, Notice, Reconfirmation
from macle.node.exporting.pages import keeping
from macle.node.permissions import Actor, Held, Role
from macle.proof import qr
from tests.node.test_exporting_pages import asked, text_of
from tests.support import node_exporting as made
from tests.support.node_exporting import EXAMINER, OFFICIAL
from tests.support.node_registry import ADMINISTRATOR, OFFICE, STRANGER

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from macle.node.exporting.models import Certificate
    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

CUSTOMS = Actor(identifier="user-dock", held=(Held(role=Role.CUSTOMS, office="Port Selle Airport"),))
CLERK = Actor(identifier="user-clerk", held=(Held(role=Role.EXAMINER, office=OFFICE),))
AUDITOR = Actor(identifier="user-audit", held=(Held(role=Role.AUDITOR),))


def dispatched(house: House, **changes: Any) -> Certificate:
    certificate = made.validated(house, **changes)
    certificates.dispatch(reference=certificate.application.reference, by=OFFICIAL, at=made.later(6))
    return certificate


def a_slip(certificate: Certificate, **changes: str) -> dict[str, Any]:
    return {
        "do": "check",
        "number": certificate.number,
        "arrival": "post",
        "received_on": "2026-11-25",
        "date_of_receipt": "2026-11-25",
        "opened": "yes",
        "parcels": "3",
        "carats": "205.18",
        "value": "41036.00",
        "seals": "0",
        "result": "0",
    } | changes


def hidden_of(answer: HttpResponseBase) -> dict[str, str]:
    """Return the hidden fields of a page, as a browser sends them back."""
    page = getattr(answer, "content", b"").decode()
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def a_picture(text: str, name: str = "slip.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, qr.code_of(text).to_png(pixels=6), content_type="image/png")


class TestOneSlip:
    def test_is_recorded_only_after_both_books_were_shown_side_by_side(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            assert certificate.number in text_of(asked(OFFICIAL, "record-confirmation")).replace(" ", "")
            form = asked(OFFICIAL, "record-confirmation", post={"do": "find", "number": certificate.number})
            assert "Type what stands on the slip" in text_of(form)
            unseen = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate, do="record"))
            assert unseen.status_code == 200
            assert not Confirmation.objects.exists()
            check = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate))
            assert "The slip agrees with our book." in text_of(check)
            done = asked(OFFICIAL, "record-confirmation", post=hidden_of(check) | {"do": "record"})
            assert done.status_code == 302
            assert Confirmation.objects.get().differs == []
            assert "Agrees" in text_of(asked(OFFICIAL, "confirmation", certificate.number))

    def test_is_shown_again_if_anything_was_changed_since(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            check = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate))
            changed = hidden_of(check) | {"do": "record", "carats": "204.18"}
            again = asked(OFFICIAL, "record-confirmation", post=changed)
            assert again.status_code == 200
            assert "\u22121.00" in text_of(again)
            assert not Confirmation.objects.exists()

    def test_that_differs_is_recorded_as_it_came_and_settled_in_words(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            check = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate, carats="204.98"))
            assert "does not agree" in text_of(check)
            assert "\u22120.20" in text_of(check)
            asked(OFFICIAL, "record-confirmation", post=hidden_of(check) | {"do": "record"})
            assert Confirmation.objects.get().differs == ["carats"]
            assert asked(OFFICIAL, "settle", certificate.number, post={"text": ""}).status_code == 422
            settled = asked(OFFICIAL, "settle", certificate.number, post={"text": "Their scale was read again."})
            assert settled.status_code == 302
            page = text_of(asked(AUDITOR, "confirmation", certificate.number))
            assert "Their scale was read again." in page
            assert "Settle the difference" not in page
            assert asked(OFFICIAL, "settle", certificate.number, post={"text": "Once more."}).status_code == 422

    def test_finds_its_certificate_by_the_code_on_its_picture_and_keeps_the_picture(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            label = qr.label_text(certificate.number, bytes.fromhex(certificate.identity))
            form = asked(OFFICIAL, "record-confirmation", post={"do": "find", "picture": a_picture(label)})
            assert form.status_code == 200
            assert "Its picture is there: slip.png" in text_of(form)
            kept = hidden_of(form)["kept"]
            check = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate, kept=kept))
            asked(OFFICIAL, "record-confirmation", post=hidden_of(check) | {"do": "record"})
            assert len(Confirmation.objects.get().evidence) == 64
            assert asked(OFFICIAL, "slip", certificate.number).status_code == 200
            assert asked(OFFICIAL, "slip-picture", certificate.number)["Content-Type"] == "image/jpeg"

    def test_takes_no_picture_that_somebody_else_brought(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            label = qr.label_text(certificate.number, bytes.fromhex(certificate.identity))
            kept = hidden_of(asked(EXAMINER, "record-confirmation", post={"do": "find", "picture": a_picture(label)}))
            check = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate, kept=kept["kept"]))
            asked(OFFICIAL, "record-confirmation", post=hidden_of(check) | {"do": "record"})
            assert Confirmation.objects.get().evidence == ""
            assert keeping.kept("nonsense", OFFICIAL) == ("", "")

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"opened": ""}, "Was the container opened?: this is missing."),
            ({"carats": ""}, "no weight stands there"),
            ({"date_of_receipt": "2026-11-23"}, "cannot have arrived before"),
            ({"date_of_receipt": "2026-12-24"}, "still to come"),
            ({"carats": "205.185"}, "205.18"),
        ],
    )
    def test_that_cannot_be_is_refused_at_its_field(self, changes: dict[str, str], said: str) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            page = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate, **changes))
            assert page.status_code == 422
            assert said in text_of(page)

    def test_of_a_certificate_that_is_not_awaited_is_refused(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            page = asked(OFFICIAL, "record-confirmation", post={"do": "find", "number": certificate.number})
            assert page.status_code == 422
            assert "Record that it was dispatched first." in text_of(page)
            missing = asked(OFFICIAL, "record-confirmation", post={"do": "find", "number": ""})
            assert "No number was given" in text_of(missing)

    def test_does_not_exist_for_another_office(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            assert asked(STRANGER, "record-confirmation", post=a_slip(certificate)).status_code == 404
            assert asked(STRANGER, "confirmation", certificate.number).status_code == 404


class TestManySlips:
    def test_are_recorded_after_they_were_shown_and_those_that_cannot_be_stay_in_the_form(self) -> None:
        with made.a_house() as house:
            first, second, third = dispatched(house), dispatched(house), made.validated(house)
            sent = {
                "do": "check",
                "rows": "10",
                "arrival": "post",
                "received_on": "2026-11-25",
                "date_of_receipt": "2026-11-25",
                "opened": "yes",
                "seals": "0",
                "result": "0",
                "s1-number": first.number,
                "s1-parcels": "3",
                "s1-carats": "205.18",
                "s1-value": "41036.00",
                "s2-number": second.number,
                "s2-carats": "204.18",
                "s4-number": third.number,
                "s4-carats": "205.18",
                "s5-number": "BW99",
            }
            check = asked(OFFICIAL, "record-confirmations", post=sent)
            assert check.status_code == 422
            page = text_of(check)
            assert "2 slips can be recorded." in page
            assert "1 does not agree with our book." in page
            assert "Row 4:" in page
            assert "Row 5:" in page
            assert not Confirmation.objects.exists()
            report = asked(OFFICIAL, "record-confirmations", post=sent | {"do": "record"} | checked(check))
            assert Confirmation.objects.count() == 2
            page = getattr(report, "content", b"").decode()
            assert "2 slips are recorded" in text_of(report)
            assert f'value="{third.number}"' in page
            assert 'value="BW99"' in page
            assert f'value="{first.number}"' not in page

    def test_fifty_pictures_find_their_rows_by_code_or_by_name(self) -> None:
        with made.a_house() as house:
            first, second = dispatched(house), dispatched(house)
            label = qr.label_text(first.number, bytes.fromhex(first.identity))
            blank = "no certificate"
            page = asked(
                OFFICIAL,
                "record-confirmations",
                post={
                    "do": "check",
                    "rows": "10",
                    "arrival": "scan",
                    "pictures": [
                        a_picture(label, "scan1.png"),
                        a_picture(blank, f"slip {second.number}.png"),
                        a_picture(blank, "holiday.png"),
                    ],
                },
            )
            said = text_of(page)
            assert "holiday.png: no number was found in it or in its name." in said
            content = getattr(page, "content", b"").decode()
            assert f'value="{first.number}"' in content
            assert f'value="{second.number}"' in content
            assert "scan1.png" in said

    def test_of_nothing_are_refused_and_more_rows_are_given(self) -> None:
        with made.a_house():
            assert asked(OFFICIAL, "record-confirmations").status_code == 200
            nothing = asked(OFFICIAL, "record-confirmations", post={"do": "check", "rows": "10", "arrival": "post"})
            assert nothing.status_code == 422
            assert "No slip is entered." in text_of(nothing)
            more = asked(OFFICIAL, "record-confirmations", post={"do": "more", "rows": "45", "s1-number": "BW1"})
            assert "50 of 50" in text_of(more)
            assert 'value="BW1"' in getattr(more, "content", b"").decode()


def checked(answer: HttpResponseBase) -> dict[str, str]:
    return {"checked": hidden_of(answer)["checked"]}


class TestListsOfConfirmations:
    def test_show_what_is_awaited_with_its_age_and_what_came(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            for who in (OFFICIAL, EXAMINER, AUDITOR, house.exporter):
                page = asked(who, "confirmations")
                assert page.status_code == 200
                assert certificate.number in text_of(page).replace(" ", "")
            assert "Record the slip" not in text_of(asked(AUDITOR, "confirmations"))
            assert certificate.number not in text_of(asked(STRANGER, "confirmations")).replace(" ", "")
            check = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate, carats="200.00"))
            asked(OFFICIAL, "record-confirmation", post=hidden_of(check) | {"do": "record"})
            assert "Does not agree" in text_of(asked(house.exporter, "confirmations-received"))

    def test_hide_from_the_trader_what_is_under_examination(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            check = asked(OFFICIAL, "record-confirmation", post=a_slip(certificate, carats="200.00"))
            asked(OFFICIAL, "record-confirmation", post=hidden_of(check) | {"do": "record"})
            from macle.node.exporting.models import Suspicion  # noqa: PLC0415 (only here)

            Suspicion.objects.create(
                application=certificate.application, since=made.later(8), opened_by="user-vale", text="Odd weights."
            )
            assert asked(house.exporter, "confirmation", certificate.number).status_code == 404
            assert asked(OFFICIAL, "confirmation", certificate.number).status_code == 200


class TestNumbers:
    def test_every_number_is_accounted_for_in_picture_table_and_sentence(self) -> None:
        with made.a_house(on_sheets=True) as house:
            made.reserved(house, sheet="BW00004001")
            stock = Block.objects.get()
            done = asked(EXAMINER, "spoil-sheet", stock.pk, post={"counter": "BW 00004002", "why": "wet"})
            assert done.status_code == 302
            page = asked(EXAMINER, "block", stock.pk)
            text = text_of(page)
            assert "Taken 2 = issued 0 + reserved 1 + void 0 + spoiled 1. Unaccounted 0 ." in text
            assert 'class="use-spoiled"' in getattr(page, "content", b"").decode()
            assert "wet" in text
            listed = asked(AUDITOR, "numbers")
            assert "BW00004001" in text_of(listed).replace(" ", "")
            assert asked(STRANGER, "block", stock.pk).status_code == 404

    def test_sheets_are_spoiled_in_their_order(self) -> None:
        with made.a_house(on_sheets=True):
            stock = Block.objects.get()
            page = asked(EXAMINER, "spoil-sheet", stock.pk, post={"counter": "00004009", "why": "wet"})
            assert page.status_code == 422
            assert "The next sheet is 00004001." in text_of(page)
            unread = asked(EXAMINER, "spoil-sheet", stock.pk, post={"counter": "ZA7", "why": "wet"})
            assert "This is no number of this block." in text_of(unread)

    def test_a_block_is_allotted_by_the_administrator_and_its_sheets_are_received(self) -> None:
        with made.a_house():
            given = {"office": OFFICE, "width": "8", "first": "7001", "last": "7020", "on_sheets": "sheets"}
            assert asked(OFFICIAL, "allot", post=given).status_code == 403
            assert asked(ADMINISTRATOR, "allot").status_code == 200
            overlapping = asked(ADMINISTRATOR, "allot", post=given | {"first": "4500", "last": "4600"})
            assert overlapping.status_code == 422
            assert asked(ADMINISTRATOR, "allot", post=given).status_code == 302
            stock = Block.objects.get(first=7001)
            assert "20 numbers are left." in text_of(asked(EXAMINER, "block", stock.pk))
            received = asked(EXAMINER, "receive-sheets", stock.pk, post={"first": "7001", "last": "BW00007010"})
            assert received.status_code == 302
            again = asked(EXAMINER, "receive-sheets", stock.pk, post={"first": "7001", "last": "7010"})
            assert "received before" in text_of(again)
            assert "10 sheets" in text_of(asked(EXAMINER, "block", stock.pk))

    def test_warns_when_few_numbers_are_left(self) -> None:
        with made.a_house():
            assert "numbers left." not in text_of(asked(EXAMINER, "numbers"))
            stock = Block.objects.get()
            numbers.skip(
                block=stock, first=stock.next, last=4990, why="restored", at=made.AT, by_identifier="user-admin"
            )
            assert f"{OFFICE} has 9 numbers left." in text_of(asked(EXAMINER, "numbers"))
            assert "Skipped" in text_of(asked(EXAMINER, "block", stock.pk))


class TestThefts:
    def test_stolen_sheets_follow_what_was_said_before_and_are_answered_for_in_bulk(self) -> None:
        with made.a_house(on_sheets=True) as house:
            first = dispatched_on(house, "BW00004001")
            second = dispatched_on(house, "BW00004002")
            stock = Block.objects.get()
            given = {
                "do": "check",
                "block": str(stock.pk),
                "first": "BW00004001",
                "last": "BW00004010",
                "since_day": "2026-11-24",
                "text": "A box was taken from the strongroom.",
            }
            check = asked(OFFICIAL, "notice-of-sheets", post=given)
            said = text_of(check)
            assert "2 certificates under way are concerned." in said
            assert "8 sheets that were not used are skipped for ever." in said
            assert "1 partner gets a letter" in said
            assert not Notice.objects.exists()
            assert asked(OFFICIAL, "notice-of-sheets", post=given | {"do": "issue"}).status_code == 200
            assert not Notice.objects.exists()
            assert asked(OFFICIAL, "notice-of-sheets", post=hidden_of(check)).status_code == 302
            notice = Notice.objects.get()
            page = asked(OFFICIAL, "notice", notice.pk)
            assert "2 certificates under way wait for your answer." in text_of(page)
            assert getattr(page, "content", b"").decode().count('name="number"') == 2
            answer = {"number": [first.number, second.number], "answer": "ours"}
            shown = asked(OFFICIAL, "reconfirm", notice.pk, post=answer)
            assert "An answer is never taken back." in text_of(shown)
            assert not Reconfirmation.objects.exists()
            assert asked(OFFICIAL, "reconfirm", notice.pk, post=answer | {"do": "answer"}).status_code == 302
            assert Reconfirmation.objects.filter(is_ours=True).count() == 2
            assert "Everything under way is answered for." in text_of(asked(OFFICIAL, "notice", notice.pk))
            assert asked(OFFICIAL, "end-notice", notice.pk, post={"outcome": "Found unopened."}).status_code == 302
            assert "Found unopened." in text_of(asked(AUDITOR, "notice", notice.pk))

    def test_a_stolen_key_is_chosen_by_its_official(self) -> None:
        with made.a_house() as house:
            certificate = dispatched(house)
            given = {
                "do": "check",
                "official": certificate.key_id,
                "since_day": "2026-11-25",
                "since_time": "08:00",
                "text": "The laptop is gone.",
            }
            check = asked(OFFICIAL, "notice-of-key", post=given)
            assert "1 certificate under way is concerned." in text_of(check)
            assert asked(OFFICIAL, "notice-of-key", post=hidden_of(check)).status_code == 302
            assert "official-07" in text_of(asked(OFFICIAL, "notice", Notice.objects.get().pk))
            assert asked(OFFICIAL, "notice-of-key", post=given | {"since_time": "25"}).status_code == 422

    def test_belong_to_their_office(self) -> None:
        with made.a_house(on_sheets=True):
            notice = notices.issue_for_sheets(
                block=Block.objects.get().pk,
                first=4001,
                last=4002,
                since=made.AT,
                text="Gone.",
                by=OFFICIAL,
                at=made.AT,
            )
            assert asked(STRANGER, "notice", notice.pk).status_code == 404
            assert asked(STRANGER, "reconfirm", notice.pk, post={}).status_code == 404
            assert asked(CUSTOMS, "notices").status_code == 403
            assert asked(OFFICIAL, "reconfirm", notice.pk, post={}).status_code == 302


def dispatched_on(house: House, sheet: str) -> Certificate:
    return dispatched(house, sheet=sheet)


class TestFees:
    def test_are_charged_paid_and_waived(self) -> None:
        with made.a_house() as house:
            matter = made.lodged(house)
            assert "Charge a fee" in text_of(asked(EXAMINER, "application", matter.reference))
            given = {"what": "Certificate fee", "amount": "250.00", "currency": "usd"}
            assert asked(EXAMINER, "charge-fee", matter.reference, post=given).status_code == 302
            fee = Fee.objects.get()
            assert "Due" in text_of(asked(house.exporter, "fees"))
            too_much = asked(EXAMINER, "pay-fee", fee.pk, post={"amount": "251.00", "payment": "R 7"})
            assert too_much.status_code == 422
            assert asked(EXAMINER, "pay-fee", fee.pk, post={"amount": "200.00", "payment": "R 7"}).status_code == 302
            assert "Due in part" in text_of(asked(EXAMINER, "fees"))
            assert asked(CLERK, "waive-fee", fee.pk).status_code == 403
            assert "50.00 USD is still due." in text_of(asked(OFFICIAL, "waive-fee", fee.pk))
            waived = asked(OFFICIAL, "waive-fee", fee.pk, post={"amount": "50.00", "reason": "Reduced by order 7."})
            assert waived.status_code == 302
            assert "Settled" in text_of(asked(AUDITOR, "fees"))
            assert asked(STRANGER, "pay-fee", fee.pk).status_code == 404


class TestCustoms:
    def look(self, what: str, *, at: Any = None) -> str:
        page = asked(CUSTOMS, "customs", post={"what": what}, at=at or made.later(10))
        assert page.status_code == 200
        return text_of(page)

    def test_lets_a_validated_certificate_leave_by_number_code_or_picture(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            code = qr.to_text(bytes(certificate.content.cose))
            for what in (certificate.number, certificate.number[2:], code):
                page = self.look(what)
                assert "May leave" in page
                assert "SL 771204" in page
                assert "205.18 ct" in page
            assert "How the code was checked" in self.look(code)
            assert "May leave" in text_of(asked(CUSTOMS, "customs", post={"picture": a_picture(code)}))
            label = qr.label_text(certificate.number, bytes.fromhex(certificate.identity))
            assert "The label proves nothing" in self.look(label)

    def test_stops_what_may_not_leave_and_says_why(self) -> None:
        with made.a_house() as house:
            void, lost, open_one = made.validated(house), made.validated(house), made.sealed(house)
            certificates.void(
                reference=void.application.reference, why="printer error", words="", by=OFFICIAL, at=made.later(6)
            )
            certificates.report_lost(
                reference=lost.application.reference, reason="Not on the plane.", by=OFFICIAL, at=made.later(6)
            )
            assert "It is void." in self.look(void.number)
            assert "It was reported lost." in self.look(lost.number)
            assert "not validated yet" in self.look(open_one.number)
            assert "never issued a certificate with this number" in self.look("BW00009999")
            assert "Nothing here says that it is false" in self.look("ZA00000001")
            assert "+267 395 1000" in self.look(void.number)

    def test_stops_what_expired_what_is_suspected_and_what_was_stolen(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            assert "it is not a forgery" in self.look(certificate.number, at=certificate.expires_at)
            desk_actions.suspect(
                reference=certificate.application.reference, text="Odd weights.", by=OFFICIAL, at=made.later(7)
            )
            page = self.look(certificate.number)
            assert "It is under examination." in page
            assert "Odd weights" not in page
            other = made.validated(house)
            notices.issue_for_key(
                key_id=other.key_id, since=made.AT, office=OFFICE, text="Gone.", by=OFFICIAL, at=made.later(8)
            )
            assert "A theft notice" in self.look(other.number)
            notices.reconfirm(
                notice=Notice.objects.get().pk, ours=[other.number], not_ours=[], by=OFFICIAL, at=made.later(9)
            )
            assert "May leave" in self.look(other.number)

    def test_believes_no_code_that_was_changed_and_no_label_of_another_certificate(self) -> None:
        with made.a_house() as house:
            certificate = made.validated(house)
            data = bytearray(certificate.content.cose)
            data[-1] ^= 1
            page = self.look(qr.to_text(bytes(data)))
            assert "Not valid" in page
            assert "May leave" not in page
            assert "names another certificate" in self.look(qr.label_text(certificate.number, bytes(32)))

    def test_is_the_home_of_customs_and_changes_nothing(self) -> None:
        from macle.node.desk import navigation  # noqa: PLC0415 (only here)

        first = navigation.shown_to(CUSTOMS, path="/")[0]
        assert first.address == "/customs/"
        with made.a_house() as house:
            assert asked(CUSTOMS, "customs").status_code == 200
            assert asked(CUSTOMS, "customs", post={"what": ""}).status_code == 422
            assert asked(CUSTOMS, "customs", post={"what": "??"}).status_code == 422
            assert asked(CUSTOMS, "customs", post={"picture": a_picture("nothing")}).status_code == 422
            assert asked(house.exporter, "customs").status_code == 403


class TestTheMatterPage:
    def test_offers_careful_acts_to_whoever_may_do_them(self) -> None:
        with made.a_house(on_sheets=True) as house:
            matter, _number = made.reserved(house, sheet="BW00004001")
            page = text_of(asked(OFFICIAL, "application", matter.reference))
            assert "Record a spoiled sheet" in page
            assert "Open a suspicion" in page
            assert "Open a suspicion" not in text_of(asked(house.exporter, "application", matter.reference))
