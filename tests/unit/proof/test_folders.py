"""Keys and trust as files: an authority's whole life in one folder, and the folder of whom to believe."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from macle import errors
from macle.proof import folders, keys, trust
from macle.proof.folders import AuthorityFolder, FingerprintDiffers, FolderTaken, FolderUnreadable, TrustFolder
from macle.proof.keys import KeyUnreadable, PassphraseWrong, Usage
from macle.proof.trust import Ended, RecordUntrusted, RolledBack, RootChanged, TrustedKey
from macle.scheme import participants
from macle.scheme.terms import ParticipantCode
from tests.support import signed as made
from tests.support.signed import a_signer, a_trust_list, an_authority

AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
LATER = AT + timedelta(days=90)
ROOT_PASSPHRASE, PASSPHRASE = "the root's passphrase", "the official's passphrase"
BW = ParticipantCode("BW")


@pytest.fixture(name="folder")
def new_folder(tmp_path: Path) -> AuthorityFolder:
    folder = AuthorityFolder(tmp_path / "bw")
    folder.create(participant=BW, authority="Example Diamond Office", passphrase=ROOT_PASSPHRASE, at=AT)
    return folder


def add(folder: AuthorityFolder, **changes: Any) -> TrustedKey:
    fields: dict[str, Any] = {
        "usage": Usage.VALIDATE,
        "holder": "official-07",
        "office": "Gaborone",
        "root_passphrase": ROOT_PASSPHRASE,
        "passphrase": PASSPHRASE,
        "at": AT,
    }
    return folder.add_key(**(fields | changes))


class TestWrite:
    def test_replaces_a_file_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "file"
        folders.write(path, b"old content")
        folders.write(path, b"new")
        assert path.read_bytes() == b"new"
        assert [each.name for each in path.parent.iterdir()] == ["file"]

    def test_keeps_the_old_content_when_the_power_fails_before_the_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "file"
        folders.write(path, b"old")

        def cut(_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("macle.proof.folders.os.fsync", cut)
        with pytest.raises(KeyboardInterrupt):
            folders.write(path, b"new")
        assert path.read_bytes() == b"old"

    def test_lets_nobody_else_read_what_is_secret(self, tmp_path: Path) -> None:
        folders.write(tmp_path / "secret", b"x", secret=True)
        assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


class TestAuthorityFolder:
    def test_begins_with_a_root_and_an_empty_record(self, folder: AuthorityFolder) -> None:
        record = folder.record()
        assert (record.participant, record.sequence, record.keys) == (BW, 0, ())
        assert record.reaches_until == AT + trust.RECORD_LIFE
        root = x509.load_pem_x509_certificate((folder.path / "root.pem").read_bytes())
        root.verify_directly_issued_by(root)
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca

    def test_is_not_begun_twice(self, folder: AuthorityFolder) -> None:
        before = (folder.path / "root.key.pem").read_bytes()
        with pytest.raises(FolderTaken):
            folder.create(participant=BW, authority="Another", passphrase=ROOT_PASSPHRASE, at=AT)
        assert (folder.path / "root.key.pem").read_bytes() == before

    def test_keeps_every_private_key_encrypted_and_to_itself(self, folder: AuthorityFolder) -> None:
        add(folder)
        for path in folder.path.glob("*.key.pem"):
            assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_lives_a_whole_life(self, folder: AuthorityFolder) -> None:
        key = add(folder)
        confirming = add(folder, usage=Usage.CONFIRM, office="")
        signer = folder.signer(holder="official-07", usage=Usage.VALIDATE, passphrase=PASSPHRASE)
        assert signer.public_key == key.public_key
        assert folder.record().keys == (key, confirming)
        assert folder.record().sequence == 2

        ended = folder.end_key(
            key_id=signer.key_id, why=Ended.RETIRED, since=LATER, root_passphrase=ROOT_PASSPHRASE, at=LATER
        )
        assert (ended.until, ended.ended) == (LATER, Ended.RETIRED)
        stolen = folder.end_key(
            key_id=signer.key_id, why=Ended.COMPROMISED, since=AT, root_passphrase=ROOT_PASSPHRASE, at=LATER
        )
        assert folder.record().keys == (stolen, confirming), "Ended, never deleted."
        assert folder.record().issued_at == LATER
        with pytest.raises(errors.NotFound):
            folder.end_key(
                key_id=signer.key_id, why=Ended.COMPROMISED, since=AT, root_passphrase=ROOT_PASSPHRASE, at=LATER
            )

    def test_wraps_each_key_in_x509_under_its_root(self, folder: AuthorityFolder) -> None:
        key = add(folder)
        root = x509.load_pem_x509_certificate((folder.path / "root.pem").read_bytes())
        wrapped = x509.load_pem_x509_certificate((folder.path / "official-07.validate.pem").read_bytes())
        wrapped.verify_directly_issued_by(root)
        public = wrapped.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        assert keys.PublicKey(public) == key.public_key
        names = wrapped.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)
        assert [name.value for name in names] == ["BW"]
        assert not wrapped.extensions.get_extension_for_class(x509.BasicConstraints).value.ca

    @pytest.mark.parametrize("usage", [Usage.STAMP, Usage.RECEIVE])
    def test_says_in_x509_what_a_key_is_for(self, folder: AuthorityFolder, usage: Usage) -> None:
        add(folder, usage=usage, holder="office-01")
        path = folder.path / f"office-01.{usage.name.lower()}.pem"
        found = x509.load_pem_x509_certificate(path.read_bytes()).extensions
        key_usage = found.get_extension_for_class(x509.KeyUsage).value
        assert key_usage.key_agreement is (usage is Usage.RECEIVE)
        assert key_usage.digital_signature is (usage is Usage.STAMP)
        assert not key_usage.key_cert_sign
        purposes = [each for each in found if isinstance(each.value, x509.ExtendedKeyUsage)]
        assert bool(purposes) is (usage is Usage.STAMP)

    def test_gives_one_holder_one_key_of_a_usage(self, folder: AuthorityFolder) -> None:
        add(folder)
        with pytest.raises(FolderTaken):
            add(folder)
        add(folder, holder="official-08")
        assert len(folder.record().keys) == 2

    def test_gives_a_holder_a_new_key_once_the_old_one_is_ended(self, folder: AuthorityFolder) -> None:
        old = add(folder)
        folder.end_key(
            key_id=old.public_key.key_id, why=Ended.RETIRED, since=LATER, root_passphrase=ROOT_PASSPHRASE, at=LATER
        )
        new = add(folder)
        signer = folder.signer(holder="official-07", usage=Usage.VALIDATE, passphrase=PASSPHRASE)
        assert signer.public_key == new.public_key
        assert len(list(folder.path.glob("official-07.validate.before-*.key.pem"))) == 1

    def test_never_moves_an_end_to_a_later_time(self, folder: AuthorityFolder) -> None:
        key_id = add(folder).public_key.key_id

        def end(why: Ended, days: int) -> TrustedKey:
            since = AT + timedelta(days=days)
            return folder.end_key(key_id=key_id, why=why, since=since, root_passphrase=ROOT_PASSPHRASE, at=LATER)

        assert end(Ended.RETIRED, 50).until == AT + timedelta(days=50)
        with pytest.raises(errors.NotFound):
            end(Ended.RETIRED, 90)
        assert end(Ended.COMPROMISED, 90).until == AT + timedelta(days=50)
        assert end(Ended.COMPROMISED, 20).until == AT + timedelta(days=20)
        with pytest.raises(errors.NotFound):
            end(Ended.COMPROMISED, 30)

    def test_knows_no_theft_that_is_to_come(self, folder: AuthorityFolder) -> None:
        key = add(folder)
        with pytest.raises(errors.Conflict):
            folder.end_key(
                key_id=key.public_key.key_id,
                why=Ended.COMPROMISED,
                since=LATER + timedelta(seconds=1),
                root_passphrase=ROOT_PASSPHRASE,
                at=LATER,
            )
        assert folder.record().keys == (key,)

    def test_gives_a_key_after_a_power_cut_before_its_entry(
        self, folder: AuthorityFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as cut:
            cut.setattr(AuthorityFolder, "_change", None)
            with pytest.raises(TypeError):
                add(folder)
        assert folder.record().keys == ()
        key = add(folder)
        signer = folder.signer(holder="official-07", usage=Usage.VALIDATE, passphrase=PASSPHRASE)
        assert signer.public_key == key.public_key

    def test_has_one_root(self, folder: AuthorityFolder) -> None:
        with pytest.raises(FolderTaken):
            add(folder, usage=Usage.ROOT)

    @pytest.mark.parametrize("passphrase", ["wrong passphrase", ""])
    def test_changes_nothing_without_the_roots_passphrase(self, folder: AuthorityFolder, passphrase: str) -> None:
        before = sorted(path.name for path in folder.path.iterdir())
        with pytest.raises(PassphraseWrong):
            add(folder, root_passphrase=passphrase)
        assert sorted(path.name for path in folder.path.iterdir()) == before
        assert folder.record().sequence == 0

    def test_makes_no_key_under_a_short_passphrase(self, folder: AuthorityFolder) -> None:
        with pytest.raises(PassphraseWrong):
            add(folder, passphrase="short")
        assert folder.record().sequence == 0

    @pytest.mark.parametrize("holder", ["", "../official", "a/b", "official 07", ".hidden", "x" * 65, "Ünal", "a\x00"])
    def test_names_holders_by_identifiers_that_cannot_lead_elsewhere(
        self, folder: AuthorityFolder, holder: str
    ) -> None:
        with pytest.raises(FolderUnreadable):
            add(folder, holder=holder)
        with pytest.raises(FolderUnreadable):
            folder.signer(holder=holder, usage=Usage.VALIDATE, passphrase=PASSPHRASE)

    def test_enters_a_key_that_lives_elsewhere(self, folder: AuthorityFolder) -> None:
        key = folder.enter_key(
            public_key=a_signer("token").public_key,
            usage=Usage.VALIDATE,
            holder="official-09",
            office="",
            root_passphrase=ROOT_PASSPHRASE,
            at=LATER,
        )
        assert folder.record().keys == (key,)
        with pytest.raises(KeyUnreadable):
            folder.signer(holder="official-09", usage=Usage.VALIDATE, passphrase=PASSPHRASE)

    def test_says_which_file_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(FolderUnreadable) as raised:
            AuthorityFolder(tmp_path).record()
        assert raised.value.where.endswith("record.cose")

    def test_has_a_record_that_others_can_pin(self, folder: AuthorityFolder, tmp_path: Path) -> None:
        add(folder)
        data = (folder.path / "record.cose").read_bytes()
        words = keys.fingerprint_for_people(folder.record().root.spki)
        believing = TrustFolder(tmp_path / "trust")
        assert believing.pin(data, words=words, at=LATER) == folder.record()
        add(folder, holder="official-08")
        newer = (folder.path / "record.cose").read_bytes()
        assert believing.pin(newer, words="", at=LATER).sequence == 2, "A newer record of one root needs no words."


class TestTrustFolder:
    AUTHORITY = an_authority()
    WORDS = keys.fingerprint_for_people(AUTHORITY.root.public_key.spki)

    @pytest.fixture(name="believing")
    def pinned_folder(self, tmp_path: Path) -> TrustFolder:
        folder = TrustFolder(tmp_path)
        folder.pin(self.AUTHORITY.record_bytes, words=self.WORDS, at=LATER)
        return folder

    def load(self, folder: TrustFolder) -> trust.Trust:
        return folder.load(participants=participants.load())

    def test_believes_nobody_while_it_is_empty(self, tmp_path: Path) -> None:
        assert self.load(TrustFolder(tmp_path)).sources == {}

    def test_believes_a_record_once_its_words_were_compared(self, believing: TrustFolder) -> None:
        source = self.load(believing).sources[BW]
        assert (source.record, source.how) == (self.AUTHORITY.record, "pinned")
        assert source.as_of == self.AUTHORITY.record.issued_at, "It cannot name what was added later."
        assert source.reaches_until == self.AUTHORITY.record.reaches_until

    @pytest.mark.parametrize("words", ["", "abandon " * 24, WORDS.rsplit(" ", 1)[0]])
    def test_pins_nothing_with_wrong_words(self, tmp_path: Path, words: str) -> None:
        with pytest.raises(FingerprintDiffers):
            TrustFolder(tmp_path).pin(self.AUTHORITY.record_bytes, words=words, at=LATER)
        assert list(tmp_path.iterdir()) == []

    def test_pins_nothing_that_is_not_whole(self, tmp_path: Path) -> None:
        with pytest.raises(errors.MacleError):
            TrustFolder(tmp_path).pin(self.AUTHORITY.record_bytes[:-1] + b"x", words=self.WORDS, at=LATER)
        assert list(tmp_path.iterdir()) == []

    def test_keeps_its_pin_against_another_root_even_with_the_right_words(self, believing: TrustFolder) -> None:
        root = a_signer("another root")
        record = replace(self.AUTHORITY.record, root=root.public_key, sequence=9)
        words = keys.fingerprint_for_people(root.public_key.spki)
        with pytest.raises(RootChanged):
            believing.pin(record.to_bytes(root=root), words=words, at=LATER)
        assert self.load(believing).sources[BW].record == self.AUTHORITY.record

    def test_takes_a_newer_record_and_no_older_one(self, believing: TrustFolder) -> None:
        newer = self.AUTHORITY.with_key(Usage.VALIDATE, until=LATER, ended=Ended.RETIRED)
        believing.pin(newer.record_bytes, words="", at=LATER + timedelta(days=1))
        assert self.load(believing).sources[BW].record == newer.record
        with pytest.raises(RolledBack):
            believing.pin(self.AUTHORITY.record_bytes, words=self.WORDS, at=LATER)
        assert self.load(believing).sources[BW].record == newer.record

    def test_refuses_to_load_a_record_that_was_changed_on_the_disk(self, believing: TrustFolder) -> None:
        path = believing.path / "pins" / "BW.cose"
        changed = bytearray(path.read_bytes())
        changed[-1] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(RecordUntrusted):
            self.load(believing)

    def test_refuses_to_load_a_record_that_stands_under_another_code(self, believing: TrustFolder) -> None:
        pins = believing.path / "pins"
        (pins / "NA.cose").write_bytes((pins / "BW.cose").read_bytes())
        (believing.path / "pins.json").write_text(json.dumps({"NA": AT.isoformat()}))
        with pytest.raises(FolderUnreadable):
            self.load(believing)

    def test_refuses_to_load_what_is_missing(self, believing: TrustFolder) -> None:
        (believing.path / "pins" / "BW.cose").unlink()
        with pytest.raises(FolderUnreadable):
            self.load(believing)

    @pytest.mark.parametrize("notes", ["", "[]", '{"BW": 5}', '{"BW": "yesterday"}', "{"])
    def test_refuses_notes_that_do_not_say_when(self, believing: TrustFolder, notes: str) -> None:
        (believing.path / "pins.json").write_text(notes)
        with pytest.raises(FolderUnreadable):
            self.load(believing)

    def test_keeps_a_list_that_two_holders_signed(self, believing: TrustFolder) -> None:
        listed = a_trust_list(self.AUTHORITY, an_authority("NA", "Windhoek"))
        data = listed.to_bytes(signers=list(made.list_signers().values())[:2])
        assert believing.put_list(data, holders=made.holders()) == listed
        believed = self.load(believing)
        assert {code: source.how for code, source in believed.sources.items()} == {
            "BW": "pinned and trust list",
            "NA": "trust list",
        }
        assert believed.standing_as_of == listed.issued_at

    def test_keeps_no_older_list_and_no_list_of_other_holders(self, believing: TrustFolder) -> None:
        signers = list(made.list_signers().values())
        for version in (3, 4):
            believing.put_list(
                a_trust_list(self.AUTHORITY, version=version).to_bytes(signers=signers), holders=made.holders()
            )
        with pytest.raises(RolledBack):
            believing.put_list(
                a_trust_list(self.AUTHORITY, version=3).to_bytes(signers=signers), holders=made.holders()
            )
        with pytest.raises(RootChanged):
            believing.put_list(
                a_trust_list(self.AUTHORITY, version=5).to_bytes(signers=signers), holders=made.holders(threshold=3)
            )
        with pytest.raises(RecordUntrusted):
            believing.put_list(
                a_trust_list(self.AUTHORITY, version=6).to_bytes(signers=signers[:1]), holders=made.holders()
            )
        assert self.load(believing).sources[BW].how == "pinned and trust list"

    @pytest.mark.parametrize("change", ["an older record", "another root", "left out"])
    def test_does_not_let_a_later_list_take_back_what_an_earlier_one_said(self, tmp_path: Path, change: str) -> None:
        namibia, signers = an_authority("NA", "Windhoek"), list(made.list_signers().values())
        ended = namibia.with_key(Usage.VALIDATE, until=LATER, ended=Ended.COMPROMISED)
        folder = TrustFolder(tmp_path / "lists")
        later = {
            "an older record": [namibia],
            "another root": [
                replace(
                    namibia,
                    root=made.a_signer("thief"),
                    record=replace(namibia.record, root=made.a_signer("thief").public_key, sequence=99),
                )
            ],
            "left out": [self.AUTHORITY],
        }[change]
        for version, authorities in ((1, [ended]), (2, later)):
            data = a_trust_list(*authorities, version=version).to_bytes(signers=signers)
            folder.put_list(data, holders=made.holders())
        believed = self.load(folder)
        assert believed.sources[ParticipantCode("NA")].record == ended.record
        assert bool(believed.alarms) is (change == "another root")

    def test_refuses_to_load_a_list_that_was_changed_on_the_disk(self, believing: TrustFolder) -> None:
        data = a_trust_list(self.AUTHORITY).to_bytes(signers=list(made.list_signers().values())[:2])
        believing.put_list(data, holders=made.holders())
        (believing.path / "list.cbor").write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
        with pytest.raises(errors.MacleError):
            self.load(believing)
