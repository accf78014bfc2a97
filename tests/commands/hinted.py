"""Refusals whose hint names a command: what happened before, what is refused, and who then does as the hint says.

A row is (before, refused, code, who, words). `who` does each command of the hint in turn; several names, parted by
spaces, do one each, and "-" leaves a command out that is the other choice. `words` stand in the place of the words in
capitals of a hint.
"""

from __future__ import annotations

from pathlib import Path

from tests.commands.acting import C

Row = tuple[list[str], str, str, str, dict[str, str]]

ABROAD = "Osaka Film"
STUDIO = "Hangzhou Content Studio"
ACCOUNT = "--holder 'Studio Ltd' --number 6222020200112233445 --bank 102331002126"
M1, M3 = f"{C}/M1", f"{C}/M3"
OTHER, BILLED, KNOWN, KEPT = (f"BW-2026-01{last}" for last in "5678")

_INVOICES = "invoices:\n  required: true\n\nmilestones:\n"
_PAYEES = "payees:\n  required: true\n\nmilestones:\n"
_KEPT = """retention:
  rate: 10%
  release:
    - share: 100%
      after: acceptance
      days: 1

milestones:
"""
VARIANTS = {
    "other.yaml": (OTHER, "milestones:\n"),
    "billed.yaml": (BILLED, _INVOICES),
    "known.yaml": (KNOWN, _PAYEES),
    "kept.yaml": (KEPT, _KEPT),
}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB manager-1\n"


def lay_out(folder: Path) -> None:
    """Beside the contract's file: the same with another clause each, a public key, and a changed file."""
    text = (folder / "double-11.yaml").read_text("utf-8")
    for name, (contract, clause) in VARIANTS.items():
        other = text.replace(f"contract: {C}", f"contract: {contract}")
        other = other.replace("milestones:\n", clause, 1)
        (folder / name).write_text(other, "utf-8")
    changed = text.replace("ceiling: 1,300,000.00", "ceiling: 1,400,000.00")
    (folder / "empty").write_text("", "utf-8")
    (folder / "changed.yaml").write_text(changed, "utf-8")
    elsewhere = (folder / "other.yaml").read_text("utf-8").replace(STUDIO, ABROAD)
    (folder / "abroad.yaml").write_text(elsewhere, "utf-8")
    (folder / "manager-1.pub").write_text(KEY, "utf-8")


def accepted(reference: str, on: str = "2026-08-21", by: str = "manager-1") -> list[str]:
    return [
        f"milestone submit {reference} --on {on} --as partner-1",
        f"milestone approve {reference} --on {on} --as {by}",
    ]


def signed(file: str) -> str:
    return f"contract sign {file} --as admin-1"


PAID = [
    *accepted(M1),
    f"payment instruct {M1} --as finance-1",
    f"payment record '{C}#10' --as finance-1",
]
CLAIM = [
    *PAID,
    f"dispute open {M1} 5,000.00 --reason r --as manager-2",
    f"dispute resolve '{C}#12' --upheld --as manager-1",
    f"milestone approve '{C}#13' --as manager-3",
]
REVISED = [f"milestone revise {M1} --due 2026-09-01 --reason r --as manager-1"]
OUTDATED = [
    *REVISED,
    f"milestone revise {M1} --due 2026-09-05 --reason r --as manager-2",
    f"milestone approve '{C}#8' --as manager-3",
]
PROPOSED = f"payee propose '{STUDIO}' {ACCOUNT} --as finance-1"
KNOWN_PAID = [*accepted(f"{KNOWN}/M1")]

RULES: list[Row] = [
    (
        OUTDATED,
        f"milestone approve '{C}#7' --as manager-3",
        "proposal-not-outdated",
        "manager-1",
        {},
    ),
    (
        [
            *REVISED,
            f"milestone revise {M1} --due 2026-09-01 --reason r --as manager-2",
            *OUTDATED[2:],
        ],
        f"milestone approve '{C}#7' --as manager-3",
        "proposal-not-outdated",
        "admin-1",
        {},
    ),
    (REVISED, f"contract renew '{C}#7' --as manager-1", "proposal-outdated", "manager-2", {}),
    (
        [
            *CLAIM,
            *accepted(M3, "2026-10-16"),
            f"payment set-off {M1} 5,000.00 --against {M3} --reason r --as finance-1",
            f"milestone approve '{C}#19' --as manager-1",
        ],
        f"milestone reverse {M3} --reason r --as manager-1",
        "reversal-before-set-off",
        "finance-1",
        {},
    ),
    (CLAIM, f"contract complete {C} --as admin-1", "everything-settled", "finance-1 -", {}),
    (
        [*CLAIM, *accepted(M3, "2026-10-16")],
        f"contract complete {C} --as admin-1",
        "everything-settled",
        "- finance-1",
        {"AMOUNT": "1.00", f"{C}/MILESTONE": M3},
    ),
    (
        PAID,
        f"payment refund {M1} 1.00 --as finance-1",
        "refund-within-claim",
        "finance-1",
        {},
    ),
    (
        CLAIM,
        f"payment refund {M1} 6,000.00 --as finance-1",
        "refund-within-claim",
        "finance-1",
        {"REF": f"{C}#10"},
    ),
    (
        [
            signed("other.yaml"),
            *accepted(M1),
            *accepted(f"{OTHER}/M1"),
            f"invoice receive {C} F-1 --milestone M1 --as finance-1",
        ],
        f"invoice receive {OTHER} F-1 --milestone M1 --as finance-1",
        "invoice-number-once",
        "finance-1",
        {},
    ),
    (
        [signed("billed.yaml"), *accepted(f"{BILLED}/M1")],
        f"payment instruct {BILLED}/M1 --as finance-1",
        "invoice-before-payment",
        "finance-1",
        {"NUMBER": "F-1"},
    ),
    (
        [signed("known.yaml"), *KNOWN_PAID],
        f"payment instruct {KNOWN}/M1 --as finance-1",
        "payee-approved",
        "finance-1 admin-1",
        {
            "NAME": "Studio Ltd",
            "NUMBER": "6222020200112233445",
            "CODE": "102331002126",
            "REF": "#1",
        },
    ),
    (
        ["audit close 2026-08 --as admin-1"],
        "audit close 2026-08 --as admin-1",
        "period-closed-in-order",
        "admin-1",
        {},
    ),
    (
        [],
        "signer propose manager-1 manager-1.pub --as manager-2",
        "keys-kept-by-administrators",
        "manager-2",
        {},
    ),
    (
        ["signer propose manager-1 manager-1.pub --as admin-1", "signer approve '#1' --as admin-2"],
        "signer approve '#1' --as admin-2",
        "key-step-in-turn",
        "admin-2",
        {},
    ),
    (
        accepted(M1)[:1],
        f"milestone withdraw {M1} --as manager-1",
        "only-own-live-approval-is-withdrawn",
        "manager-1",
        {},
    ),
    (
        REVISED,
        f"milestone withdraw '{C}#7' --as manager-3",
        "only-own-live-approval-is-withdrawn",
        "manager-3",
        {},
    ),
    (
        [],
        signed("double-11.yaml").replace("double-11", "changed"),
        "contract-signed-once",
        "admin-1",
        {"FILE": "changed.yaml"},
    ),
    (
        [
            "import bank statement.xml --as finance-1",
            "payment dismiss '#1' --reason r --as finance-1",
        ],
        "payment dismiss '#1' --reason r --as finance-1",
        "bank-entry-waits",
        "finance-1",
        {},
    ),
    (
        ["import bank statement.xml --as finance-1"],
        "payment dismiss '#1' --reason r --as partner-1",
        "bank-kept-by-finance",
        "partner-1",
        {"CONTRACT": C},
    ),
]

DEBTOR = "--debtor-name B --debtor-account 1202020209900012345 --debtor-bank 102331002126"
RUN = "RUN-2026-11-22-1"
RUN_DONE = [*accepted(M1), "payment run --yes --as finance-1"]
ENDED = [
    *accepted(M1),
    PROPOSED,
    "payee approve '#1' --yes --as admin-1",
    "payment run --yes --as finance-1",
    "payee revoke '#1' --reason r --as admin-1",
]
MEANT = {"NAME": "Studio Ltd", "NUMBER": "6222020200112233445", "CODE": "102331002126", "REF": "#1"}

ERRORS: list[Row] = [
    ([], "contract show NOPE", "contract-unknown", "admin-1", {}),
    ([], f"show '{C}#99'", "reference-unknown", "admin-1", {}),
    (
        ["audit keygen --key k", "audit seal --key k"],
        f"audit prove {C}/M77 -o p.json",
        "milestone-unknown",
        "admin-1",
        {},
    ),
    ([], "report schedule --contract NOPE", "contract-unknown", "admin-1", {}),
    ([], "milestone list --partner Zzzzz", "partner-unknown", "admin-1", {}),
    ([], "report inbox --person Zzzzz", "person-unknown", "admin-1", {"CONTRACT": C}),
    (
        ["import bank statement.xml --as finance-1"],
        "payment dismiss '#9' --reason r --as finance-1",
        "bank-entry-unknown",
        "finance-1",
        {},
    ),
    (
        ["signer propose manager-1 manager-1.pub --as admin-1"],
        "signer approve '#9' --as admin-2",
        "signer-unknown",
        "admin-2",
        {},
    ),
    ([PROPOSED], "payee approve '#9' --as admin-2", "payee-unknown", "admin-2", {}),
    (
        accepted(M1),
        f"bonus waive {M1} --reason r --as manager-1",
        "penalty-unknown",
        "manager-1",
        {},
    ),
    (
        [],
        f"milestone reverse {M1} --reason r --as manager-1",
        "acceptance-unknown",
        "manager-1",
        {},
    ),
    (RUN_DONE, "payment write RUN-2026-11-22-9 f.csv", "run-unknown", "finance-1", {}),
    (
        [*RUN_DONE, f"payment record {RUN}-T1 --as finance-1"],
        f"payment write {RUN} f.csv",
        "run-settled",
        "finance-1",
        {},
    ),
    (
        RUN_DONE,
        f"payment write {RUN} f.xml {DEBTOR}",
        "payee-missing",
        "finance-1 admin-1 finance-1 finance-1",
        MEANT,
    ),
    (ENDED, f"payment write {RUN} f.csv", "payee-ended", "finance-1", {}),
    (
        [signed("abroad.yaml"), PROPOSED],
        f"payee propose '{ABROAD}' --like '#1' --as finance-1",
        "payee-of-another",
        "finance-1",
        {},
    ),
    (
        RUN_DONE,
        f"payment write {RUN} f.xml --debtor-name B --debtor-account GB29NWBK60161331926818"
        " --debtor-bank 102331002126",
        "debtor-invalid",
        "finance-1",
        {},
    ),
    (
        [signed("kept.yaml"), *accepted(f"{KEPT}/M1")],
        f"payment release {KEPT} 5.00 --as finance-1",
        "usage",
        "finance-1",
        {f"{KEPT}/MILESTONE": f"{KEPT}/M1"},
    ),
    ([], f"contract amend {C} --as admin-1", "usage", "admin-1", {"FILE": "changed.yaml"}),
    ([], "projections status --max-age 1h", "rebuild-too-old", "admin-1", {}),
    ([], "audit log --type zzzz", "event-unknown", "admin-1", {}),
    (
        ["audit keygen --key k"],
        "audit verify --anchor a",
        "anchor-missing",
        "admin-1",
        {"FILE": "k", "PATH": "a"},
    ),
    ([], "audit seal --key k", "key-unreadable", "admin-1", {"FILE": "k"}),
    ([], "audit verify --trusted-key k", "trusted-key", "admin-1", {"FILE": "k"}),
    ([], "audit verify --trusted-key a+b+c", "trusted-key", "admin-1", {"FILE": "k"}),
    (
        ["audit keygen --key k"],
        f"audit prove {M1} -o p.json",
        "not-sealed",
        "admin-1",
        {"FILE": "k"},
    ),
    (
        [],
        "audit verify-signatures --trusted-signers empty",
        "allowed-signers-invalid",
        "admin-1",
        {"FILE": "allowed"},
    ),
    (
        [],
        "contract list --database new.sqlite3",
        "database-not-initialised",
        "admin-1",
        {"": "--database new.sqlite3"},
    ),
]

# What no command line reaches in a test of seconds, or what another test follows: code and why.
ELSEWHERE = {
    "marker-beyond-log": "a log that was put back beneath its rows: tests/projections/test_beyond.py",
    "insert-swallowed": "a trigger that no one of ours made: tests/store/test_guards_in_place.py",
    "head-missing": "a table emptied by its owner: tests/store/test_guards_in_place.py",
    "last-night-failed": "followed from failure to a good night: test_nightly",
    "database-missing": "an administrator makes the database: tests/store/test_database.py",
    "roles-missing": "followed by an owner who may make no roles: test_setup",
    "connection-lost": "a line that is cut, and the same key again: tests/store/test_bad_days.py",
    "nothing-to-move": "an empty source: tests/store/test_moving.py",
    "guards-differ": "a fault of the program: tests/store/test_moving.py",
    "nothing-lost": "followed by a seal: tests/store/test_losses.py",
    "database-read-only": "rights that only an owner gives: tests/store/test_roles.py, bad_databases.txt",
    "outcome-unwritten": "followed where a disk fills: test_outcome_unwritten",
    "guard-refused": "a row that no act of ours inserts; its command only reads: audit verify",
    "oracle-disagrees": "a fault of the program; its command only reads: audit explain",
    "termination-settled-by-proposal": "`contract terminate` proposes by itself where it must",
    "policy-covers-amount": "a contract file is signed with a tier for every amount: test_rules_money",
    "part-within-whole": "an import alone knows no amount: both steps are followed in test_rules_money",
    "history-into-imported-contract": "an import lists it beside the others: test_import_bad_input",
    "payment-file-unwritten": "a disk that fills after recording: tests/bank/test_writing.py",
    "payee-incomplete": "followed in bank.txt, from the refusal to the file",
    "transfer-accounts": "runs of releases before accounts: tests/bank",
    "statement-differs": "a fault of the program; its command only reads: audit verify",
    "line-differs": "a log that was altered; its command only reads: audit verify",
    "drift": "rows that were written by hand, and then let serve: tests/projections",
    "no-such-topic": "its command only reads: help",
    "renamed": "every word that was given up: test_renamed",
    "data-folder": "a home that cannot be written: test_demo",
    "database-not-ours": "bad_databases.txt",
    "database-older": "test_ops, test_bad_databases",
    "record-altered": "its command only reads: audit verify",
    "record-unreadable": "its command only reads: audit verify",
    "position-missing": "its command only reads: audit verify",
    "position-taken": "its command only reads: audit verify",
    "stream-missing": "its command only reads: audit verify",
    "version-missing": "its command only reads: audit verify",
    "checkpoint-differs": "its command only reads: audit verify",
}
