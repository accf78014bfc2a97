"""One schema per tenant: two ledgers in one PostgreSQL database share nothing."""

from __future__ import annotations

import pytest

import migrations
from ledger.contract import evolve
from ledger.store import open_ledger
from projections.rebuild.full import Options, rebuild
from tests.databases import Cluster
from tests.projections.portfolios import fill, served

pytestmark = pytest.mark.postgres


def test_two_schemas_are_two_ledgers(cluster: Cluster) -> None:
    with cluster.database("template0") as url:
        name = url.rpartition("/")[2]
        tenants = {}
        for number, tenant in enumerate(("acme", "globex"), 1):
            cluster.execute(f"CREATE SCHEMA {tenant}", database=name)
            tenants[tenant] = f"{url}?options=-csearch_path%3D{tenant}"
            assert migrations.upgrade(tenants[tenant])[0] is None
            with open_ledger(tenants[tenant], evolve) as ledger:
                fill(ledger, number, 20)
        for number, own in enumerate(tenants.values(), 1):
            with open_ledger(own, evolve) as ledger:
                found = rebuild(ledger.engine, Options())
                assert (found.status, found.position, found.streams) == (
                    "rebuilt",
                    20 * number,
                    number,
                )
                assert len(served(ledger)["contracts"]) == number
