"""What happened before each example of a command's help is run: by the command's words, or by the example itself.

`C#N` in an example stands for the newest fact of the contract, RUN-… for the newest run.
"""

from __future__ import annotations

from pathlib import Path

from tests.commands.acting import C
from tests.commands.hinted import CLAIM, OUTDATED, PAID, PROPOSED, REVISED, accepted

M1, M2, M3, M4 = (f"{C}/M{n}" for n in range(1, 5))
OCDS = Path(__file__).resolve().parents[1] / "data" / "synthetic" / "ocds"
STUDIO = "Hangzhou Content Studio"
ACCEPTED = accepted(M1)
SUBMITTED = [f"milestone submit {M1} --on 2026-08-21 --as partner-1"]
INSTRUCTED = [*ACCEPTED, f"payment instruct {M1} --as finance-1"]
RUN = [*ACCEPTED, "payment run --on 2026-11-21 --yes --as finance-1"]
SECOND = [*ACCEPTED, f"milestone submit {M2} --on 2026-09-18 --as partner-1"]
DISPUTED = [
    *ACCEPTED,
    f"milestone submit {M3} --on 2026-10-16 --as partner-1",
    f"dispute open {M3} 45,000.00 --reason r --as manager-2",
]
INVOICED = [*ACCEPTED, f"invoice receive {C} F-1 --milestone M1 --as finance-1"]
AWARDED = [f"milestone submit {M1} --on 2026-08-18 --as partner-1", ACCEPTED[1]]
KEY = "signer propose manager-1 manager-1.pub --as admin-1"
MADE = ["audit keygen --key ledger.pem --pin ledger.pub"]
SEALED = [*MADE, "audit seal --key ledger.pem"]
DELIVERED = [*ACCEPTED, f"milestone submit {M4} --on 2026-11-12 --as partner-1"]

BEFORE: dict[str, list[str]] = {
    "contract renew": OUTDATED,
    "contract resume": [f"contract suspend {C} --reason r --as admin-1"],
    "bonus award": ACCEPTED,
    "bonus revoke": AWARDED,
    "milestone reject": SECOND,
    "milestone approve": SECOND,
    "milestone reverse": [*SECOND, f"milestone approve {M2} --as manager-1"],
    "milestone start": ACCEPTED,
    "milestone submit": ACCEPTED,
    "dispute evidence": DISPUTED,
    "dispute resolve": DISPUTED,
    "dispute withdraw": DISPUTED,
    "dispute open": DISPUTED[:-1],
    "invoice receive": ACCEPTED,
    "invoice reject": INVOICED,
    "invoice match": INVOICED,
    "invoice list": INVOICED,
    "payment fail": RUN,
    "payment record": RUN,
    "payment write": [*RUN],
    "payment instruct": ACCEPTED,
    "payment run": ACCEPTED,
    "payment refund": CLAIM,
    "payment set-off": CLAIM,
    "payment reverse": PAID,
    "payment list": INSTRUCTED,
    "bonus list": AWARDED,
    "dispute list": DISPUTED,
    "payee approve": [PROPOSED],
    "payee revoke": [PROPOSED],
    "payee show": [PROPOSED],
    "payee list": [PROPOSED],
    "signer approve": [KEY],
    "signer revoke": [KEY],
    "show": [PROPOSED, *PAID],
    "note add": PAID,
    "signer list": [KEY],
    "audit seal": MADE,
    "audit prove": SEALED,
    "audit check-proof": [*SEALED, f"audit prove {M1} -o proof.json"],
    "audit explain": ACCEPTED,
    "audit log": PAID,
    "audit verify-signatures": [
        KEY,
        "signer approve 1 --as admin-2",
        "signer export -o allowed_signers",
    ],
    "ops nightly": MADE,
}
AMENDED = [f"contract amend {C} --ceiling 1,400,000.00 --as admin-1"]
APPROVED = [PROPOSED, "payee approve '#1' --yes --as admin-1"]
OWED = [
    *CLAIM,
    f"milestone submit {M2} --on 2026-09-18 --as partner-1",
    f"milestone approve {M2} --as manager-1",
    f"milestone approve {M2} --as finance-1",
]
SET_OFF = "mledger payment set-off BW-2026-014/M1 2,000.00 --against BW-2026-014/M2 --reason overpaid --as finance-1"
GONE = [f"milestone cancel {C}/M{n} --reason r --as manager-1" for n in range(2, 6)]
OWN: dict[str, list[str]] = {
    "mledger milestone reject 'BW-2026-014#37' --reason \"outside the budget\" --as admin-2": REVISED,
    "mledger milestone approve 'BW-2026-014#37' --as admin-2": AMENDED,
    "mledger contract show 'BW-2026-014#37'": AMENDED,
    "mledger milestone approve 'BW-2026-014#9' --as manager-2": REVISED,
    "mledger milestone approve 'BW-2026-014#25' --as manager-3": [
        *DISPUTED,
        f"dispute resolve '{C}#11' --split 20,000.00 --as manager-1",
    ],
    "mledger milestone approve BW-2026-014/M4 --part 75% --as manager-1": DELIVERED,
    'mledger milestone withdraw BW-2026-014/M4 --reason "the report is not final" --as manager-1': [
        *DELIVERED,
        f"milestone approve {M4} --as manager-1",
    ],
    'mledger milestone reverse BW-2026-014/M2 --reason "wrong shop" --as manager-1': [
        *SECOND,
        f"milestone approve {M2} --as manager-1",
        f"milestone approve {M2} --as finance-1",
    ],
    'mledger bonus waive BW-2026-014/M3 300.00 --reason "port closed" --as manager-1': accepted(
        M3, "2026-11-01"
    ),
    SET_OFF: OWED,
    "mledger milestone approve 'BW-2026-014#37' --as manager-1": [*OWED, SET_OFF[8:]],
    "mledger payee propose \"Hangzhou Content Studio\" --like '#1' --town Hangzhou --address-country CN"
    " --purpose CSTRDR --as finance-1": APPROVED,
    'mledger payment write RUN-2026-11-21-1 run.xml --debtor-name "Brand Ltd" --debtor-account 123'
    " --debtor-town Shanghai --debtor-country CN": [
        *APPROVED,
        *RUN,
    ],
    "mledger contract complete BW-2026-014 --as admin-1": [*PAID, *GONE],
    "mledger invoice receive BW-2026-014 F-2026-032 --milestone M2=60,000 --milestone M3 --as partner-1": [
        *SECOND,
        f"milestone submit {M3} --on 2026-10-16 --as partner-1",
    ],
}
# Places and names of an example that stand for others here.
PLACES = {
    "/etc/mledger/acme.pem": "ledger.pem",
    "/mnt/anchor": "anchor",
    "/var/lib/node_exporter/": "",
    "/etc/systemd/system": "units",
    "contract sign double-11.yaml": "contract sign other.yaml",
    "contracts/*.yaml": "other.yaml",
    "import bank statement.xml": "import bank contracts/statement.xml",
    "finance-2": "admin-1",
    "releases/ records/": f"{OCDS}/releases {OCDS}/records",
    "ocds release.json": f"ocds {OCDS}/releases",
    "import csv export/ --map columns.yaml": "import csv milestones.csv",
    "--on 2026-10-05": "--on 2026-11-22",
    "F-031.pdf": "double-11.yaml",
}
# The facts that are not the newest.
NUMBERS = {"mledger contract renew 'BW-2026-014#37' --as manager-1": 7}
# Run by another test, with other names, for they need a server, a bank's history or somebody's key.
ELSEWHERE_IN: dict[str, tuple[str, ...]] = {
    "tests/commands/test_setup.py": (
        "mledger init --database postgresql+psycopg://owner@host/ledger --role-prefix acme",
    ),
    "tests/commands/test_move.py": (
        "mledger move ledger.sqlite3 postgresql://owner@db/ledger --role-prefix acme",
        "mledger move postgresql://owner@db/ledger copy.sqlite3",
    ),
    "docs/signed-approvals.md": (
        "mledger milestone approve BW-2026-014/M2 --sign --key ~/.ssh/id_ed25519 --as manager-1",
        "mledger audit signature 'BW-2026-014#10' -o signature-10",
    ),
    "tests/commands/acts.txt": (
        "mledger milestone approve --file approvals.csv --strict --as finance-1",
    ),
    "docs/run-book.md": (
        "mledger audit accept-loss --key /etc/mledger/acme.pem --anchor /mnt/anchor"
        " --reason 'disk lost, recovered to 14:05'",
    ),
    "tests/commands/bank.txt": (
        "mledger payment dismiss '#3' --reason \"rent of the office\" --as finance-1",
        "mledger payment dismiss '#4' --charge --reason \"charges for October\" --as finance-1",
        "mledger payment record RUN-2026-11-21-1-T1 --fees 15.00 --entry '#3' --as finance-1",
        "mledger payment run --on 2026-11-21 --write run.xml --as finance-1",
        "mledger payment run --on 2026-11-21 --paid-in USD --rates rates.csv --as finance-1",
        "mledger import bank statements/ --map columns.yaml --strict --as finance-1",
    ),
    "tests/commands/money.txt": (
        "mledger payment filing BW-2026-014/M1 2026-0042-7781 --on 2026-10-15 --as finance-1",
        "mledger payment instruct 'BW-2026-014#52' --on 2026-12-19 --as finance-1",
        "mledger payment release BW-2026-014/M1 --on 2026-12-18 --as finance-1",
    ),
    "tests/bank/waiting.txt": (
        "mledger payment reverse 'BW-2026-014#27' --fees 10.00 --entry '#4' --as finance-1",
    ),
    "docs/import-csv.md": ("mledger import xlsx milestones.xlsx --dry-run",),
}
ELSEWHERE = {line: file for file, lines in ELSEWHERE_IN.items() for line in lines}
# Examples whose outcome is that something is found, with their exit code.
EXITS: dict[str, int] = {
    "mledger report application BW-2026-014 --claimed 17,800.00 -o application.xlsx": 6,
}
# Commands that print what is no JSON object where an example names no file.
RAW = ("payment write", "export hledger", "export beancount", "export jsonl")
