"""pain.002: a status holds for all that it names, unless what is below it says its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from commands.bank.camt import read_bank_xml
from commands.bank.statement import Statements
from tests.bank.world import RUN, T1, T2, T3, T4, World

WHY = "<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn><AddtlInf>no account</AddtlInf></StsRsnInf>"

TWO = "<OrgnlNbOfTxs>2</OrgnlNbOfTxs>"


def report(
    *groups: str,
    file: str = "",
    loose: str = "",
    made: str = "2026-06-11T08:00:00",
    message: str = RUN,
) -> str:
    header = f"<GrpHdr><MsgId>R1</MsgId>{f'<CreDtTm>{made}</CreDtTm>' if made else ''}</GrpHdr>"
    whole = f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId>{file}</OrgnlGrpInfAndSts>"
    body = f"{header}{whole}{''.join(groups)}{loose}"
    return f"<Document><CstmrPmtStsRpt>{body}</CstmrPmtStsRpt></Document>"


def group(number: int, more: str) -> str:
    own = f"<OrgnlPmtInfId>{RUN}-P{number}</OrgnlPmtInfId>"
    return f"<OrgnlPmtInfAndSts>{own}{more}</OrgnlPmtInfAndSts>"


def single(name: str, status: str = "", more: str = "", tag: str = "OrgnlEndToEndId") -> str:
    said = f"<TxSts>{status}</TxSts>" if status else ""
    return f"<TxInfAndSts><{tag}>{name}</{tag}>{said}{more}</TxInfAndSts>"


def failed(*texts: str) -> list[str]:
    """The transfers that fail by reports."""
    return failed_by(World(), *texts)


def failed_by(world: World, *texts: str) -> list[str]:
    """The transfers that have failed once a world has taken reports together."""
    world.take(*texts)
    return [t for t in (T1, T2, T3, T4) if {p.status for p in world.transfer(t)} == {"failed"}]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (report(group(1, single(T1, "RJCT", WHY))), [T1]),
        (report(group(1, single(T1, "ACCP") + single(T2, "RJCT", WHY))), [T2]),
        (report(group(1, single(T1, "RJCT", tag="OrgnlInstrId"))), [T1]),
        (report(group(1, f"<PmtInfSts>RJCT</PmtInfSts>{WHY}")), [T1, T2]),
        (report(group(1, "<PmtInfSts>RJCT</PmtInfSts>" + single(T1))), [T1, T2]),
        (report(group(1, "<PmtInfSts>RJCT</PmtInfSts>" + single(T1, "ACSC"))), [T2]),
        (report(group(1, f"{TWO}<PmtInfSts>RJCT</PmtInfSts>" + single(T1, "ACSC"))), [T2]),
        (report(group(1, "<PmtInfSts>PART</PmtInfSts>" + single(T1, "RJCT"))), [T1]),
        (report(group(1, "<PmtInfSts>ACCP</PmtInfSts>")), []),
        (report(group(2, "<PmtInfSts>CANC</PmtInfSts>")), [T3]),
        (report(file=f"<GrpSts>RJCT</GrpSts>{WHY}"), [T1, T2, T3, T4]),
        (report(file="<GrpSts>ACCP</GrpSts>"), []),
        (report(group(1, ""), file="<GrpSts>RJCT</GrpSts>"), [T1, T2, T3, T4]),
        (report(group(1, "<PmtInfSts>RJCT</PmtInfSts>"), group(2, ""), group(3, "")), [T1, T2]),
        (report(group(1, single(T2, "ACSC")), file="<GrpSts>RJCT</GrpSts>"), [T1, T3, T4]),
        (report(group(1, single(T2, "RJCT") + single(T2, "ACSC"))), []),
        (report(group(1, single(T2, "RJCT") + single(T2, "RJCT"))), [T2]),
        (report(group(1, single(T2, "RJCT")), loose=single(T2.lower(), "ACSP")), []),
        (report(group(1, "<PmtInfSts>ACCP</PmtInfSts>"), file="<GrpSts>RJCT</GrpSts>"), []),
        (report(file="<GrpSts>RJCT</GrpSts>", loose=single(T1, "ACCP")), [T2, T3, T4]),
        (report(loose=single(T3, "RJCT")), [T3]),
        (report(group(9, "<PmtInfSts>RJCT</PmtInfSts>")), []),
    ],
)
def test_a_status_holds_for_what_it_names(text: str, names: list[str]) -> None:
    assert failed(text) == names


@pytest.mark.parametrize(
    "text",
    [
        report(group(2, f"<PmtInfSts>RJCT</PmtInfSts>{WHY}")),
        report(group(2, "<PmtInfSts>RJCT</PmtInfSts>"), file=f"<GrpSts>RJCT</GrpSts>{WHY}"),
        report(group(2, single(T3, "RJCT")), file=f"<GrpSts>RJCT</GrpSts>{WHY}"),
    ],
)
def test_the_reason_of_the_group_or_the_file_is_that_of_its_transfers(text: str) -> None:
    world = World()
    taken = next(verdict for verdict in world.take(text) if verdict.requests)
    assert {getattr(i, "reason", "") for _, i in taken.requests} == {"AC01 no account"}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (report(group(1, "<PmtInfSts>RJCT</PmtInfSts><OrgnlNbOfTxs>3</OrgnlNbOfTxs>")), "differs"),
        (
            report(
                group(
                    1,
                    single(
                        T1,
                        "RJCT",
                        '<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">1.00</InstdAmt></Amt></OrgnlTxRef>',
                    ),
                )
            ),
            "differs",
        ),
        (report(group(1, single("RUN-2026-01-01-1-T1", "RJCT"))), "unrelated"),
        (report(group(1, single(T1, "RJCT")), made=""), "no-day"),
        # A rejected file of which a part is under way: of the rest nothing is certain.
        (
            report(group(1, "<PmtInfSts>ACCP</PmtInfSts>"), file="<GrpSts>RJCT</GrpSts>"),
            "contradiction",
        ),
        (report(group(1, single(T1, "RJCT")), loose=single(T1, "ACSC")), "contradiction"),
    ],
)
def test_what_is_not_certain_waits(text: str, finding: str) -> None:
    world = World()
    (taken,) = world.take(text)
    assert (taken.verdict, taken.finding) == (None, finding)
    assert {p.status for p in world.parts} == {"instructed"}


def test_the_amount_and_number_that_agree_are_taken() -> None:
    told = '<OrgnlTxRef><Amt><InstdAmt Ccy="USD">139.20</InstdAmt></Amt></OrgnlTxRef>'
    assert failed(report(group(3, single(T4, "RJCT", told)))) == [T4]
    assert failed(
        report(group(1, "<OrgnlNbOfTxs>2</OrgnlNbOfTxs><PmtInfSts>RJCT</PmtInfSts>"))
    ) == [T1, T2]


def test_of_a_group_without_a_name_its_transfers_are_told_all_the_same() -> None:
    nameless = f"<OrgnlPmtInfAndSts>{single(T2, 'ACSC')}</OrgnlPmtInfAndSts>"
    assert failed(report(nameless, file="<GrpSts>RJCT</GrpSts>")) == [T1, T3, T4]


def test_what_the_bank_accepts_is_of_the_amount_that_was_instructed() -> None:
    """It settles nothing, so that an amount told beside it is not compared, and is not part of what it is."""
    told = '<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">1.00</InstdAmt></Amt></OrgnlTxRef>'
    worlds = World(), World()
    for world, more in zip(worlds, (told, ""), strict=True):
        world.take(report(group(1, single(T2, "ACSC", more))))
    assert worlds[0].known == worlds[1].known
    assert worlds[0].standing() == worlds[1].standing()


def test_a_report_never_fails_what_is_paid() -> None:
    world = World()
    for part in world.transfer(T2):
        part.status, part.paid_minor = "paid", part.amount_minor
    (taken,) = world.take(report(group(1, "<PmtInfSts>RJCT</PmtInfSts>")))
    assert (taken.verdict, taken.finding) == (None, "settled-before")
    assert {p.status for p in world.transfer(T1)} == {"instructed"}


def test_a_group_of_which_every_transfer_is_told_by_itself_leaves_nothing_to_wait() -> None:
    world = World()
    each = single(T1, "RJCT", WHY) + single(T2, "RJCT", WHY)
    world.take(report(group(1, f"<PmtInfSts>RJCT</PmtInfSts>{each}")))
    assert world.waiting == []
    assert {p.status for p in (*world.transfer(T1), *world.transfer(T2))} == {"failed"}
    assert {p.status for p in world.transfer(T3)} == {"instructed"}


def test_a_transfers_own_reason_counts_before_that_of_its_group() -> None:
    own = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
    text = report(group(2, f"<PmtInfSts>PART</PmtInfSts>{WHY}{single(T3, 'RJCT', own)}"))
    (taken,) = World().take(text)
    assert {getattr(i, "reason", "") for _, i in taken.requests} == {"AC04"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (report(group(1, single(T1, "rjct"))), f"transfer {T1}"),
        (report(group(1, single(T1, "REJECTED"))), f"transfer {T1}"),
        (report(group(1, "<PmtInfSts>Rejected</PmtInfSts>")), f"payment information {RUN}-P1"),
        (report(file="<GrpSts>failed</GrpSts>"), f"file {RUN}"),
    ],
)
def test_a_status_that_is_no_code_is_listed(text: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_text(text, "utf-8")
    found = Statements()
    read_bank_xml(tmp_path / "r.xml", found)
    (one,) = found.left_out
    assert one.place.endswith(place) and "which is none of ISO 20022" in one.reason
    assert not found.entries and not one.later


WRITING = f"{RUN}-0A1B2C3D"  # as our files are named: the run, and eight letters of the writing
REJECTED_FILE = f"<GrpSts>RJCT</GrpSts>{WHY}"


def test_a_rejected_file_of_ours_waits_with_the_commands_that_fail_its_payments() -> None:
    world = World()
    (taken,) = world.take(report(file=REJECTED_FILE, message=WRITING))
    assert (taken.verdict, taken.finding) == (None, "file-rejected")
    assert f"the file {WRITING} of {RUN}" in taken.says
    fails = [f"mledger payment fail {name} --reason 'AC01 no account'" for name in (T1, T2, T3, T4)]
    later = [f"{fail} --on 2026-06-11" for fail in fails[1:]]
    steps = ", then ".join([f"{fails[0]} --entry '#?'", *later])
    assert taken.command.startswith(f"{steps}; if it is nothing of ours: ")
    assert {p.status for p in world.parts} == {"instructed"}


def test_of_a_rejected_file_of_ours_only_what_waits_is_offered() -> None:
    world = World()
    for part in (*world.transfer(T1), *world.transfer(T3)):
        part.status = "failed"
    (taken,) = world.take(report(file=REJECTED_FILE, message=WRITING.lower()))
    assert taken.finding == "file-rejected"
    assert [name for name in (T1, T2, T3, T4) if f"fail {name} " in taken.command] == [T2, T4]


def test_a_rejected_file_of_ours_waits_for_nobody_where_each_transfer_is_told() -> None:
    world = World()
    each = "".join(single(name, "RJCT") for name in (T1, T2, T3, T4))
    world.take(report(file=REJECTED_FILE, message=WRITING, loose=each))
    assert (world.waiting, {p.status for p in world.parts}) == ([], {"failed"})


@pytest.mark.parametrize("message", ["RUN-2026-01-01-1-0A1B2C3D", f"{RUN}2-0A1B2C3D", "X0A1B2C3D"])
def test_a_rejected_file_that_is_none_of_ours_is_unrelated(message: str) -> None:
    (taken,) = World().take(report(file=REJECTED_FILE, message=message))
    assert taken.finding == "unrelated"


SAID = [("ACSC", "settled"), ("ACCC", "settled"), ("ACSP", "under way")]
AGAIN = (
    "if it pays that after all: mledger payment instruct CN-2/M1 5,000.00 --on 2026-06-12,"
    " then mledger payment record 'CONTRACT#VERSION' --entry '#?'; if it is nothing of ours: "
)


@pytest.mark.parametrize(("status", "word"), SAID)
def test_what_failed_and_is_called_settled_later_waits_for_a_person(status: str, word: str) -> None:
    world = World()
    later = report(group(1, single(T2, status)), made="2026-06-12T08:00:00")
    assert failed_by(world, report(group(1, single(T2, "RJCT", WHY)))) == [T2]
    (taken,) = world.take(later)
    assert (taken.verdict, taken.finding) == (None, "contradiction")
    assert taken.says.startswith(f"calls {T2} {word} ({status}), which stands as failed: ")
    assert taken.command.startswith(AGAIN)
    assert failed_by(world, later) == [T2] and len(world.waiting) == 1


def test_two_reports_in_one_import_come_to_what_they_do_one_by_one() -> None:
    world = World()
    later = report(loose=single(T2, "ACSC"), made="2026-06-12T08:00:00")
    assert failed_by(world, later, report(group(1, single(T2, "RJCT")))) == [T2]
    assert [entry.reason for entry in world.waiting] == ["ACSC"]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (group(1, single(T2, "RJCT")), report(group(1, "<PmtInfSts>ACSC</PmtInfSts>"), made="")),
        (group(1, single(T2, "RJCT")), report(file="<GrpSts>ACSP</GrpSts>")),
        (group(1, single(T2, "RJCT")), report(file="<GrpSts>ACSP</GrpSts>", message=WRITING)),
    ],
)
def test_a_status_of_the_group_or_the_file_is_news_of_what_failed_alone(
    first: str, later: str
) -> None:
    world = World()
    assert failed_by(world, report(first)) == [T2]
    (taken,) = world.take(later)
    assert (taken.finding, taken.payments) == ("contradiction", ("CN-2#1",))


@pytest.mark.parametrize(
    "later",
    [
        report(group(1, single(T1, "ACSC"))),  # of what has not failed
        report(group(1, single(T2, "ACTC"))),  # no more than well formed
        report(group(1, single(T2, "ACSP")), made="2026-06-10T08:00:00"),  # before it was rejected
        report(group(1, single(T2, "RJCT")), file="<GrpSts>ACSP</GrpSts>", made="2026-06-11T09:00"),
        report(loose=single("", "ACSC")),
    ],
)
def test_an_acceptance_that_contradicts_nothing_is_no_news(later: str) -> None:
    world = World()
    assert failed_by(world, report(group(1, single(T2, "RJCT")))) == [T2]
    assert not [v for v in world.take(later) if v.finding == "contradiction"]


def test_what_was_failed_by_hand_and_is_called_settled_waits_whatever_the_day() -> None:
    world = World()
    (part,) = world.transfer(T2)
    part.status, part.ended_on = "failed", date(2026, 6, 15)
    (taken,) = world.take(report(group(1, single(T2, "ACSC"))))
    assert taken.finding == "contradiction"


def test_what_came_back_was_settled_before() -> None:
    world = World()
    (part,) = world.transfer(T2)
    part.status, part.ended_by, part.ended_on = "failed", "A:R1:0123456789ab", date(2026, 6, 11)
    assert world.take(report(group(1, single(T2, "ACSC")))) == []
