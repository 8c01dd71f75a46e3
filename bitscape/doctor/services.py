"""Servers that the environment names: do they answer?"""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException

from bitscape.doctor.finding import Finding

SECONDS = 5
SERVERS = {
    "MLFLOW_TRACKING_URI": ("MLflow", "start it, or unset MLFLOW_TRACKING_URI; trainings go on and are recorded later"),
    "PREFECT_API_URL": ("Prefect", "`prefect server start`, or unset PREFECT_API_URL; `dvc repro` needs none"),
}
"""Both answer GET /health."""


def services() -> Iterator[Finding]:
    """Ask each server that is named by an address of HTTP; none is needed, so that silence is a note."""
    for variable, (name, mend) in SERVERS.items():
        address = os.environ.get(variable, "")
        if not address.startswith(("http://", "https://")):
            continue
        try:
            with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=SECONDS):
                yield Finding(name, "ok", f"answers at {address}")
        except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
            yield Finding(name, "note", f"does not answer at {address} ({getattr(error, 'reason', error)})", mend)
