"""[metrics]: where the figures go."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cebd.listening.settings import ListenSettings
from cebd.settings_table import Secret


class MetricsSettings(ListenSettings):
    """Figures for Prometheus: /metrics and /health at an address of this machine, or a file for node_exporter; and a sign of life."""

    textfile: Path | None = Field(
        None,
        description="a file that node_exporter reads (its textfile collector), written every 30 seconds; it ends in .prom",
        examples=["/var/lib/prometheus/node-exporter/cebd.prom"],
    )
    heartbeat: Path | None = Field(
        None,
        description="a file whose time is renewed every minute while the work goes round and the store answers",
        examples=["/run/cebd/alive"],
    )
    heartbeat_url: Secret | None = Field(
        None,
        description="an address that is asked (GET) every minute meanwhile; a secret, as such addresses are",
        examples=[{"file": "secrets/heartbeat"}],
    )

    def paths(self) -> dict[str, Path]:
        """Nothing that must be there already: the files are ours to make."""
        wanted = {
            "listen_cert": self.listen_cert,
            "listen_key": self.listen_key,
            "listen_client_ca": self.listen_client_ca,
        }
        return {key: path for key, path in wanted.items() if path is not None}
