from __future__ import annotations

import time
from dataclasses import replace

import pytest

from varproof.campaign.plan import plan
from varproof.campaign.report import collect, write_html
from varproof.claims.model import Variant

CLAIMS, CASES = 200, 50_000


@pytest.mark.slow
def test_two_hundred_claims_of_fifty_thousand_cases_make_two_megabytes_in_ten_seconds(made, tmp_path):
    """From the results, read beforehand, to the file; CPU time, since the machine may be busy."""
    text = (
        "The softmax of scores that move by at most eta moves in l1 by at most 2 tanh(eta/2), attained by two groups. "
    )
    given = {"statement": text * 3, "falsified": [Variant(f"constant {i} times 1.9", text[:60]) for i in range(4)]}
    claims = [made.claim(f"claim_number_{i}", 2 + i % 2, **given) for i in range(CLAIMS)]
    sizes = {n: 0.9 / n**0.5 for n in range(1, 65)}
    first = {row[0].id: replace(row[2], by_size=sizes) for row in made.rows(claims[:2], cases=CASES)}
    rows = []
    for chunk in plan(claims, cases=CASES).chunks:
        alike = chunk.id.replace(chunk.claim, claims[int(chunk.claim.rsplit("_", 1)[1]) % 2].id, 1)
        rows.append((chunk, "done", first[alike], "", None))
    started = time.process_time()
    report = collect(made.store(rows), claims, store="c.db")
    write_html(report, tmp_path / "r.html")
    seconds = time.process_time() - started
    assert report.exit_code == 0
    assert sum(form.valid for claim in report.claims for form in claim.forms) >= 3 * CLAIMS * CASES
    assert (tmp_path / "r.html").stat().st_size <= 2e6
    assert seconds <= 10
