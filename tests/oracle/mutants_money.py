"""Planted bugs in the clauses about money: each changes one thing, and the oracle must notice in what is then played.

Decisions are played with the bug in place, so that a clause that prices wrongly writes wrong lines into the log.
"""

from __future__ import annotations

from datetime import timedelta

from ledger import events as e
from ledger.pricing import (
    advance_recovery,
    disincentive,
    early_bonus,
    late_damages,
    late_penalty,
    retention,
    tax,
)
from tests.oracle.mutants import Mutant, _evolver, _replaced, _text
from tests.oracle.planting_money import (
    a_day_later,
    beside_a_claim,
    builtin,
    by_the_terms_of_today,
    clause,
    each_for_itself,
    first_invoice,
    forgets_the_discount,
    in_order_of_recording,
    kinds,
    last_part_rounded,
    loss,
    model,
    net_has_it,
    never_rolled,
    no_limit_on_set_off,
    no_rule,
    of_now,
    on_the_line_alone,
    one_part,
    one_sided,
    paid_again,
    parts_at_once,
    per_day_of_the_table,
    releases_stay,
    seeing,
    seen_today,
    stays_at_plan,
    still_covers,
    turned,
    turned_around,
    with_the_open,
    without,
    without_the_advance,
)
from tests.oracle.planting_paid import (
    at_the_first_zero,
    earned_by_any,
    in_one,
    paid_at_acceptance,
    paid_by_money_alone,
    with_what_came_back,
)

_DUE = "ledger.pricing.payment_due"
_STANDINGS = "ledger.state.Milestone.standings"

MUTANTS_MONEY = [
    Mutant("retention goes on at its rate", clause(retention, without(retention={"until": None}))),
    Mutant("retention has no limit", clause(retention, without(retention={"limit": None}))),
    Mutant(
        "retention ends at once",
        _replaced("ledger.pricing.retention._before", lambda _: lambda delivered, clause: 0),
    ),
    Mutant(
        "retention is cut off",
        builtin("ledger.pricing.retention.round_minor", lambda exact, _: int(exact)),
    ),
    Mutant(
        "retention is let go without its days",
        _replaced("ledger.retaining.parts_of", parts_at_once),
    ),
    Mutant("retention is let go in one part", _replaced("ledger.retaining.parts_of", one_part)),
    Mutant(
        "a part of retention is lost",
        _replaced("projections.derive.retentions.parts_of", last_part_rounded),
    ),
    Mutant(
        "completion waits for nothing", _replaced("ledger.retaining.completed_on", with_the_open)
    ),
    Mutant("more is released than let go", no_rule),
    Mutant(
        "the table counts per day",
        _replaced("ledger.pricing.early_bonus._by_table", per_day_of_the_table),
    ),
    Mutant(
        "the contract has no cap on bonuses",
        clause(early_bonus, without(early_bonus={"contract_cap": None})),
    ),
    Mutant("the incentive date is the due date", clause(early_bonus, seeing(incentive_due=None))),
    Mutant("there is no disincentive", clause(disincentive, lambda _: lambda delivered: [])),
    Mutant("suspension excuses no disincentive", clause(disincentive, seeing(suspended_days=0))),
    Mutant(
        "suspension excuses nothing",
        _replaced("ledger.decisions.delivery.suspended_days", lambda _: lambda *args: 0),
    ),
    Mutant("no day is excused", clause(late_penalty, without(late_penalty={"excused_days": 0}))),
    Mutant(
        "the penalty is on the part alone",
        clause(late_penalty, without(late_penalty={"base": "part"})),
    ),
    Mutant(
        "parts are charged one by one",
        _replaced("ledger.decisions.delivery._charged", lambda _: lambda m, clause: 0),
    ),
    Mutant("damages have no cap", clause(late_damages, without(late_damages={"cap_minor": None}))),
    Mutant(
        "damages excuse no day", clause(late_damages, without(late_damages={"excused_days": 0}))
    ),
    Mutant(
        "more is recovered than was advanced",
        builtin("ledger.pricing.advance_recovery.min", lambda by_rate, opened: by_rate),
    ),
    Mutant(
        "recovery is always of gross",
        clause(advance_recovery, without(advance={"base": "gross"})),
    ),
    Mutant("tax is on gross", clause(tax, without(tax={"base": "gross"}))),
    Mutant("tax has the other sign", clause(tax, turned)),
    Mutant(
        "tax does not follow",
        _replaced(
            "ledger.decisions.effects_money.with_tax", lambda _: lambda case, lines: tuple(lines)
        ),
    ),
    Mutant(
        "tax follows line by line",
        _replaced("ledger.decisions.effects_money.with_tax", on_the_line_alone),
    ),
    Mutant(
        "what was accepted follows the terms of today",
        _replaced("ledger.state.Contract.terms_of", of_now),
    ),
    Mutant(
        "tax follows the terms of today",
        _replaced("ledger.decisions.effects_money.with_tax", by_the_terms_of_today),
    ),
    Mutant(
        "a discount follows the terms of today",
        _replaced("ledger.decisions.payments.early_payment", seen_today),
    ),
    Mutant(
        "retention is let go by the terms of today",
        _replaced("ledger.retaining.parts_of", seen_today),
    ),
    Mutant(
        "a release falls due by the terms of today",
        _replaced("ledger.decisions.retention.due_of", seen_today),
    ),
    Mutant(
        "an invoice sets a due date by the terms of today",
        _replaced("ledger.decisions.invoices._covered", seen_today),
    ),
    Mutant(
        "a payment entered late settles",
        _replaced("ledger.state.last_settled", in_order_of_recording),
    ),
    Mutant(
        "settled once is settled for ever",
        _replaced("ledger.state.last_settled", at_the_first_zero),
    ),
    Mutant(
        "what came back settles",
        _replaced("ledger.state.last_settled", with_what_came_back),
    ),
    Mutant(
        "only money pays",
        _replaced("ledger.state.Milestone.progress", lambda _: property(paid_by_money_alone)),
    ),
    Mutant(
        "what is not payable is paid",
        _replaced("ledger.state.Milestone.progress", lambda _: property(paid_at_acceptance)),
    ),
    Mutant(
        "nothing to pay is paid late",
        _text("projections.metrics.paid_on_time._judged", "net_minor > 0", "net_minor >= 0"),
    ),
    Mutant(
        "what is released is one payable",
        _replaced("ledger.decisions.retention._by_part", lambda _: in_one),
    ),
    Mutant(
        "a release is due when it is recorded",
        _replaced("ledger.decisions.retention.fell_due", lambda _: lambda *args: None),
    ),
    Mutant(
        "a part payment earns the discount",
        _replaced("ledger.decisions.payments._discount_earned", lambda _: earned_by_any),
    ),
    Mutant("a discount is not reserved", _evolver(e.PaymentInstructed, forgets_the_discount)),
    Mutant(
        "a discount stays reserved",
        _replaced(
            "ledger.state.Payment.reserved_minor",
            lambda _: property(lambda payment: payment.amount_minor),
        ),
    ),
    Mutant("a refund is a payment", _evolver(e.PaymentRefunded, paid_again)),
    Mutant("a discount has a day more", _replaced("ledger.payables.discount_until", a_day_later)),
    Mutant(
        "the month ends a day early",
        _replaced(f"{_DUE}.month_end", lambda end: lambda day: end(day) - timedelta(days=1)),
    ),
    Mutant(
        "a day of next month is in this one",
        _replaced(
            f"{_DUE}.day_of_next_month",
            lambda _: lambda day, wanted: day.replace(day=min(wanted, 28)),
        ),
    ),
    Mutant("payment never rolls", _replaced(f"{_DUE}.rolled", never_rolled)),
    Mutant(
        "a plan ends on its day, not its month",
        _replaced("projections.derive.schedule.projected_due", stays_at_plan),
    ),
    Mutant(
        "payment counts from the first invoice",
        _replaced("ledger.decisions.acceptance.invoiced_on", first_invoice),
    ),
    Mutant("a rejected invoice still covers", _evolver(e.InvoiceRejected, still_covers)),
    Mutant("a set-off takes from nobody", _evolver(e.ClaimSetOff, one_sided)),
    Mutant("more is set off than is there", no_limit_on_set_off),
    Mutant(
        "a release is paid as its milestone",
        _replaced(
            "ledger.evolve.payments.payable", lambda _: lambda milestone, release, record: milestone
        ),
    ),
    Mutant("every payable is held by itself", _replaced(_STANDINGS, lambda _: each_for_itself)),
    Mutant("a release is free beside a claim", _replaced(_STANDINGS, lambda _: beside_a_claim)),
    Mutant("a release is part of net", _evolver(e.RetentionReleased, net_has_it)),
    Mutant("releases survive a reversal", _evolver(e.AcceptanceReversed, releases_stay)),
    Mutant("a release retains", model("schedule", turned_around)),
    Mutant("an advance is delivered", model("milestones", kinds)),
    Mutant("an advance is expected", model("schedule", kinds)),
    Mutant("a gain is a loss", _replaced("projections.derive.settlements.gain", loss)),
    Mutant(
        "an invoice agrees only to the cent",
        _replaced("ledger.invoicing.tolerance", lambda _: lambda contract: 0),
    ),
    Mutant(
        "a termination leaves the advance",
        _replaced("ledger.decisions.effects_termination.settlement_lines", without_the_advance),
    ),
]
