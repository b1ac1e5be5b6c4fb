"""Reports of a campaign: collected from its store, shown as HTML, JSON and JUnit, compared with an earlier one."""

from varproof.campaign.report.collect import collect
from varproof.campaign.report.diff import Difference, diff
from varproof.campaign.report.html import html, write_html
from varproof.campaign.report.junit import junit, write_junit
from varproof.campaign.report.model import Report
from varproof.campaign.report.plain import from_json, to_json

__all__ = [
    "Difference",
    "Report",
    "collect",
    "diff",
    "from_json",
    "html",
    "junit",
    "to_json",
    "write_html",
    "write_junit",
]
