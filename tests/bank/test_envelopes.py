"""A message of ISO 20022 in an envelope, as banks and networks send it, is read like the document alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.bank.statement import Statements
from ledger.errors import InputInvalid
from tests.bank.setting import RUN, T1
from tests.bank.test_status_reports import group, report, single
from tests.bank.test_versions import Form, read

HEADER = (
    "<AppHdr xmlns='urn:iso:std:iso:20022:tech:xsd:head.001.001.02'><Fr><FIId><FinInstnId><BICFI>NWBKGB2L</BICFI>"
    "</FinInstnId></FIId></Fr><BizMsgIdr>B1</BizMsgIdr><MsgDefIdr>camt.053.001.08</MsgDefIdr></AppHdr>"
)
STATEMENT = Form(8).document("053")
# As SWIFT's messaging interfaces, ISO's own envelope (nvlp.001) and clearing systems wrap a header and a document.
ENVELOPES = [
    f"<message>{HEADER}%s</message>",
    f"<RequestPayload>{HEADER}%s</RequestPayload>",
    "<Saa:DataPDU xmlns:Saa='urn:swift:saa:xsd:saa.2.0'><Saa:Revision>2.0.13</Saa:Revision><Saa:Header/>"
    f"<Saa:Body>{HEADER}%s</Saa:Body></Saa:DataPDU>",
    f"<BizMsgEnvlp xmlns='urn:iso:std:iso:20022:tech:xsd:nvlp.001.001.01'><Hdr>{HEADER}</Hdr>"
    "<Doc>%s</Doc></BizMsgEnvlp>",
]
PREFIXED = STATEMENT.replace("<", "<c:").replace("<c:/", "</c:").replace("xmlns=", "xmlns:c=")


def said(found: Statements) -> list[tuple[str, str]]:
    return [(entry.key, entry.booking.reference) for entry in found.entries]


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("document", [STATEMENT, PREFIXED])
def test_a_statement_in_an_envelope_reads_to_the_same_entries(
    tmp_path: Path, envelope: str, document: str
) -> None:
    alone = said(read(tmp_path, STATEMENT))
    assert len(alone) == 4
    assert said(read(tmp_path, envelope % document)) == alone


def test_a_report_in_an_envelope_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, ENVELOPES[0] % report(group(1, single(T1, "RJCT"))))
    assert [entry.booking.names for entry in found.entries] == [(T1,)]


def test_every_document_in_an_envelope_is_read(tmp_path: Path) -> None:
    rejects = report(group(1, single(f"{RUN}-T9", "RJCT")))
    found = read(tmp_path, ENVELOPES[1] % (STATEMENT + rejects))
    assert len(found.entries) == 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENVELOPES[0] % "<Document><BkToCstmrAcctRpt/></Document>", "bank-file-unknown"),
        # One of several that is none of these: nothing of the file is taken, so that nothing is lost unseen.
        (
            ENVELOPES[0] % (STATEMENT + "<Document><FIToFIPmtStsRpt/></Document>"),
            "bank-file-unknown",
        ),
        (ENVELOPES[0] % "", "bank-file-unknown"),
        # A statement that stands in the text of another element is none.
        (ENVELOPES[0] % f"<Note><![CDATA[{STATEMENT}]]></Note>", "bank-file-unknown"),
        (
            "<!DOCTYPE m [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + ENVELOPES[0] % "&x;",
            "xml-doctype",
        ),
        ("<m>" * 70 + STATEMENT + "</m>" * 70, "xml-too-deep"),
    ],
)
def test_what_is_no_message_of_these_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(InputInvalid) as raised:
        read(tmp_path, text)
    assert raised.value.code == code
    assert str(tmp_path / "s.xml") in (raised.value.place or "")
