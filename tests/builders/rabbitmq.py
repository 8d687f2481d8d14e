"""A RabbitMQ with TLS, that wants a client certificate there."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from cebd.sandbox.amqp.broker import SERVER, Broker, free_port

needs_rabbitmq = pytest.mark.skipif(
    not SERVER.exists(), reason="RabbitMQ is not installed (apt-get install rabbitmq-server)"
)


class RabbitMq(Broker):
    """Without TLS at `port`, with it at `tls_port`. In PEM: `ca` made its certificate, and the client's `cert` and `key`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.tls_port = free_port()
        authority = trustme.CA()
        self.ca, self.cert, self.key = (folder / f"{name}.pem" for name in ("ca", "client", "client-key"))
        authority.cert_pem.write_to_path(self.ca)
        client, server = authority.issue_cert("client@example.org"), authority.issue_cert("127.0.0.1", "localhost")
        client.cert_chain_pems[0].write_to_path(self.cert)
        client.private_key_pem.write_to_path(self.key)
        server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        settings = {
            "listeners.ssl.local": f"127.0.0.1:{self.tls_port}",
            "ssl_options.cacertfile": self.ca,
            "ssl_options.certfile": folder / "server.pem",
            "ssl_options.keyfile": folder / "server.pem",
            "ssl_options.verify": "verify_peer",
            "ssl_options.fail_if_no_peer_cert": "true",
        }
        super().__init__(folder, settings=settings)
