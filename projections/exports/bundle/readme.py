"""README.txt: what a bundle is and how to check it, in plain words."""

from __future__ import annotations

from ledger.proof.checkpoints import origin_of
from projections.exports.bundle.source import Source
from projections.exports.names import plain

_TEXT = """\
AUDIT BUNDLE of the ledger {origin}
{scope}, as the log held it at position {position}{recorded}

WHAT THIS IS FOR
With this file and a computer with Python 3.9 or newer you can check, without the ledger, its database or its
program, that these records are the ones that were sealed, that none is missing, who signed what, and that the
amounts are the sums of what the records say.

HOW TO CHECK IT
You need two things that must not come out of this bundle:
  1. the ledger's verifier key (one line, NAME+KEYID+KEY), or the SHA-256 of that line, from its owner;
  2. its anchor: the file of checkpoints that is kept where the database's owner cannot change it.
Take verify.py from the ledger's documentation rather than from here; it is one file, meant to be read. Then:

  python verify.py BUNDLE.zip --trusted-key 'NAME+KEYID+KEY' --anchor FILE

(with the SHA-256 alone: --trusted-key-fingerprint HEX, which looks the key up in keys.txt).

Each line says what holds, what is VIOLATED, or what is unknown because there was nothing to check it with.
Exit code 0: no fault found. 5: something does not hold. 2: the bundle cannot be read.
Without the key nothing proves who sealed this; without the anchor nothing proves that its end is the end.

WHAT IS IN IT
  manifest.json      every other file with its length and SHA-256, and the moment that is shown
  records.jsonl      the records, one a line, byte for byte as they are stored and hashed
{evidence}  price-lines.csv    every price line: clause, amount, calculation, and the positions behind it
  schedule.csv       what is owed, held, paid and payable, milestone by milestone
  totals.csv         its sums per currency
  metrics.csv        on-time, dispute and first-pass rates, cycle times, exposure
  journals/          the same amounts as double entries, for hledger and for Beancount
  report.html        all of it for reading and printing; open it in any browser
  verify.py          a copy of the program

Only records, price lines, schedule and totals are reckoned again by verify.py. The report, the metrics and the
journals are the ledger's own word: of them it only checks that they are the files that were packed.
"""

_SEALED = """\
  checkpoints.txt    the signed heads of the log (C2SP tlog-checkpoint), the last at position {sealed}
  seal.json          the last record under that head: it holds where every contract ended
"""
_KEYS = """\
  keys.txt           the verifier keys that whoever packed this trusts, for comparing with yours
"""
_PROOFS = """\
  proofs/            for each sealed record, that it is in the log (C2SP tlog-proof)
  heads.json         for each contract, that it ended there and no later event is left out
  consistency.json   that the last head goes on from each earlier one
"""
_LOST = """\
  losses.jsonl       the seals that gave up checkpoints of the anchor, since what they covered was lost
"""
_SIGNED = """\
  signatures/        for each signed act its statement and signature, by position
  allowed_signers    who may sign with which key, and when, as stock OpenSSH reads it
"""


def readme(source: Source, sealed: int, keys: bool, lost: bool, commands: list[str]) -> str:
    """The text; `commands` check the signatures with stock OpenSSH."""
    evidence = _SEALED.format(sealed=sealed) if sealed else ""
    evidence += _KEYS if keys else ""
    evidence += _PROOFS if sealed and not source.whole else ""
    evidence += _LOST if lost else ""
    text = _TEXT.format(
        origin=origin_of(source.ledger_id),
        scope="All contracts" if source.names is None else ", ".join(map(plain, source.names)),
        position=source.until,
        recorded=f", recorded {source.recorded_at}" if source.until else "",
        evidence=evidence + (_SIGNED if commands else ""),
    )
    if commands:
        text += "\nSIGNATURES, WITH STOCK OPENSSH (in a folder into which you unpacked this)\n"
        text += "".join(f"  {command}\n" for command in commands)
    return text
