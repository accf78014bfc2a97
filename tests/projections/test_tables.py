"""The tables that migrations make are those that the read models declare."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from ledger.state import Contract
from ledger.store import Ledger
from ledger.store.database import reading
from projections.derive import MODELS
from projections.derive.model import ReadModel


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_migrated_table_is_its_read_model(
    ledger: Ledger[Contract], model: ReadModel, side: str
) -> None:
    with reading(ledger.engine) as conn:
        table = inspect(conn)
        columns = table.get_columns(f"{model.name}_{side}")
        key = table.get_pk_constraint(f"{model.name}_{side}")["constrained_columns"]
    kinds = {"INTEGER": "integer", "BIGINT": "integer", "TEXT": "text"}
    found = [
        (column["name"], kinds[str(column["type"]).split()[0]], not column["nullable"])
        for column in columns
    ]
    assert found == [(column.name, column.kind, column.required) for column in model.columns]
    assert tuple(key) == model.key


@pytest.mark.postgres
def test_text_sorts_by_code_point_on_postgresql(postgresql_url: str) -> None:
    from ledger.store import connect

    engine = connect(postgresql_url)
    names = ", ".join(f"'{model.name}_{side}'" for model in MODELS for side in "ab")
    with reading(engine) as conn:
        others = conn.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            f" WHERE table_name IN ({names}) AND data_type = 'text'"
            " AND collation_name IS DISTINCT FROM 'C'"
        ).all()
    engine.dispose()
    assert others == []
