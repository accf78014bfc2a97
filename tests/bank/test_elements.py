"""One test for each element of ISO 20022 that changes what an entry means, in each version's form of it."""

from __future__ import annotations

import pytest

from commands.bank.matching import Verdict
from commands.bank.settling import Booking, settle
from ledger.events import Exchange
from ledger.intents import FailPayment, RecordPayment, ReversePayment
from tests.bank.setting import ACCOUNT, ntry, statement, tx
from tests.bank.world import RUN, T1, T2, T3, T4, World, abroad, fees, part, read, recorded

OLD, NEW = "BOOK", "<Cd>BOOK</Cd>"
VERSIONS = pytest.mark.parametrize("status", [OLD, NEW], ids=["02-06", "07-later"])
MESSAGES = pytest.mark.parametrize(
    "message", ["BkToCstmrStmt/Stmt", "BkToCstmrDbtCdtNtfctn/Ntfctn"], ids=["053", "054"]
)


def amount(tag: str, value: str, currency: str = "EUR") -> str:
    return f'<{tag}><Amt Ccy="{currency}">{value}</Amt></{tag}>'


def details(*amounts: str) -> str:
    return f"<AmtDtls>{''.join(amounts)}</AmtDtls>"


def charge(value: str, more: str = "", currency: str = "EUR") -> str:
    """A charge as a record, as from 03 on."""
    return f'<Rcrd><Amt Ccy="{currency}">{value}</Amt>{more}</Rcrd>'


def rules(taken: list[Verdict]) -> list[str]:
    """The rules of what a person is told of."""
    return [rule for verdict in taken for rule, _ in verdict.remarks]


def finding(world: World, *entries: str) -> str:
    """Why the only entry of a file waits; "" where it does not."""
    text = statement(*entries)
    (entry,) = read(text)
    (verdict,) = [v for v in world.take(text) if entry in v.entries]
    return verdict.finding


# --- status, side, day, account -------------------------------------------------------------------


@VERSIONS
@MESSAGES
def test_sts_book_is_taken(status: str, message: str) -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3), status=status), message=message))
    assert world.paid(T3)


@pytest.mark.parametrize("status", ["RJCT", "<Cd>RJCT</Cd>"])
def test_sts_rjct_fails_what_it_names_in_its_amount(status: str) -> None:
    world = World()
    taken = world.take(statement(ntry("1772.39", tx(T3), status=status)))
    assert {type(i) for i in recorded(taken)} == {FailPayment}
    assert [p.status for p in world.transfer(T3)] == ["failed"] * 3
    assert finding(World(), ntry("1772.38", tx(T3), status=status)) == "differs"


def test_sts_rjct_never_fails_what_is_paid() -> None:
    world = World()
    rejection = ntry("1772.39", tx(T3), status="<Cd>RJCT</Cd>", reference="R")
    taken = world.take(statement(rejection, ntry("1772.39", tx(T3), reference="A")))
    assert world.paid(T3)
    assert [v.finding for v in taken if v.verdict is None] == ["settled-before"]


@pytest.mark.parametrize(
    "detail",
    [
        tx(T3, "<CdtDbtInd>CRDT</CdtDbtInd>"),
        tx(T3, "<Amt Ccy='EUR'>1772.39</Amt><CdtDbtInd>CRDT</CdtDbtInd>"),
    ],
)
def test_cdtdbtind_of_a_transaction_that_contradicts_its_entry_waits(detail: str) -> None:
    world = World()
    assert finding(world, ntry("1772.39", detail)) == "contradiction"
    assert not world.paid(T3)


def test_cdtdbtind_of_a_transaction_that_agrees_is_taken() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3, "<CdtDbtInd>DBIT</CdtDbtInd>"))))
    assert world.paid(T3)


def test_cdtdbtind_of_the_batch_must_agree_too() -> None:
    batch = f"<Btch><PmtInfId>{RUN}-P2</PmtInfId><CdtDbtInd>CRDT</CdtDbtInd></Btch>"
    assert finding(World(), ntry("1772.39", batch)) == "contradiction"


def test_a_credit_of_a_debits_amount_gives_it_back() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3), reference="A")))
    back = world.take(statement(ntry("1772.39", tx(T3), side="CRDT", reference="B")))
    assert {type(i) for i in recorded(back)} == {ReversePayment}


@pytest.mark.parametrize(
    ("day", "booked"),
    [
        ("<BookgDt><Dt>2026-06-11</Dt></BookgDt>", "2026-06-11"),
        ("<BookgDt><DtTm>2026-06-11T23:30:00-08:00</DtTm></BookgDt>", "2026-06-11"),
        ("<ValDt><Dt>2026-06-12</Dt></ValDt>", "2026-06-12"),
        ("<BookgDt><Dt> </Dt></BookgDt><ValDt><Dt>2026-06-12</Dt></ValDt>", "2026-06-12"),
        ("<ValDt><DtTm>2026-06-12T01:00:00+02:00</DtTm></ValDt>", "2026-06-12"),
        (
            "<BookgDt><Dt>2026-06-11</Dt></BookgDt><ValDt><Dt>2026-06-12</Dt></ValDt>",
            "2026-06-11",
        ),
        (
            "<BookgDt><DtTm>2026-06-11T09:00:00</DtTm></BookgDt><ValDt><Dt>2026-06-10</Dt></ValDt>",
            "2026-06-11",
        ),
    ],
)
def test_bookgdt_is_the_day_and_the_value_date_where_there_is_none(day: str, booked: str) -> None:
    (entry,) = read(statement(ntry("1772.39", tx(T3), day="", more=day)))
    assert str(entry.booked_on) == booked


def test_without_a_day_an_entry_waits() -> None:
    world = World()
    assert finding(world, ntry("1772.39", tx(T3), day="")) == "no-day"
    assert not world.paid(T3)


# --- reversal, return, code -----------------------------------------------------------------------


@pytest.mark.parametrize("indicator", ["true", "1"])
@VERSIONS
def test_rvslind_on_a_debit_pays_nothing(indicator: str, status: str) -> None:
    world = World()
    more = f"<RvslInd>{indicator}</RvslInd>"
    assert finding(world, ntry("1772.39", tx(T3), more=more, status=status)) == "reversal"
    world.take(statement(ntry("1772.39", tx(T3), reference="A", status=status)))
    assert world.paid(T3)


def test_rvslind_false_is_none() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3), more="<RvslInd>false</RvslInd>")))
    assert world.paid(T3)


def test_rvslind_on_a_credit_reverses_the_debit() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3))))
    world.take(statement(ntry("1772.39", tx(T3), side="CRDT", more="<RvslInd>true</RvslInd>")))
    assert {p.status for p in world.transfer(T3)} == {"reversed"}


def test_rtrinf_gives_the_reason() -> None:
    world = World()
    info = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf></RtrInf>"
    world.take(statement(ntry("1772.39", tx(T3))))
    taken = world.take(statement(ntry("1772.39", tx(T3, info), side="CRDT")))
    reasons = {i.reason for i in recorded(taken) if isinstance(i, ReversePayment)}
    assert reasons == {"AC04 closed"}


@pytest.mark.parametrize("code", ["CHRG", "FEES", "COMM", "COME", "COMI", "COMT"])
@pytest.mark.parametrize("where", ["entry", "transaction"])
def test_bktxcd_of_a_charge_pays_nothing(code: str, where: str) -> None:
    world = World()
    said = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    entry = ntry("15.00", tx(T3), more=said) if where == "entry" else ntry("15.00", tx(T3, said))
    (taken,) = world.take(statement(entry))
    assert (taken.verdict, taken.requests) == ("charge", ())
    assert {p.status for p in world.transfer(T3)} == {"instructed"}


@pytest.mark.parametrize(("code", "verdict"), [("NCHG", "charge"), ("NTRF", None), ("XCHGR", None)])
def test_bktxcd_prtry_of_swift_is_a_charge(code: str, verdict: str | None) -> None:
    said = f"<BkTxCd><Prtry><Cd>{code}</Cd></Prtry></BkTxCd>"
    (taken,) = World().take(statement(ntry("15.00", tx(T3), more=said)))
    assert taken.verdict == verdict


@pytest.mark.parametrize(("booked", "waits"), [("1772.38", ""), ("1772.39", "charge")])
def test_bktxcd_of_a_charge_as_large_as_all_that_it_names_waits(booked: str, waits: str) -> None:
    said = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
    assert finding(World(), ntry(booked, tx(T3), more=said)) == waits


@pytest.mark.parametrize("code", ["ICDT", "ESCT", "DMCT"])
def test_bktxcd_of_a_transfer_is_none(code: str) -> None:
    world = World()
    said = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    world.take(statement(ntry("1772.39", tx(T3), more=said)))
    assert world.paid(T3)


# --- amounts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["InstdAmt", "TxAmt", "CntrValAmt"])
@pytest.mark.parametrize("where", ["entry", "transaction"])
def test_an_amount_told_is_what_was_paid_and_the_rest_a_charge(tag: str, where: str) -> None:
    world = World()
    told = details(amount(tag, "1772.39"))
    entry = (
        ntry("1787.39", tx(T3), more=told) if where == "entry" else ntry("1787.39", tx(T3, told))
    )
    taken = world.take(statement(entry))
    assert world.paid(T3)
    assert fees(taken) == 1500
    assert rules(taken) == ["bank-fees"]


def test_amt_of_the_only_transaction_is_what_was_paid() -> None:
    world = World()
    taken = world.take(statement(ntry("1787.39", tx(T3, '<Amt Ccy="EUR">1772.39</Amt>'))))
    assert (world.paid(T3), fees(taken)) == (True, 1500)


def test_amt_of_the_only_transaction_that_is_the_entrys_tells_nothing_more() -> None:
    own = '<Amt Ccy="EUR">1762.39</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
    assert finding(World(), ntry("1762.39", tx(T3, own))) == "short"


@pytest.mark.parametrize(
    ("booked", "told", "why"),
    [
        ("1772.39", amount("InstdAmt", "1757.39"), "differs"),
        ("1787.39", amount("InstdAmt", "1772.38"), "differs"),
        ("1772.39", amount("InstdAmt", "1757.39") + amount("TxAmt", "1772.39"), "differs"),
        ("1762.39", amount("InstdAmt", "1772.39"), "short"),
        ("1787.39", "", "over"),
        ("1757.39", "", "short"),
    ],
)
def test_any_other_amount_waits(booked: str, told: str, why: str) -> None:
    world = World()
    assert finding(world, ntry(booked, tx(T3, details(told)))) == why
    assert {p.status for p in world.transfer(T3)} == {"instructed"}


def test_an_amount_told_in_a_third_currency_says_nothing() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3, details(amount("CntrValAmt", "1900.00", "USD"))))))
    assert world.paid(T3)


@pytest.mark.parametrize(
    ("booked", "currency", "told", "in_dollars", "in_fees"),
    [
        ("139.20", "USD", "", 13_920, 0),  # as it was told
        ("138.00", "USD", amount("InstdAmt", "1000.00", "CNY"), 13_800, 0),  # a gain
        ("145.00", "USD", amount("InstdAmt", "1000.00", "CNY"), 14_500, 0),  # a loss
        ("144.20", "USD", amount("InstdAmt", "139.20", "USD"), 14_420, 0),  # a charge, in USD
        ("1000.00", "CNY", "", 0, 0),
        ("1004.00", "CNY", amount("InstdAmt", "139.20", "USD"), 0, 400),
    ],
)
def test_paid_in_another_currency_with_what_was_told_settles_all(
    booked: str, currency: str, told: str, in_dollars: int, in_fees: int
) -> None:
    world = World()
    taken = world.take(statement(ntry(booked, tx(T4, details(told)), currency=currency)))
    assert (world.paid(T4), abroad(taken), fees(taken)) == (True, in_dollars, in_fees)


@pytest.mark.parametrize(
    ("booked", "currency", "told"),
    [
        ("139.19", "USD", ""),
        ("139.21", "USD", ""),
        ("139.20", "USD", amount("InstdAmt", "999.99", "CNY")),
        ("120.00", "EUR", ""),
        ("139.20", "EUR", ""),
        ("999.00", "CNY", amount("InstdAmt", "139.20", "USD")),
    ],
)
def test_in_another_currency_anything_else_waits(booked: str, currency: str, told: str) -> None:
    world = World()
    assert finding(world, ntry(booked, tx(T4, details(told)), currency=currency))
    assert {p.status for p in world.transfer(T4)} == {"instructed"}


def test_a_third_currency_with_what_was_told_settles_all() -> None:
    world = World()
    told = details(amount("InstdAmt", "1772.39"))
    taken = world.take(statement(ntry("1900.00", tx(T3, told), currency="USD")))
    assert (world.paid(T3), abroad(taken)) == (True, 190_000)


# --- charges --------------------------------------------------------------------------------------


CHARGES = [
    ("02", '<Chrgs><Amt Ccy="EUR">15.00</Amt></Chrgs>'),
    ("02 two", '<Chrgs><Amt Ccy="EUR">10.00</Amt></Chrgs><Chrgs><Amt Ccy="EUR">5.00</Amt></Chrgs>'),
    ("record", f"<Chrgs>{charge('15.00')}</Chrgs>"),
    ("two records", f"<Chrgs>{charge('10.00')}{charge('5.00')}</Chrgs>"),
    ("included", f"<Chrgs>{charge('15.00', '<ChrgInclInd>true</ChrgInclInd>')}</Chrgs>"),
    ("total alone", '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">15.00</TtlChrgsAndTaxAmt></Chrgs>'),
    (
        "total and record",
        f'<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">15.00</TtlChrgsAndTaxAmt>{charge("15.00")}</Chrgs>',
    ),
    (
        "one given back",
        f"<Chrgs>{charge('20.00')}{charge('5.00', '<CdtDbtInd>CRDT</CdtDbtInd>')}</Chrgs>",
    ),
    (
        "and one of the creditor",
        f"<Chrgs>{charge('15.00')}{charge('7.00', '<Br>CRED</Br>')}</Chrgs>",
    ),
]


@pytest.mark.parametrize("chrgs", [c for _, c in CHARGES], ids=[name for name, _ in CHARGES])
@pytest.mark.parametrize("where", ["entry", "transaction"])
def test_chrgs_that_the_amount_holds_are_charges_beside_the_payment(chrgs: str, where: str) -> None:
    world = World()
    entry = (
        ntry("1787.39", tx(T3), more=chrgs) if where == "entry" else ntry("1787.39", tx(T3, chrgs))
    )
    taken = world.take(statement(entry))
    assert (world.paid(T3), fees(taken)) == (True, 1500)


@pytest.mark.parametrize(
    ("chrgs", "told"),
    [
        (f"<Chrgs>{charge('15.00')}</Chrgs>", ["bank-fees-apart"]),
        (
            f"<Chrgs>{charge('15.00', '<ChrgInclInd>false</ChrgInclInd>')}</Chrgs>",
            ["bank-fees-apart"],
        ),
        (f"<Chrgs>{charge('15.00', '<ChrgInclInd>true</ChrgInclInd><Br>CRED</Br>')}</Chrgs>", []),
    ],
)
def test_chrgs_beside_the_exact_amount_are_not_in_it(chrgs: str, told: list[str]) -> None:
    world = World()
    taken = world.take(statement(ntry("1772.39", tx(T3, chrgs))))
    assert (world.paid(T3), fees(taken), rules(taken)) == (True, 0, told)


def test_chrgs_said_to_be_in_the_exact_amount_make_it_short() -> None:
    chrgs = f"<Chrgs>{charge('15.00', '<ChrgInclInd>true</ChrgInclInd>')}</Chrgs>"
    assert finding(World(), ntry("1772.39", tx(T3, chrgs))) == "differs"


@pytest.mark.parametrize(
    "chrgs",
    [
        f"<Chrgs>{charge('15.00', '<ChrgInclInd>false</ChrgInclInd>')}</Chrgs>",
        f"<Chrgs>{charge('14.99')}</Chrgs>",
        f"<Chrgs>{charge('15.00', '<Br>CRED</Br>')}</Chrgs>",
        f"<Chrgs>{charge('15.00', currency='USD')}</Chrgs>",
        # One of two stands beside the amount: then the 15.00 are not held by it.
        f"<Chrgs>{charge('5.00')}{charge('10.00', '<ChrgInclInd>false</ChrgInclInd>')}</Chrgs>",
    ],
)
def test_chrgs_that_do_not_explain_the_rest_leave_it_open(chrgs: str) -> None:
    assert finding(World(), ntry("1787.39", tx(T3, chrgs))) == "over"


@pytest.mark.parametrize(
    ("told", "remarks"),
    [
        ("10.00", ["bank-fees", "bank-fees-differ"]),
        ("15.00", ["bank-fees"]),
        ("20.00", ["bank-fees", "bank-fees-differ"]),
    ],
)
def test_what_is_beside_the_payment_and_not_the_charges_told_is_said(
    told: str, remarks: list[str]
) -> None:
    """15.00 are booked beside the 1,772.39 instructed."""
    world = World()
    more = details(amount("InstdAmt", "1772.39")) + f"<Chrgs>{charge(told)}</Chrgs>"
    taken = world.take(statement(ntry("1787.39", tx(T3, more))))
    assert fees(taken) == 1500
    assert [rule for v in taken for rule, _ in v.remarks] == remarks


def test_chrgs_in_the_currency_paid_are_cost_of_the_exchange() -> None:
    world = World()
    chrgs = f"<Chrgs>{charge('5.00', currency='USD')}</Chrgs>"
    taken = world.take(statement(ntry("144.20", tx(T4, chrgs), currency="USD")))
    assert (world.paid(T4), abroad(taken), fees(taken)) == (True, 14_420, 0)
    assert rules(taken) == ["bank-fees-unrecorded"]


def test_chrgs_in_the_currency_paid_that_a_return_lacks_are_cost_of_the_exchange() -> None:
    world = World()
    world.take(statement(ntry("139.20", tx(T4), currency="USD")))
    chrgs = f"<Chrgs>{charge('5.00', currency='USD')}</Chrgs>"
    taken = world.take(statement(ntry("134.20", tx(T4, chrgs), currency="USD", side="CRDT")))
    assert {p.status for p in world.transfer(T4)} == {"reversed"}
    assert (fees(taken), rules(taken)) == (0, ["bank-fees-unrecorded"])


@pytest.mark.parametrize(
    ("back", "taken"),
    [("1762.39", True), ("1762.38", False), ("1762.40", False), ("1772.39", True)],
)
def test_chrgs_of_a_return_are_what_the_bank_kept(back: str, taken: bool) -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3))))
    chrgs = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">10.00</TtlChrgsAndTaxAmt></Chrgs>'
    verdicts = world.take(statement(ntry(back, tx(T3, chrgs), side="CRDT")))
    assert ({p.status for p in world.transfer(T3)} == {"reversed"}) is taken
    assert fees(verdicts) == (1000 if back == "1762.39" else 0)


def test_a_return_that_is_more_than_was_paid_has_kept_no_fee_below_nothing() -> None:
    """10.00 given back beside it: what the bank kept of a return is not -10.00."""
    world = World()
    world.take(statement(ntry("1772.39", tx(T3))))
    given = '<Rcrd><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd>'
    back = ntry("1782.39", tx(T3, f"<Chrgs>{given}</Chrgs>"), side="CRDT")
    assert finding(world, back) == "returned"
    assert {p.status for p in world.transfer(T3)} == {"paid"}


def test_of_a_return_without_its_debit_nothing_is_kept_unseen() -> None:
    chrgs = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">10.00</TtlChrgsAndTaxAmt></Chrgs>'
    assert finding(World(), ntry("1762.39", tx(T3, chrgs), side="CRDT")) == "returned"


# --- returns of a part ------------------------------------------------------------------------------


def test_a_credit_of_exactly_one_part_reverses_that_part() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3))))
    world.take(statement(ntry("250.00", tx(T3), side="CRDT")))
    assert [p.status for p in world.transfer(T3)] == ["paid", "paid", "reversed"]


def test_a_credit_of_one_of_two_equal_parts_reverses_none() -> None:
    world = World()
    for one in world.transfer(T1):
        one.amount_minor = 10_000_000
    world.take(statement(ntry("200000.00", tx(T1), currency="CNY")))
    assert finding(world, ntry("100000.00", tx(T1), currency="CNY", side="CRDT")) == "returned"
    assert [p.status for p in world.transfer(T1)] == ["paid", "paid"]


@pytest.mark.parametrize(("booked", "charge"), [("4999.99", True), ("5000.00", False)])
def test_what_is_said_to_be_a_charge_is_less_than_what_it_is_charged_for(
    booked: str, charge: bool
) -> None:
    world = World()
    world.take(statement(ntry("5000.00", tx(T2), currency="CNY")))
    fee = ntry(booked, tx(T2, text="wire transfer fee"), currency="CNY", reference="F")
    (taken,) = world.take(statement(fee))
    assert (taken.verdict, taken.finding) == (
        ("charge", "") if charge else (None, "settled-before")
    )


@pytest.mark.parametrize(("back", "status"), [("4000.00", "reversed"), ("5000.00", "paid")])
def test_a_return_is_of_what_was_paid_not_of_what_was_instructed(back: str, status: str) -> None:
    world = World()
    (one,) = world.transfer(T2)  # 5,000.00 were instructed
    one.status, one.paid_minor = "paid", 400_000
    world.take(statement(ntry(back, tx(T2), currency="CNY", side="CRDT")))
    assert one.status == status


def test_a_credit_in_another_currency_reverses_nothing() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3))))
    assert finding(world, ntry("1772.39", tx(T3), side="CRDT", currency="USD")) == "returned"


def test_a_credit_in_the_currency_paid_gives_it_back() -> None:
    world = World()
    world.take(statement(ntry("139.20", tx(T4), currency="USD")))
    assert finding(world, ntry("139.19", tx(T4), currency="USD", side="CRDT")) == "returned"
    world.take(statement(ntry("139.20", tx(T4), currency="USD", side="CRDT")))
    assert {p.status for p in world.transfer(T4)} == {"reversed"}


# --- batches ----------------------------------------------------------------------------------------


def batch(more: str, number: str = "") -> str:
    count = f"<NbOfTxs>{number}</NbOfTxs>" if number else ""
    return f"<Btch>{more}{count}</Btch>"


@pytest.mark.parametrize("number", ["", "2"])
@pytest.mark.parametrize("own", [f"{RUN}-P1", f"{RUN}-p1".lower()])
def test_btch_pmtinfid_settles_its_transfers(number: str, own: str) -> None:
    world = World()
    said = batch(f"<PmtInfId>{own}</PmtInfId>", number)
    world.take(statement(ntry("205000.00", said, currency="CNY")))
    assert world.paid(T1)
    assert world.paid(T2)


@pytest.mark.parametrize(
    ("said", "booked"),
    [
        (batch(f"<PmtInfId>{RUN}-P1</PmtInfId>", "3"), "205000.00"),
        (batch(f"<PmtInfId>{RUN}-P1</PmtInfId>"), "204999.99"),
        (batch(f"<PmtInfId>{RUN}-P9</PmtInfId>"), "205000.00"),
        (batch(f'<PmtInfId>{RUN}-P1</PmtInfId><TtlAmt Ccy="CNY">205001.00</TtlAmt>'), "205000.00"),
        (batch(f"<MsgId>{RUN}</MsgId>"), "205000.00"),
    ],
)
def test_btch_that_does_not_add_up_waits(said: str, booked: str) -> None:
    world = World()
    assert finding(world, ntry(booked, said, currency="CNY"))
    assert {p.status for p in world.parts} == {"instructed"}


def each(first: str, second: str, form: str) -> str:
    return tx(T1, form.format(first)) + tx(T2, form.format(second))


FORMS = [
    '<Amt Ccy="CNY">{}</Amt>',
    *(
        f'<AmtDtls><{tag}><Amt Ccy="CNY">{{}}</Amt></{tag}></AmtDtls>'
        for tag in ("TxAmt", "InstdAmt")
    ),
]


@pytest.mark.parametrize("form", FORMS, ids=["Amt", "TxAmt", "InstdAmt"])
def test_txdtls_of_a_collective_entry_settle_each_its_own(form: str) -> None:
    world = World()
    world.take(statement(ntry("205000.00", each("200000.00", "5000.00", form), currency="CNY")))
    assert world.paid(T1)
    assert world.paid(T2)


@pytest.mark.parametrize("tag", ["TxAmt", "InstdAmt"])
def test_what_was_booked_of_each_is_its_own_amt_whatever_it_was_before_charges(tag: str) -> None:
    """The transactions come to the entry by what was booked of each, not by what else is told of them."""
    form = f'<Amt Ccy="CNY">{{0}}</Amt>{details(amount(tag, "1.00", "CNY"))}'
    text = each("200000.00", "5000.00", form)
    found = read(statement(ntry("205000.00", text, currency="CNY")))
    assert [one.amount_minor for one in found] == [20_000_000, 500_000]


@pytest.mark.parametrize("number", ["1", "3"])
def test_as_many_txdtls_are_told_as_btch_counts_or_none_settles_by_itself(number: str) -> None:
    said = batch("", number) + each("200000.00", "5000.00", FORMS[0])
    (found,) = read(statement(ntry("205000.00", said, currency="CNY")))
    assert found.partial == f"of the {number} transactions of this entry 2 are told"


@pytest.mark.parametrize("form", FORMS, ids=["Amt", "TxAmt", "InstdAmt"])
def test_txdtls_of_which_one_is_short_settle_the_other(form: str) -> None:
    world = World()
    taken = world.take(
        statement(ntry("204000.00", each("200000.00", "4000.00", form), currency="CNY"))
    )
    assert (world.paid(T1), world.paid(T2)) == (True, False)
    assert [v.finding for v in taken if v.verdict is None] == [
        "differs" if "InstdAmt" in form or "TxAmt" in form else "short"
    ]


def test_txdtls_that_do_not_make_up_the_entry_settle_nothing_by_themselves() -> None:
    world = World()
    text = each("200000.00", "4000.00", FORMS[0])
    assert finding(world, ntry("206000.00", text, currency="CNY")) == "over"
    # By its sum the entry is both, whatever is told of each.
    world.take(statement(ntry("205000.00", text, currency="CNY")))
    assert world.paid(T1)
    assert world.paid(T2)


def test_fewer_txdtls_than_nboftxs_settle_nothing_by_themselves() -> None:
    world = World()
    text = batch("", "2") + tx(T1, '<Amt Ccy="CNY">200000.00</Amt>')
    assert finding(world, ntry("200000.00", text, currency="CNY")) == "count"
    assert finding(World(), ntry("205000.00", text, currency="CNY")) == "over"
    said = batch(f"<PmtInfId>{RUN}-P1</PmtInfId>", "2") + tx("", '<Amt Ccy="CNY">1.00</Amt>')
    world.take(statement(ntry("205000.00", said, currency="CNY")))
    assert world.paid(T1)


def test_a_debit_after_the_credit_that_gave_it_back_pays_nothing() -> None:
    world = World()
    world.take(statement(ntry("200000.00", tx(T1), currency="CNY", side="CRDT", reference="R")))
    assert {p.status for p in world.transfer(T1)} == {"failed"}
    debit = ntry("205000.00", tx("", text=f"{T1} {T2}"), currency="CNY", reference="B")
    (taken,) = world.take(statement(debit))
    assert (taken.verdict, taken.seen, len(taken.requests), len(taken.payments)) == (
        "settled",
        True,
        1,
        3,
    )
    assert world.paid(T2)
    # It was the only one to come: another is a second payment.
    again = ntry("200000.00", tx(T1), currency="CNY", reference="C")
    assert finding(world, again) == "settled-before"


def test_chrgs_on_the_batch_are_shared() -> None:
    world = World()
    chrgs = f"<Chrgs>{charge('30.00', currency='CNY')}</Chrgs>"
    text = each("200000.00", "5000.00", FORMS[0])
    taken = world.take(statement(ntry("205030.00", text, currency="CNY", more=chrgs)))
    assert (world.paid(T1), world.paid(T2), fees(taken)) == (True, True, 3000)


def test_payments_in_several_currencies_are_not_one_entry() -> None:
    world = World()
    text = tx("", text=f"{T2} {T3}")
    assert finding(world, ntry("6772.39", text, currency="CNY")) == "differs"


# --- references -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refs",
    [
        f"<InstrId>{T3}</InstrId>",
        f"<TxId>{T3}</TxId>",
        f"<PmtInfId>{RUN}-P2</PmtInfId>",
        f"<EndToEndId>NOTPROVIDED</EndToEndId><TxId>{T3}</TxId>",
        f"<Prtry><Tp>X</Tp><Ref>{T3}</Ref></Prtry>",
        f"<EndToEndId>{T3.lower()}</EndToEndId>",
        "<EndToEndId>EU-1#1 EU-1#2 EU-1#3</EndToEndId>",
        "<EndToEndId>'EU-1#1', (EU-1#2) [EU-1#3]</EndToEndId>",
    ],
)
def test_refs_name_the_payment(refs: str) -> None:
    world = World()
    world.take(statement(ntry("1772.39", f"<TxDtls><Refs>{refs}</Refs></TxDtls>")))
    assert world.paid(T3)


@pytest.mark.parametrize(
    "lines",
    [
        [f"payment {T3} thanks"],
        [f"payment {T3.lower()} thanks"],
        [f"/EREF/{T3[:14]}", f"{T3[14:]}"],
        [f"{T3[:-1]}", T3[-1]],
        [f"{T3[:10].lower()} {T3[10:]}"],
    ],
)
def test_ustrd_names_it_even_broken(lines: list[str]) -> None:
    world = World()
    said = "".join(f"<Ustrd>{line}</Ustrd>" for line in lines)
    world.take(statement(ntry("1772.39", f"<TxDtls><RmtInf>{said}</RmtInf></TxDtls>")))
    assert world.paid(T3)


@pytest.mark.parametrize(
    "text", [f"{T3}1", f"{RUN}-T33", "Nordic GmbH", "1772.39", "EU-1", "EU-1#30"]
)
def test_what_is_no_reference_names_nothing(text: str) -> None:
    world = World()
    begins = text.startswith(RUN)  # so it is listed with what it may be (test_nearly.py)
    assert finding(world, ntry("1772.39", tx("", text=text))) == (
        "similar" if begins else "unrelated"
    )
    assert not world.paid(T3)


def test_strd_and_additional_information_name_it_too() -> None:
    for more in (
        f"<RmtInf><Strd><CdtrRefInf><Ref>{T3}</Ref></CdtrRefInf></Strd></RmtInf>",
        f"<RmtInf><Strd><RfrdDocInf><Nb>{T3}</Nb></RfrdDocInf></Strd></RmtInf>",
        f"<AddtlTxInf>{T3}</AddtlTxInf>",
    ):
        world = World()
        world.take(statement(ntry("1772.39", f"<TxDtls>{more}</TxDtls>")))
        assert world.paid(T3), more
    world = World()
    world.take(
        statement(ntry("1772.39").replace("</Ntry>", f"<AddtlNtryInf>{T3}</AddtlNtryInf></Ntry>"))
    )
    assert world.paid(T3)


def test_what_the_references_name_counts_before_what_the_text_names() -> None:
    world = World()
    world.take(statement(ntry("5000.00", tx(T2, text=f"beside {T3}"), currency="CNY")))
    assert world.paid(T2)


def test_one_instruction_of_a_transfer_is_settled_alone() -> None:
    world = World()
    taken = world.take(statement(ntry("1000.00", tx("", text="for EU-1#2"))))
    assert [p.status for p in world.transfer(T3)] == ["instructed", "paid", "instructed"]
    assert isinstance(recorded(taken)[0], RecordPayment)


# --- identity ---------------------------------------------------------------------------------------


def test_acctsvcrref_and_content_are_the_identity() -> None:
    world = World()
    first = ntry("5000.00", tx(T2), currency="CNY", reference="C")
    same = world.take(statement(first), statement(first))
    assert len(same) == 1
    for other in (
        ntry("5000.01", tx(T2), currency="CNY", reference="C"),
        ntry("5000.00", tx(T2), currency="EUR", reference="C"),
        ntry("5000.00", tx(T2), currency="CNY", reference="C", side="CRDT"),
        ntry("5000.00", tx(T2), currency="CNY", reference="C", day="2026-06-12"),
        ntry("5000.00", tx(T1), currency="CNY", reference="C"),
        ntry("5000.00", tx(T2, text="more"), currency="CNY", reference="C"),
    ):
        assert len(read(statement(first), statement(other))) == 2, other
    assert len(read(statement(first), statement(first, account="DE89370400440532013000"))) == 2


def test_a_reason_or_another_way_to_write_the_text_makes_no_other_entry() -> None:
    why = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
    said = [
        ntry("5000.00", tx(T2, more, text), currency="CNY", reference="C", side="CRDT")
        for more, text in (("", "thank  you"), (why, "Thank you"))
    ]
    assert len(read(statement(said[0]), statement(said[1]))) == 1


def test_two_entries_of_a_statement_that_say_the_same_are_two() -> None:
    one = ntry("5000.00", tx(T2), currency="CNY", reference="C")
    taken = World().take(statement(one, one))
    assert sorted(str(v.verdict) for v in taken) == ["None", "settled"]
    assert ACCOUNT in taken[0].entries[0].entry


# --- found by planted faults ------------------------------------------------------------------------


def test_a_transfer_of_which_only_a_part_was_told_abroad_is_not_paid_by_that() -> None:
    told = Exchange(currency="USD", amount_minor=13_920, rate="0.1392")
    other = f"{RUN}-T5"
    parts = [part("X-1", 1, 100_000, "CNY", other, told), part("X-1", 2, 50_000, "CNY", other)]
    world = World(parts)
    assert finding(world, ntry("139.20", tx(other), currency="USD")) == "differs"


def test_a_credit_of_what_is_paid_and_what_is_not_reverses_and_fails_nothing() -> None:
    world = World()
    world.take(statement(ntry("522.39", tx("", text="EU-1#1"))))
    assert finding(world, ntry("1772.39", tx(T3), side="CRDT")) == "returned"
    assert [p.status for p in world.transfer(T3)] == ["paid", "instructed", "instructed"]


@pytest.mark.parametrize(
    ("text", "amount", "verdict"),
    [
        ("Charges for", "15.00", "charge"),
        ("手续费", "15.00", "charge"),
        ("Auftragsgebühr", "15.00", "charge"),
        ("second part of", "15.00", None),
        ("Charges for", "1772.39", None),
    ],
)
def test_beside_a_payment_only_a_small_amount_that_is_called_one_is_a_charge(
    text: str, amount: str, verdict: str | None
) -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3), reference="A")))
    (taken,) = world.take(statement(ntry(amount, tx("", text=f"{text} {T3}"), reference="B")))
    assert taken.verdict == verdict


def test_debits_in_two_currencies_are_nothing_together() -> None:
    world = World()
    halves = [ntry("2500.00", tx(T2), currency=c, reference=c) for c in ("CNY", "EUR")]
    world.take(statement(*halves))
    assert {p.status for p in world.transfer(T2)} == {"instructed"}


def test_the_debit_abroad_of_what_a_credit_gave_back_before_is_set_against_it() -> None:
    world = World()
    world.take(statement(ntry("139.20", tx(T4), currency="USD", side="CRDT", reference="R")))
    (taken,) = world.take(statement(ntry("139.20", tx(T4), currency="USD", reference="A")))
    assert (taken.verdict, {p.status for p in world.transfer(T4)}) == ("undone", {"failed"})


def test_halves_are_recorded_under_the_references_of_both() -> None:
    world = World()
    halves = [ntry("2500.00", tx(T2), currency="CNY", reference=f"H{n}") for n in (1, 2)]
    (intent,) = recorded(world.take(statement(*halves)))
    assert isinstance(intent, RecordPayment)
    assert (intent.reference, len(intent.entry.split())) == ("H1 H2", 2)


@pytest.mark.parametrize(
    "half",
    [
        ntry(
            "2500.00",
            tx(
                T2,
                f"<Chrgs>{charge('5.00', '<ChrgInclInd>true</ChrgInclInd>', currency='CNY')}</Chrgs>",
            ),
            currency="CNY",
        ),
        ntry("2500.00", f"{batch('', '2')}{tx(T2)}", currency="CNY"),
        ntry("2500.00", tx(T2, details(amount("InstdAmt", "2490.00", "CNY"))), currency="CNY"),
    ],
    ids=["holds charges", "holds more transactions", "tells another amount"],
)
def test_a_half_of_which_the_bank_tells_more_makes_no_whole(half: str) -> None:
    world = World()
    world.take(statement(half, ntry("2500.00", tx(T2), currency="CNY", reference="H2")))
    assert {p.status for p in world.transfer(T2)} == {"instructed"}


def test_the_halves_of_what_was_told_abroad_are_of_the_day_of_the_later() -> None:
    world = World()
    halves = [
        ntry("69.60", tx(T4), currency="USD", reference=f"H{n}", day=f"2026-06-1{n}")
        for n in (2, 1)
    ]
    (intent,) = recorded(world.take(statement(*halves)))
    assert isinstance(intent, RecordPayment) and intent.exchange is not None
    told = (str(intent.on), str(intent.exchange.rate_on), intent.exchange.source)
    assert told == ("2026-06-12", "2026-06-12", "bank entry H2")


def test_a_debit_of_what_is_left_of_one_transfer_is_measured_by_that() -> None:
    world = World()
    world.take(statement(ntry("522.39", tx("", text="EU-1#1"))))
    (taken,) = world.take(statement(ntry("1240.00", tx(T3), reference="REST")))
    assert (taken.finding, "10.00 EUR less than" in taken.says) == ("short", True)


def test_a_charge_in_another_currency_is_a_charge_whatever_its_figure() -> None:
    said = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
    (taken,) = World().take(statement(ntry("1800.00", tx(T3), more=said, currency="USD")))
    assert taken.verdict == "charge"


def test_what_is_called_a_charge_in_another_currency_than_was_paid_waits() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3))))
    entry = ntry("15.00", tx("", text=f"Charges for {T3}"), currency="USD")
    assert finding(world, entry) == "settled-before"


def test_what_was_paid_in_two_currencies_does_not_come_back_in_one() -> None:
    told = Exchange(currency="USD", amount_minor=7_000, rate="0.14")
    other = f"{RUN}-T5"
    parts = [part("X-1", n, 50_000, "CNY", other, told) for n in (1, 2)]
    for one, currency in zip(parts, ("USD", "HKD"), strict=True):
        one.status, one.paid_minor, one.paid_in, one.foreign_minor = "paid", 50_000, currency, 7_000
    assert finding(World(parts), ntry("140.00", tx(other), currency="USD", side="CRDT"))
    assert {p.status for p in parts} == {"paid"}


def test_without_sts_an_entry_is_taken_as_booked() -> None:
    world = World()
    world.take(statement(ntry("1772.39", tx(T3), status="")))
    assert world.paid(T3)


def test_ttlamt_may_be_less_than_an_entry_that_tells_its_charges() -> None:
    world = World()
    said = batch(f'<PmtInfId>{RUN}-P1</PmtInfId><TtlAmt Ccy="CNY">205000.00</TtlAmt>')
    chrgs = f"<Chrgs>{charge('30.00', currency='CNY')}</Chrgs>"
    taken = world.take(statement(ntry("205030.00", said, currency="CNY", more=chrgs)))
    assert (world.paid(T1), world.paid(T2), fees(taken)) == (True, True, 3000)


@pytest.mark.parametrize(("told", "paid"), [("30.00", True), ("", False)])
def test_of_chrgs_at_the_entry_and_at_its_transactions_those_of_the_entry_count(
    told: str, paid: bool
) -> None:
    world = World()
    each_ten = f"<Chrgs>{charge('10.00', currency='CNY')}</Chrgs>"
    chrgs = f"<Chrgs>{charge(told, currency='CNY')}</Chrgs>" if told else ""
    text = tx(T1, each_ten) + tx(T2, each_ten)
    taken = world.take(statement(ntry("205030.00", text, currency="CNY", more=chrgs)))
    assert (world.paid(T1), fees(taken)) == ((True, 3000) if paid else (False, 0))


def test_bktxcd_of_a_transaction_says_more_than_that_of_its_entry() -> None:
    code = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{}</Cd><SubFmlyCd>{}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    entry = ntry("15.00", tx(T3, code.format("MDOP", "CHRG")), more=code.format("ICDT", "OTHR"))
    (taken,) = World().take(statement(entry))
    assert taken.verdict == "charge"


def test_a_payment_information_that_is_not_known_is_not_taken_for_its_whole_file() -> None:
    world = World([part("EU-1", 1, 177_239, "EUR", T3)])
    refs = f"<Refs><MsgId>{RUN}</MsgId><PmtInfId>{RUN}-P9</PmtInfId></Refs>"
    assert finding(world, ntry("1772.39", f"<TxDtls>{refs}</TxDtls>")) == "similar"
    assert not world.paid(T3)
    world.take(statement(ntry("1772.39", f"<TxDtls><Refs><MsgId>{RUN}</MsgId></Refs></TxDtls>")))
    assert world.paid(T3)


def test_of_what_is_paid_over_only_the_last_part_takes_more_than_instructed() -> None:
    settled = settle(T3, World().transfer(T3), 178_239, Booking(None), over=True)
    intents = [intent for _, intent in settled.requests if isinstance(intent, RecordPayment)]
    assert [(i.amount_minor, i.over) for i in intents] == [
        (52_239, False),
        (100_000, False),
        (26_000, True),
    ]


@pytest.mark.parametrize(
    ("side", "says"),
    [
        ("DBIT", f"15.00 EUR is a charge of the bank for {T3}, and pays nothing"),
        ("CRDT", f"15.00 EUR is a charge given back of the bank for {T3}, and pays nothing"),
    ],
)
def test_a_charge_is_said_to_be_one_or_given_back(side: str, says: str) -> None:
    code = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
    (taken,) = World().take(statement(ntry("15.00", tx(T3), side=side, more=code)))
    assert taken.remarks == (("bank-charge", says),)


def test_an_entry_whose_transactions_are_not_all_told_says_so() -> None:
    text = batch("", "2") + tx(T1, '<Amt Ccy="CNY">200000.00</Amt>')
    (taken,) = World().take(statement(ntry("205000.00", text, currency="CNY")))
    assert taken.says.endswith("; of the 2 transactions of this entry 1 are told")


def test_a_transfer_named_with_one_of_its_parts_is_the_transfer() -> None:
    (taken,) = World().take(statement(ntry("1.00", tx("", text=f"EU-1#2 of {T3}"))))
    assert taken.about.subjects == (T3,)


def test_of_a_long_text_the_list_has_the_beginning() -> None:
    (taken,) = World().take(statement(ntry("1.00", tx("", text="x" * 300))))
    assert taken.says == f"names no payment of this ledger: {'x' * 140}"


def test_an_amount_instructed_in_another_currency_is_not_what_a_transaction_is() -> None:
    """Of a collective entry in EUR: 20.00 USD instructed is no 20.00 EUR, so its amount is not told."""
    each = details(amount("InstdAmt", "20.00", "USD"))
    text = tx(T3, each) + tx("other", details(amount("TxAmt", "10.00")))
    (entry,) = read(statement(ntry("30.00", text)))
    assert entry.partial == "a transaction of this collective entry has no amount"


def test_an_entry_of_two_payment_informations_names_neither_for_the_whole() -> None:
    two = f"{batch(f'<PmtInfId>{RUN}-P1</PmtInfId>')}{batch(f'<PmtInfId>{RUN}-P2</PmtInfId>')}"
    assert finding(World(), ntry("205000.00", two, currency="CNY")) == "unrelated"


def test_one_transaction_that_names_two_transfers_is_not_certain() -> None:
    text = batch("", "1") + tx("", text=f"{T1} {T2}")
    assert finding(World(), ntry("205000.00", text, currency="CNY")) == "count"
